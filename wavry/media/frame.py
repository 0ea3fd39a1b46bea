"""An uncompressed picture, lent from a pool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    def fitted(self, box: Size) -> Size:
        """Return the largest even size of the same shape that fits into `box`; never larger than itself."""
        scale = min(1.0, box.width / self.width, box.height / self.height)
        return Size(max(2, round(self.width * scale) & ~1), max(2, round(self.height * scale) & ~1))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Rect(NamedTuple):
    """A rectangle in pixels; `x` and `y` are its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        """Its size without its place."""
        return Size(self.width, self.height)

    def union(self, other: Rect) -> Rect:
        """Return the smallest rectangle that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Rect(x, y, right - x, bottom - y)

    def intersection(self, other: Rect) -> Rect | None:
        """Return what both cover, or None where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else None

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"


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

    damage: Rect | None = None
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
            self.damage = self.damage.union(older.damage)
        older.release()
