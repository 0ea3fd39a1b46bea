"""An uncompressed picture, lent from a pool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from wavry.media.damage import cover

if TYPE_CHECKING:
    from wavry.media.damage import Damage
    from wavry.media.geometry import Size


class PixelFormat(Enum):
    """Layouts of a frame in memory; the value is FFmpeg's name."""

    BGRA = "bgra"
    """`(height, width, 4)` bytes: blue, green, red, unused. sRGB, full range. What screens deliver."""

    I420 = "yuv420p"
    """Y plane, then U and V at half width and height. BT.709, limited range."""

    NV12 = "nv12"
    """As I420, with U and V interleaved in one plane. What hardware encoders like."""


def picture_bytes(size: Size) -> int:
    """Bytes of a 4:2:0 picture, I420 or NV12."""
    return size.width * size.height * 3 // 2


class Lease(Protocol):
    """A buffer on loan; see `wavry.memory.FrameBuffer`."""

    @property
    def data(self) -> memoryview:
        """The bytes, valid until `release`."""

    def release(self) -> None:
        """Give the buffer back to its pool."""


@dataclass(slots=True)
class Frame:
    """One picture with its time and the part of it that changed.

    Ownership: whoever holds the frame holds its lease and calls `release` exactly once. Handing the frame to a
    queue hands over that duty. The pixels do not change while the lease is held.
    """

    lease: Lease
    size: Size
    stride: int
    """Bytes from one row to the next."""

    format: PixelFormat
    capture_us: int
    """When the change was noticed that this picture shows: microseconds on the monotonic clock."""

    captured_us: int = 0
    """When the pixels were whole in the buffer, on the same clock."""

    damage: Damage | None = None
    """What differs from the frame before, or None when anything may differ."""

    number: int = 0
    """Counts the frames of a source."""

    @property
    def data(self) -> memoryview:
        """The pixels, `stride * height` bytes."""
        return self.lease.data

    def release(self) -> None:
        """Give the pixels back; they must not be touched afterwards."""
        self.lease.release()

    def supersede(self, older: Frame) -> None:
        """Take over the damage of a frame that nobody will see, so that nothing is left out. Releases `older`."""
        if older.size != self.size or older.damage is None or self.damage is None:
            self.damage = None
        else:
            self.damage = cover((*older.damage, *self.damage))
        older.release()
