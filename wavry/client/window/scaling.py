"""Where the picture is in the window: the one truth, for drawing it and for pointing into it. Pure."""

from __future__ import annotations

from enum import StrEnum

from wavry.media import Rect, Size


class ScaleMode(StrEnum):
    """How large the picture is drawn; the values stand in `--scale`."""

    FIT = "fit"
    """As large as fits, its shape kept."""

    ONE_TO_ONE = "1:1"
    """A pixel of the host is a pixel of the window. Where the picture is larger it is panned with the pointer."""

    INTEGER = "integer"
    """Two, three, ... times its size, whatever fits, each pixel a sharp square; as `FIT` where not even once fits."""

    @property
    def label(self) -> str:
        """What a person reads."""
        return _LABELS[self]

    def next(self) -> ScaleMode:
        """Return the mode after this one."""
        modes = list(ScaleMode)
        return modes[(modes.index(self) + 1) % len(modes)]


_LABELS = {ScaleMode.FIT: "fit", ScaleMode.ONE_TO_ONE: "1:1", ScaleMode.INTEGER: "whole multiples"}

CENTRE = (0.5, 0.5)


def placed(picture: Size, window: Size, mode: ScaleMode = ScaleMode.FIT, pan: tuple[float, float] = CENTRE) -> Rect:
    """Return where a picture goes in a window.

    Args:
        picture: Its size.
        window: The size of what is drawn into, in the same pixels as the result.
        mode: How large it is drawn.
        pan: Which part is seen of a picture that is larger than the window, for each axis: 0 its left or upper end, 1
            the other one. A picture that fits is in the middle.
    """
    width, height = _drawn_size(picture, window, mode)
    return Rect(_begin(width, window.width, pan[0]), _begin(height, window.height, pan[1]), width, height)


def _drawn_size(picture: Size, window: Size, mode: ScaleMode) -> Size:
    if mode is ScaleMode.ONE_TO_ONE:
        return picture
    scale = min(window.width / picture.width, window.height / picture.height)
    if mode is ScaleMode.INTEGER and scale >= 1:
        scale = int(scale)
    return Size(max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))


def _begin(drawn: int, room: int, pan: float) -> int:
    return (room - drawn) // 2 if drawn <= room else round((room - drawn) * pan)
