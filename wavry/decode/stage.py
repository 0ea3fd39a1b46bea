"""The decode stage: one thread between the queue of access units and whoever shows the pictures."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.clock import monotonic_us
from wavry.decode.picture import Picture, ReceivedUnit, StreamFormat
from wavry.decode.picture_memory import PictureMemory
from wavry.errors import DecodeError
from wavry.memory import checkpoint
from wavry.pipeline import BoundedQueue, QueueClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from wavry.decode.decoder import VideoDecoder

logger = logging.getLogger(__name__)

_LAYOUTS = frozenset({"yuv420p", "yuvj420p"})
"""What a picture may look like in memory; the window reads three planes of just these sizes."""


class DecodeStage:
    """Decodes what comes, in order. `run` is for a worker thread, `stop` for any.

    Args:
        units: Its input. Units may be missing in it; what refers to them is skipped until the next keyframe.
        on_picture: Gets every picture, on the stage's thread; must be quick.
        on_broken: Told with `(epoch, frame_id)` when a keyframe is needed, on the stage's thread. May be told
            again for every unit until one comes; whoever sends requests limits their rate.
    """

    def __init__(
        self,
        units: BoundedQueue[ReceivedUnit],
        on_picture: Callable[[Picture], None],
        on_broken: Callable[[int, int], None],
    ) -> None:
        self._units = units
        self._on_picture = on_picture
        self._on_broken = on_broken
        self._stream: StreamFormat | None = None
        self._decoder: VideoDecoder | None = None
        self._next_frame_id: int | None = None
        self.picture_memory = PictureMemory()
        """What the decoder keeps; belongs into the budget."""
        self.decoded = 0
        self.failed = 0

    def stop(self) -> None:
        """Make `run` return."""
        self._units.close()

    def run(self) -> None:
        """Decode until the queue is closed.

        Raises:
            BackendUnavailableError: No decoder for the stream's codec.
        """
        try:
            while True:
                received = self._units.get()
                if received is not None:
                    self._decode(received)
        except QueueClosed:
            pass
        finally:
            self._close_decoder()

    def _decoder_for(self, stream: StreamFormat) -> VideoDecoder:
        from wavry.decode.decoder import VideoDecoder

        decoder = self._decoder
        if decoder is None or (decoder.codec, decoder.size) != (stream.codec, stream.size):
            self._close_decoder()
            self._decoder = decoder = VideoDecoder(stream.codec, stream.size)
        if stream != self._stream:
            self._stream = stream
            self._next_frame_id = None
        return decoder

    def _decode(self, received: ReceivedUnit) -> None:
        unit = received.unit
        decoder = self._decoder_for(received.stream)
        if not unit.is_keyframe and unit.frame_id != self._next_frame_id:
            self._next_frame_id = None
            self._on_broken(unit.epoch, unit.frame_id)
            return
        try:
            frame = decoder.decode(unit)
        except DecodeError as error:
            self._fail(unit.epoch, unit.frame_id, str(error))
            return
        self._next_frame_id = (unit.frame_id + 1) & 0xFFFFFFFF
        if frame is not None:
            self._deliver(frame, received)

    def _deliver(self, frame: av.VideoFrame, received: ReceivedUnit) -> None:
        unit = received.unit
        if not self.picture_memory.admit(frame):
            self._fail(unit.epoch, unit.frame_id, "the stream keeps too many pictures")
            self._close_decoder()
            return
        if (frame.width, frame.height) != received.stream.size:
            self._fail(unit.epoch, unit.frame_id, f"{frame.width}x{frame.height} is not the announced size")
            return
        if frame.format.name not in _LAYOUTS:
            self._fail(unit.epoch, unit.frame_id, f"{frame.format.name} is not 4:2:0")
            return
        self.decoded += 1
        checkpoint("decode_output_ready")
        self._on_picture(Picture(frame, received, monotonic_us()))

    def _fail(self, epoch: int, frame_id: int, reason: str) -> None:
        self.failed += 1
        self._next_frame_id = None
        logger.debug("access unit %d could not be decoded: %s", frame_id, reason)
        self._on_broken(epoch, frame_id)

    def _close_decoder(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
        self._decoder = None
        self.picture_memory.forget()
