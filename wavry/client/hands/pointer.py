"""The pointer in the window: pixels to places of the stream, buttons, wheel, and the lock for games."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from wavry.client.hands.deeds import ButtonPressed, ButtonReleased, PointerAt, PointerMoved, Scrolled
from wavry.client.window.sdl import sdl2, sdl_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.hands.deeds import Deed
    from wavry.media import Rect, Size

logger = logging.getLogger(__name__)

_WHOLE = 65_535
"""The share of the last pixel (`messages.Place`)."""

_NOTCH = 120
_BUTTONS = range(1, 6)
"""SDL numbers them as the wire does: left, middle, right, back, forward."""


class View(NamedTuple):
    """Where the picture is in the window."""

    place: Rect
    """In pixels of what is drawn into."""

    picture: Size
    """Of the stream, in its pixels."""

    pixels_per_unit: tuple[float, float] = (1.0, 1.0)
    """Pixels that are drawn for each unit of the mouse, across and down: 2 on a display of high density."""


def share_of(x: int, y: int, view: View) -> tuple[int, int]:
    """Return the place of the stream that is seen at a point of the window; beside the picture, its nearest edge.

    The middle of a window's pixel shows a point of the picture; the host's pixel around it is meant. Where a pixel of
    the window is a pixel of the host this is exact.
    """
    place, picture = view.place, view.picture
    return (
        _share(x, view.pixels_per_unit[0], place.x, place.width, picture.width),
        _share(y, view.pixels_per_unit[1], place.y, place.height, picture.height),
    )


def _share(at: int, scale: float, begin: int, extent: int, pixels: int) -> int:
    if pixels == 1:
        return 0
    pixel = ((at + 0.5) * scale - begin) * pixels / extent - 0.5
    return round(min(max(pixel / (pixels - 1), 0.0), 1.0) * _WHOLE)


class Pointer:
    """Turns events of the mouse into deeds. On the window's thread.

    A drag that leaves the window goes on: SDL captures the mouse while a button is down.

    Args:
        post: Gets the deeds.
        view: Says where the picture is; None while there is none, and nothing to point at.
    """

    def __init__(self, post: Callable[[Deed], None], view: Callable[[], View | None]) -> None:
        self._post = post
        self._view = view
        self._turned = [0.0, 0.0]
        """What the wheel turned and was not told: less than 1/120 of a notch, in each direction."""
        self.is_locked = False
        """Whether the mouse moves the host's pointer by what it moves itself, and stays in the window."""

    def handle(self, event: Any) -> bool:
        """Take an event if it is of the mouse; say whether it was."""
        kind = event.type
        if kind == sdl2.SDL_MOUSEMOTION:
            self._move(event.motion)
        elif kind in (sdl2.SDL_MOUSEBUTTONDOWN, sdl2.SDL_MOUSEBUTTONUP):
            self._click(event.button)
        elif kind == sdl2.SDL_MOUSEWHEEL:
            self._turn(event.wheel)
        else:
            return False
        return True

    def _move(self, moved: Any) -> None:
        if not self.is_locked:
            self._point(moved.x, moved.y)
        elif moved.xrel or moved.yrel:
            self._post(PointerMoved(moved.xrel, moved.yrel))

    def _point(self, x: int, y: int) -> bool:
        view = self._view()
        if view is not None:
            self._post(PointerAt(*share_of(x, y, view)))
        return view is not None

    def _click(self, button: Any) -> None:
        if button.button not in _BUTTONS:
            return
        is_down = button.state == sdl2.SDL_PRESSED
        if self.is_locked or self._point(button.x, button.y) or not is_down:
            self._post(ButtonPressed(button.button) if is_down else ButtonReleased(button.button))

    def _turn(self, wheel: Any) -> None:
        """Tell how the wheel itself turned: which way that scrolls is for the host's person to say."""
        sign = -1 if wheel.direction == sdl2.SDL_MOUSEWHEEL_FLIPPED else 1
        turns = wheel.preciseX or wheel.x, wheel.preciseY or wheel.y
        told = [0, 0]
        for axis, turn in enumerate(turns):
            self._turned[axis] += sign * turn * _NOTCH
            # A float that should be a whole number is one.
            told[axis] = int(round(self._turned[axis], 3))
            self._turned[axis] -= told[axis]
        if any(told):
            self._post(Scrolled(*told))

    def lock(self, is_locked: bool) -> None:
        """Hide the pointer and take the mouse's motion as such, or stop that."""
        if is_locked == self.is_locked:
            return
        if sdl2.SDL_SetRelativeMouseMode(sdl2.SDL_TRUE if is_locked else sdl2.SDL_FALSE) != 0:
            logger.warning("the pointer can't be locked here: %s", sdl_error())
            return
        self.is_locked = is_locked
        logger.info("the pointer is %s", "locked" if is_locked else "free")
