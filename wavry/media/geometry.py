"""Sizes and rectangles in pixels."""

from __future__ import annotations

from typing import NamedTuple


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
