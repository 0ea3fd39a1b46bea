"""What FFmpeg keeps of decoded pictures, which no allocator of ours sees.

A decoder takes the memory of its pictures from a pool of its own, which lends the same buffers again and again and
frees them only with the decoder. So the number of addresses that pictures have come at is the number of buffers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

MAX_PICTURES = 12
"""Of one decoder: the eight references that AV1 may keep, the one in the making, and three on their way to the screen.
Our own encoders keep one reference, which comes to three or four buffers. A stream chooses how many it needs, up to 16
of them in H.264, so what goes beyond is the peer's doing, or a picture that somebody forgot to let go of."""


class PictureMemory:
    """The account of one decoder's pictures at a time. `admit` and `forget` on the decoding thread, the rest on any."""

    policy = "the decoder starts afresh at the next keyframe"

    def __init__(self) -> None:
        self._addresses: set[int] = set()
        self._picture_bytes = 0
        self._high_water_bytes = 0
        self.drops = 0
        """How often a decoder had to start afresh."""

    def admit(self, frame: av.VideoFrame) -> bool:
        """Take account of a picture just decoded; False when the decoder holds too many and must be closed."""
        planes = frame.planes
        address = planes[0].buffer_ptr
        if address in self._addresses:
            return True
        if len(self._addresses) >= MAX_PICTURES:
            self.drops += 1
            return False
        self._addresses.add(address)
        self._picture_bytes = sum(plane.buffer_size for plane in planes)
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        return True

    def forget(self) -> None:
        """The decoder was closed, or goes on with another size: its buffers are free, or about to be."""
        self._addresses.clear()

    @property
    def cap_bytes(self) -> int:
        """`MAX_PICTURES` of the present size; 0 before the first."""
        return MAX_PICTURES * self._picture_bytes

    @property
    def used_bytes(self) -> int:
        """Buffers that the decoder has, in use or not."""
        return len(self._addresses) * self._picture_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has had."""
        return self._high_water_bytes
