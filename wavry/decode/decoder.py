"""One PyAV decoder that gives a picture for every access unit at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av
from av.codec.context import Flags

from wavry.errors import BackendUnavailableError, DecodeError
from wavry.media import AccessUnit, Codec, Size

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

_DECODERS = {Codec.H264: "h264", Codec.HEVC: "hevc", Codec.AV1: "libdav1d"}

_THREADS = 2
"""Slice threads: 1.6 ms against 2.4 for a 1080p picture of two slices. Frame threads would add a picture of delay
each, and deadlock when they are freed unflushed."""


_ALIGNMENT = 64
"""A coded picture is larger than the one shown by what is missing to whole blocks, in both directions."""


class VideoDecoder:
    """An open decoder for pictures of one size. One thread.

    Args:
        codec: Of the stream.
        size: Announced. The bytes say a size of their own, and memory is taken by it, so a larger one is refused.

    Raises:
        BackendUnavailableError: This FFmpeg has no decoder for the codec.
    """

    def __init__(self, codec: Codec, size: Size) -> None:
        self.codec = codec
        self.size = size
        name = _DECODERS[codec]
        try:
            context = cast("VideoCodecContext", av.CodecContext.create(name, "r"))
        except (av.FFmpegError, ValueError) as error:
            raise BackendUnavailableError(name, "not in this build of FFmpeg") from error
        context.thread_type = "SLICE"
        context.thread_count = _THREADS
        context.flags |= Flags.low_delay
        context.options = {"max_pixels": str(_whole_blocks(size.width) * _whole_blocks(size.height))}
        if codec is Codec.AV1:
            context.options |= {"max_frame_delay": "1"}
        self._context: VideoCodecContext | None = context

    def decode(self, unit: AccessUnit) -> av.VideoFrame | None:
        """Decode one access unit.

        Returns:
            Its picture, or None if the decoder keeps it to itself.

        Raises:
            DecodeError: The bytes are damaged or hold no picture; the next keyframe starts afresh.
        """
        if self._context is None:
            raise DecodeError(self.codec.value, "is closed")
        if not unit.data:  # FFmpeg would take it for the end of the stream
            raise DecodeError(self.codec.value, f"access unit {unit.frame_id} is empty")
        try:
            frames = self._context.decode(av.Packet(unit.data))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise DecodeError(self.codec.value, f"access unit {unit.frame_id}: {error}") from error
        return frames[-1] if frames else None

    def close(self) -> None:
        """Flush and free. Idempotent."""
        context, self._context = self._context, None
        if context is not None and context.is_open:
            try:
                context.decode(None)
            except (av.FFmpegError, OSError, ValueError):
                pass  # it is being thrown away


def _whole_blocks(pixels: int) -> int:
    return -(-pixels // _ALIGNMENT) * _ALIGNMENT
