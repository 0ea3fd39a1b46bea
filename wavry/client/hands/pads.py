"""Game pads: SDL's controllers as up to four pads of the host, and rumble back to them.

SDL looks at pads a thousand times a second once one is plugged in, and not at all before.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from wavry.client.hands.deeds import PadAxes, PadButtons, PadPlugged, PadUnplugged
from wavry.client.window.sdl import sdl2, sdl_error
from wavry.observe.logs import printable
from wavry.rift.input.messages import MAX_PADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.hands.deeds import Deed
    from wavry.rift.input.messages import Rumble

logger = logging.getLogger(__name__)

_MAX_BUTTONS = 24
_MAX_NAME = 64
_TRIGGERS = (sdl2.SDL_CONTROLLER_AXIS_TRIGGERLEFT, sdl2.SDL_CONTROLLER_AXIS_TRIGGERRIGHT)


class _Pad:
    """One pad that is plugged in."""

    __slots__ = ("axes", "buttons", "controller", "number")

    def __init__(self, number: int, controller: Any) -> None:
        self.number = number
        self.controller = controller
        self.axes = [0] * 6
        self.buttons = 0


class Pads:
    """Turns events of controllers into deeds, and rumble into shaking. On the window's thread.

    Args:
        post: Gets the deeds.
    """

    def __init__(self, post: Callable[[Deed], None]) -> None:
        self._post = post
        self._pads: dict[int, _Pad] = {}
        """By SDL's number of the joystick, which no other one ever has."""

    def open(self) -> None:
        """Begin to look for pads; those that are there come as events."""
        if sdl2.SDL_InitSubSystem(sdl2.SDL_INIT_GAMECONTROLLER) != 0:
            logger.info("no game pads: %s", sdl_error())

    def close(self) -> None:
        """Let go of all pads."""
        for pad in self._pads.values():
            sdl2.SDL_GameControllerClose(pad.controller)
        self._pads.clear()
        sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_GAMECONTROLLER)

    def handle(self, event: Any) -> bool:
        """Take an event if it is of a controller; say whether it was."""
        kind = event.type
        if kind == sdl2.SDL_CONTROLLERAXISMOTION:
            self._move(event.caxis)
        elif kind in (sdl2.SDL_CONTROLLERBUTTONDOWN, sdl2.SDL_CONTROLLERBUTTONUP):
            self._press(event.cbutton)
        elif kind == sdl2.SDL_CONTROLLERDEVICEADDED:
            self._plug(event.cdevice.which)
        elif kind == sdl2.SDL_CONTROLLERDEVICEREMOVED:
            self._unplug(event.cdevice.which)
        else:
            return False
        return True

    def rumble(self, wish: Rumble) -> None:
        """Shake a pad; one that is not there, or can't, stays still."""
        for pad in self._pads.values():
            if pad.number == wish.pad:
                sdl2.SDL_GameControllerRumble(pad.controller, wish.low, wish.high, wish.duration_ms)

    def _plug(self, device: int) -> None:
        taken = {pad.number for pad in self._pads.values()}
        number = next((each for each in range(MAX_PADS) if each not in taken), None)
        if number is None:
            logger.info("a pad was left out: %d are there", MAX_PADS)
            return
        controller = sdl2.SDL_GameControllerOpen(device)
        if not controller:
            logger.info("a pad could not be opened: %s", sdl_error())
            return
        joystick = sdl2.SDL_JoystickInstanceID(sdl2.SDL_GameControllerGetJoystick(controller))
        if joystick in self._pads:  # told twice
            sdl2.SDL_GameControllerClose(controller)
            return
        self._pads[joystick] = _Pad(number, controller)
        name = printable((sdl2.SDL_GameControllerName(controller) or b"").decode("utf-8", errors="replace"))
        logger.info("pad %d: %s", number + 1, name)
        self._post(PadPlugged(number, name[:_MAX_NAME]))

    def _unplug(self, joystick: int) -> None:
        pad = self._pads.pop(joystick, None)
        if pad is not None:
            sdl2.SDL_GameControllerClose(pad.controller)
            logger.info("pad %d is gone", pad.number + 1)
            self._post(PadUnplugged(pad.number))

    def _move(self, axis: Any) -> None:
        pad = self._pads.get(axis.which)
        if pad is None or axis.axis >= len(pad.axes):
            return
        pad.axes[axis.axis] = max(0, axis.value) if axis.axis in _TRIGGERS else axis.value
        self._post(PadAxes(pad.number, tuple(pad.axes)))

    def _press(self, button: Any) -> None:
        pad = self._pads.get(button.which)
        if pad is None or button.button >= _MAX_BUTTONS:
            return
        bit = 1 << button.button
        pad.buttons = pad.buttons | bit if button.state == sdl2.SDL_PRESSED else pad.buttons & ~bit
        self._post(PadButtons(pad.number, pad.buttons))
