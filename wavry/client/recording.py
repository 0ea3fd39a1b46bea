"""`--record`: what arrives goes into a file without being encoded again.

A thread of its own writes, so that a slow disk never delays the picture. The file is laid out so that it plays up
to its last half second even when this process is killed.
"""

from __future__ import annotations

import io
import logging
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from wavry.errors import ConfigError
from wavry.media import Codec
from wavry.pipeline import BoundedQueue, Overflow, QueueClosed

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

    from wavry.decode import ReceivedUnit, StreamFormat

logger = logging.getLogger(__name__)

_CONTAINERS: dict[str, tuple[str, dict[str, str]]] = {
    ".mkv": ("matroska", {"cluster_time_limit": "500", "flush_packets": "1"}),
    ".mp4": ("mp4", {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}),
}
"""File name ending to FFmpeg's muxer and its options: half a second at most lies in memory."""

_RAW_FORMATS = {Codec.H264: "h264", Codec.HEVC: "hevc", Codec.AV1: "obu"}

_TIME_BASE = Fraction(1, 1_000_000)


def check_recording_path(path: Path) -> None:
    """Raise ConfigError unless a recording can be made at `path`."""
    if path.suffix not in _CONTAINERS:
        raise ConfigError("--record", path, f"a file name ending in {' or '.join(_CONTAINERS)}")
    if not path.parent.is_dir():
        raise ConfigError("--record", path, "a file in a directory that exists")


class Recorder:
    """Writes a stream to a file; `run` is for a worker thread, the rest for any.

    A change of size or codec starts another file beside it: `NAME-2.mkv`. Bounded by its queue: when the disk is
    too slow the oldest units go, and recording goes on at the next keyframe.
    """

    def __init__(self, path: Path) -> None:
        check_recording_path(path)
        self._path = path
        self._files = 0
        self._stream: StreamFormat | None = None
        self._container: OutputContainer | None = None
        self._track: Stream | None = None
        self._next_frame_id: int | None = None
        self._start_us = 0
        self._last_pts = -1
        self.queue: BoundedQueue[ReceivedUnit] = BoundedQueue(
            "client.recording",
            max_items=256,
            max_bytes=8 * 1024 * 1024,
            overflow=Overflow.DROP_OLDEST,
            size_of=lambda received: received.size_bytes,
        )
        self.written = 0
        """Access units in the files."""

    def stop(self) -> None:
        """Write what waits, then make `run` return."""
        self.queue.finish()

    def run(self) -> None:
        """Write until `stop`.

        Raises:
            ConfigError: The file can't be written.
        """
        try:
            try:
                self._write_all()
            finally:
                self._close_file()  # which writes too, and fails where writing has failed
        except (av.FFmpegError, OSError) as error:
            raise ConfigError("--record", self._path, f"a file that can be written ({error})") from error

    def _write_all(self) -> None:
        try:
            while True:
                received = self.queue.get()
                if received is not None:
                    self._write(received)
        except QueueClosed:
            pass

    def _write(self, received: ReceivedUnit) -> None:
        unit = received.unit
        if received.stream != self._stream:
            self._close_file()
            self._stream = received.stream
        if not unit.is_keyframe and unit.frame_id != self._next_frame_id:
            self._next_frame_id = None  # a hole; what follows refers to what is missing
            return
        if self._container is None:
            try:
                sample = av.open(io.BytesIO(unit.data), "r", format=_RAW_FORMATS[received.stream.codec])
            except (av.FFmpegError, OSError):
                logger.debug("access unit %d is damaged; the recording waits for the next keyframe", unit.frame_id)
                return
            with sample:
                self._open_file(sample)
            self._start_us = unit.capture_us
            self._last_pts = -1
        if self._container is None or self._track is None:
            return
        packet = av.Packet(unit.data)
        packet.stream = self._track
        packet.time_base = _TIME_BASE
        packet.pts = packet.dts = self._last_pts = max(self._last_pts + 1, unit.capture_us - self._start_us)
        packet.is_keyframe = unit.is_keyframe
        self._container.mux_one(packet)
        self._next_frame_id = (unit.frame_id + 1) & 0xFFFFFFFF
        self.written += 1

    def _open_file(self, sample: InputContainer) -> None:
        """Open the next file; the track's parameters are read from the first keyframe itself."""
        self._files += 1
        path = self._path if self._files == 1 else self._path.with_stem(f"{self._path.stem}-{self._files}")
        muxer, options = _CONTAINERS[path.suffix]
        self._container = av.open(str(path), "w", format=muxer, options=options)
        self._track = self._container.add_stream_from_template(sample.streams.video[0], opaque=True)
        self._track.time_base = _TIME_BASE

    def _close_file(self) -> None:
        container, self._container, self._track = self._container, None, None
        self._next_frame_id = None
        if container is not None:
            container.close()
