"""From a share of the stream to a pixel of the desktop. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wavry.media import Rect

_FULL = 0xFFFF


def pixel_at(share_x: int, share_y: int, area: Rect) -> tuple[int, int]:
    """Return the pixel of an area that shares mean: 0 is the middle of its first pixel, 65_535 of its last.

    The nearest pixel, in whole numbers: for areas of up to 65_536 pixels the share that was made of a pixel gives that
    pixel again, because a share is at most half a step off and a step is at most a pixel.
    """
    return area.x + _nearest(share_x, area.width - 1), area.y + _nearest(share_y, area.height - 1)


def _nearest(share: int, last: int) -> int:
    return (2 * share * last + _FULL) // (2 * _FULL)
