"""What has changed in a picture: a few rectangles that cover it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wavry.media.geometry import Rect

Damage = tuple["Rect", ...]
"""At most `MAX_RECTS` rectangles; they may overlap. None of them: nothing has changed."""

MAX_RECTS = 8

_WORTH_PIXELS = 1 << 14
"""A rectangle of its own costs about as much as to convert so many pixels, 0.05 ms."""


def cover(rects: Iterable[Rect]) -> Damage:
    """Cover rectangles with few: two are joined where little lies between them, or where there would be too many.

    Args:
        rects: In any order; each may be anywhere. The time is in their number, 8 steps for each at the most.
    """
    covering: list[Rect] = []
    for rect in rects:
        joined = [rect.union(other) for other in covering]
        spare = [_pixels(both) - _pixels(other) - _pixels(rect) for both, other in zip(joined, covering, strict=True)]
        nearest = min(range(len(spare)), key=spare.__getitem__, default=None)
        if nearest is None or (spare[nearest] > _WORTH_PIXELS and len(covering) < MAX_RECTS):
            covering.append(rect)
        else:
            covering[nearest] = joined[nearest]
    return tuple(covering)


def _pixels(rect: Rect) -> int:
    return rect.width * rect.height
