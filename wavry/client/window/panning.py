"""Moves the picture under the pointer at the window's edge, where it is larger than the window at 1:1."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from wavry.client.window.part import WindowPart
from wavry.client.window.scaling import ScaleMode
from wavry.client.window.sdl import sdl2

if TYPE_CHECKING:
    from wavry.client.window.window import Window

EDGE = 32
"""Pixels of the window, on each side, in which the pointer pushes the picture."""

STEP = 24
"""Pixels that it is pushed at once, at the very edge; less further in."""

_STEP_S = 1 / 60


def pushed(pan: float, pointer: int, drawn: int, room: int) -> float:
    """Return where one axis of `View.pan` goes in a step.

    Args:
        pan: Where it is.
        pointer: Where the pointer is, 0 to `room` - 1.
        drawn: How long the picture is drawn along the axis.
        room: And how long the window is.
    """
    hidden = drawn - room
    if hidden <= 0:
        return pan
    depth = max(0, EDGE - (room - 1 - pointer)) - max(0, EDGE - pointer)
    return min(1.0, max(0.0, pan + depth / EDGE * STEP / hidden))


class EdgePan(WindowPart):
    """Pushes while the pointer rests at an edge. On the window's thread."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._pointer: tuple[int, int] | None = None
        self._due_at = 0.0

    def opened(self, window: Window) -> None:
        """Keep the window."""
        self._window = window

    def handle(self, event: Any) -> bool:
        """Note where the pointer is; others need to know it too."""
        if event.type == sdl2.SDL_MOUSEMOTION:
            self._pointer = event.motion.x, event.motion.y
        elif event.type == sdl2.SDL_WINDOWEVENT and event.window.event == sdl2.SDL_WINDOWEVENT_LEAVE:
            self._pointer = None
        return False

    def due_ms(self) -> int | None:
        """Draw 60 times a second while there is something to push."""
        if self._wanted() is None:
            return None
        return max(0, round((self._due_at - monotonic()) * 1000))

    def draw(self) -> None:
        """Take a step if one is due; it is seen with the next drawing."""
        window, wanted, now = self._window, self._wanted(), monotonic()
        if window is None or wanted is None or self._pointer is None or now < self._due_at:
            return
        self._due_at = now + _STEP_S
        window.view.pan = wanted
        window.redraw_soon()
        motion = sdl2.SDL_Event()  # the same place in the window is another place on the host
        motion.type = sdl2.SDL_MOUSEMOTION
        motion.motion.x, motion.motion.y = self._pointer
        sdl2.SDL_PushEvent(motion)

    def _wanted(self) -> tuple[float, float] | None:
        """Return the pan after a step; None if that changes nothing."""
        window, pointer = self._window, self._pointer
        if window is None or pointer is None or window.view.mode is not ScaleMode.ONE_TO_ONE or window.place is None:
            return None
        pan, drawn, room = window.view.pan, window.place.size, window.size
        wanted = (
            pushed(pan[0], pointer[0], drawn.width, room.width),
            pushed(pan[1], pointer[1], drawn.height, room.height),
        )
        return wanted if wanted != pan else None
