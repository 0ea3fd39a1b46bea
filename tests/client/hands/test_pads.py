"""Pads of SDL's own making: virtual ones, which SDL treats as those with a plug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.client.hands.deeds import PadAxes, PadButtons, PadPlugged, PadUnplugged
from wavry.client.hands.pads import Pads
from wavry.client.window.sdl import sdl2
from wavry.rift.input.messages import MAX_PADS, Rumble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.client.hands.deeds import Deed

_AXES, _BUTTONS = 6, 15


class Desk:
    """Pads, and what they have said."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.pads = Pads(self.deeds.append)
        self.pads.open()
        self._devices: list[int] = []

    def plug(self) -> int:
        """Plug in a pad; return its number among SDL's joysticks."""
        device = sdl2.SDL_JoystickAttachVirtual(sdl2.SDL_JOYSTICK_TYPE_GAMECONTROLLER, _AXES, _BUTTONS, 0)
        assert device >= 0
        self.handle()
        return int(sdl2.SDL_JoystickGetDeviceInstanceID(device))

    def unplug(self, joystick: int) -> None:
        """Pull one out."""
        for device in range(sdl2.SDL_NumJoysticks()):
            if sdl2.SDL_JoystickGetDeviceInstanceID(device) == joystick:
                sdl2.SDL_JoystickDetachVirtual(device)
                break
        self.handle()

    def handle(self) -> None:
        """Let events come, as the window does."""
        event = sdl2.SDL_Event()
        while sdl2.SDL_PollEvent(event):
            self.pads.handle(event)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    assert sdl2.SDL_SetHint(sdl2.SDL_HINT_JOYSTICK_ALLOW_BACKGROUND_EVENTS, b"1")
    desk = Desk()
    yield desk
    for device in reversed(range(sdl2.SDL_NumJoysticks())):
        if sdl2.SDL_JoystickIsVirtual(device):
            sdl2.SDL_JoystickDetachVirtual(device)
    desk.pads.close()


def test_a_pad_comes_and_goes(desk: Desk) -> None:
    joystick = desk.plug()
    (plugged,) = desk.deeds
    assert isinstance(plugged, PadPlugged)
    assert (plugged.pad, bool(plugged.name)) == (0, True)
    desk.unplug(joystick)
    assert desk.deeds[1:] == [PadUnplugged(0)]


def test_buttons_and_axes_are_told_whole(desk: Desk) -> None:
    pad = sdl2.SDL_JoystickFromInstanceID(desk.plug())
    desk.deeds.clear()
    sdl2.SDL_JoystickSetVirtualButton(pad, sdl2.SDL_CONTROLLER_BUTTON_B, 1)
    desk.handle()
    sdl2.SDL_JoystickSetVirtualButton(pad, sdl2.SDL_CONTROLLER_BUTTON_START, 1)
    desk.handle()
    sdl2.SDL_JoystickSetVirtualButton(pad, sdl2.SDL_CONTROLLER_BUTTON_B, 0)
    desk.handle()
    assert desk.deeds == [PadButtons(0, 0b10), PadButtons(0, 0b100_0010), PadButtons(0, 0b100_0000)]
    desk.deeds.clear()
    sdl2.SDL_JoystickSetVirtualAxis(pad, sdl2.SDL_CONTROLLER_AXIS_LEFTY, -32_768)
    sdl2.SDL_JoystickSetVirtualAxis(pad, sdl2.SDL_CONTROLLER_AXIS_TRIGGERRIGHT, 32_767)
    desk.handle()
    assert desk.deeds[-1] == PadAxes(0, (0, -32_768, 0, 0, 0, 32_767))


def test_a_pad_that_comes_takes_the_first_free_number_and_the_fifth_is_left_out(desk: Desk) -> None:
    joysticks = [desk.plug() for _ in range(MAX_PADS + 1)]
    assert [deed.pad for deed in desk.deeds if isinstance(deed, PadPlugged)] == [0, 1, 2, 3]
    desk.unplug(joysticks[1])
    desk.plug()
    assert desk.deeds[-2] == PadUnplugged(1)
    assert isinstance(desk.deeds[-1], PadPlugged)
    assert desk.deeds[-1].pad == 1


def test_a_pad_that_cannot_shake_or_is_not_there_stays_still(desk: Desk) -> None:
    desk.plug()
    desk.pads.rumble(Rumble(pad=0, low=1, high=1, duration_ms=10))
    desk.pads.rumble(Rumble(pad=3, low=1, high=1, duration_ms=10))
