"""Hands through the Linux kernel: a keyboard, a mouse and an absolute pointer of their own. It reaches Wayland, too.

What a key gives is up to the desktop's layout, which can't be asked for here: keys are pressed by their place, and text
is typed as on a US keyboard. The desktop repeats keys by itself, so the person's repeats have no effect.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError
from wavry.input.scrolling import Notches
from wavry.input.uinput_device import (
    ABS_X,
    ABS_Y,
    BTN_EXTRA,
    BTN_LEFT,
    BTN_MIDDLE,
    BTN_RIGHT,
    BTN_SIDE,
    EV_ABS,
    EV_KEY,
    EV_REL,
    NAME,
    REL_HWHEEL,
    REL_HWHEEL_HI_RES,
    REL_WHEEL,
    REL_WHEEL_HI_RES,
    REL_X,
    REL_Y,
    MakeDevice,
    make_device,
    require_uinput,
    send,
)
from wavry.input.us_keys import US_KEYS
from wavry.input.usages import FIRST_MODIFIER, KEY_PLACES

if TYPE_CHECKING:
    from wavry.media import Size

_BUTTONS = {1: BTN_LEFT, 2: BTN_MIDDLE, 3: BTN_RIGHT, 4: BTN_SIDE, 5: BTN_EXTRA}
_LEFT_SHIFT = 0xE1
_VENDOR, _PRODUCT = 0x1209, 0x0001
"""Of no maker: pid.codes' numbers for tests."""


class UinputInjector:
    """An `Injector` of three devices.

    Args:
        desktop: Size of what the absolute pointer moves on, in pixels.
        make: Makes devices; tests bring their own.

    Raises:
        BackendUnavailableError: The kernel refuses.
    """

    name = NAME

    def __init__(self, desktop: Size, make: MakeDevice = make_device) -> None:
        self.notes = ["text as on a US keyboard", "the desktop's own key repeat"]
        keys = sorted({place.evdev for place in KEY_PLACES.values()})
        wheels = [REL_WHEEL, REL_HWHEEL, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES]
        buttons = list(_BUTTONS.values())
        axes = [(ABS_X, (0, desktop.width - 1, 0, 0)), (ABS_Y, (0, desktop.height - 1, 0, 0))]
        self._keyboard = make("wavry keyboard", {EV_KEY: keys}, _VENDOR, _PRODUCT)
        self._mouse = make("wavry mouse", {EV_KEY: buttons, EV_REL: [REL_X, REL_Y, *wheels]}, _VENDOR, _PRODUCT + 1)
        self._pointer = make("wavry pointer", {EV_KEY: buttons, EV_ABS: axes}, _VENDOR, _PRODUCT + 2)
        self._keys: dict[int, int] = {}
        """Codes by the usage that holds them down."""
        self._buttons: set[int] = set()
        self._horizontal, self._vertical = Notches(), Notches()
        self._closed = False

    def press_key(self, usage: int, text: str) -> None:
        """Press a key by its place; one without a place types its text."""
        place = KEY_PLACES.get(usage)
        if place is None:
            self.type_text(text)
        elif usage not in self._keys:
            self._keys[usage] = place.evdev
            send(self._keyboard, (EV_KEY, place.evdev, 1))

    def release_key(self, usage: int) -> None:
        """Release a key that is down."""
        code = self._keys.pop(usage, None)
        if code is not None and code not in self._keys.values():
            send(self._keyboard, (EV_KEY, code, 0))

    def type_text(self, text: str) -> None:
        """Type what a US keyboard has, with no modifier down; the rest is left out."""
        held = [code for usage, code in self._keys.items() if usage >= FIRST_MODIFIER]
        for code in reversed(held):
            send(self._keyboard, (EV_KEY, code, 0))
        for character in text:
            if character in US_KEYS:
                self._tap(*US_KEYS[character])
        for code in held:
            send(self._keyboard, (EV_KEY, code, 1))

    def _tap(self, usage: int, is_shifted: bool) -> None:
        code, shift = KEY_PLACES[usage].evdev, KEY_PLACES[_LEFT_SHIFT].evdev
        if code in self._keys.values():
            send(self._keyboard, (EV_KEY, code, 0))
            self._keys = {other: held for other, held in self._keys.items() if held != code}
        if is_shifted:
            send(self._keyboard, (EV_KEY, shift, 1))
        send(self._keyboard, (EV_KEY, code, 1))
        send(self._keyboard, (EV_KEY, code, 0))
        if is_shifted:
            send(self._keyboard, (EV_KEY, shift, 0))

    def move_to(self, x: int, y: int) -> None:
        """Put the pointer on a pixel of the desktop."""
        send(self._pointer, (EV_ABS, ABS_X, x), (EV_ABS, ABS_Y, y))

    def move_by(self, dx: int, dy: int) -> None:
        """Move the mouse."""
        send(self._mouse, (EV_REL, REL_X, dx), (EV_REL, REL_Y, dy))

    def press_button(self, button: int) -> None:
        """Press a button of the mouse."""
        self._buttons.add(button)
        send(self._mouse, (EV_KEY, _BUTTONS[button], 1))

    def release_button(self, button: int) -> None:
        """Release a button that is down."""
        if button in self._buttons:
            self._buttons.discard(button)
            send(self._mouse, (EV_KEY, _BUTTONS[button], 0))

    def scroll(self, horizontal: int, vertical: int) -> None:
        """Turn the wheel: in fractions for those who read them, in notches for the others."""
        now = monotonic()
        events = []
        for amount, notches, fine, coarse in (
            (horizontal, self._horizontal, REL_HWHEEL_HI_RES, REL_HWHEEL),
            (vertical, self._vertical, REL_WHEEL_HI_RES, REL_WHEEL),
        ):
            if amount:
                events.append((EV_REL, fine, amount))
                if whole := notches.add(amount, now=now):
                    events.append((EV_REL, coarse, whole))
        if events:
            send(self._mouse, *events)

    def rest(self) -> None:
        """Do nothing: nothing waits."""

    def release_everything(self) -> None:
        """Let go of all keys and buttons."""
        for usage in reversed(list(self._keys)):
            self.release_key(usage)
        for button in sorted(self._buttons):
            self.release_button(button)

    def close(self) -> None:
        """Take the devices away; the kernel lets go of what they held."""
        if not self._closed:
            self._closed = True
            for device in (self._keyboard, self._mouse, self._pointer):
                device.close()


def open_uinput(display: str | None) -> UinputInjector:
    """Make the devices.

    Raises:
        BackendUnavailableError: See `require_uinput`; or no X server tells how large the desktop is.
    """
    require_uinput()
    return UinputInjector(_desktop_size(display or os.environ.get("DISPLAY")))


def _desktop_size(display: str | None) -> Size:
    """Ask the X server, or Xwayland, which all captured screens have."""
    import xcffib

    from wavry.media import Size
    from wavry.xcb import connect

    if not display:
        raise BackendUnavailableError(NAME, "DISPLAY is not set, and only X or Xwayland tells the size of the desktop")

    try:
        connection = connect(display)
    except xcffib.XcffibException as error:
        raise BackendUnavailableError(NAME, f"no X display tells the size of the desktop: {error}") from error
    try:
        screen = connection.get_setup().roots[connection.pref_screen]
        return Size(screen.width_in_pixels, screen.height_in_pixels)
    finally:
        connection.disconnect()
