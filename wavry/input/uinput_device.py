"""Devices that the Linux kernel takes for real ones, through the `evdev` package, and the kernel's numbers for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from wavry.errors import BackendUnavailableError, InputLostError

if TYPE_CHECKING:
    from typing import Any

NAME = "uinput"
NODE = "/dev/uinput"

EV_KEY, EV_REL, EV_ABS, EV_FF, EV_UINPUT = 0x01, 0x02, 0x03, 0x15, 0x101
BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA = 0x110, 0x111, 0x112, 0x113, 0x114
REL_X, REL_Y, REL_HWHEEL, REL_WHEEL, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES = 0x00, 0x01, 0x06, 0x08, 0x0B, 0x0C
ABS_X, ABS_Y, ABS_Z, ABS_RX, ABS_RY, ABS_RZ, ABS_HAT0X, ABS_HAT0Y = 0, 1, 2, 3, 4, 5, 0x10, 0x11
FF_RUMBLE, UI_FF_UPLOAD, UI_FF_ERASE = 0x50, 1, 2

Range = tuple[int, int, int, int]
"""Of an axis: smallest, largest, fuzz, flat."""

Abilities: TypeAlias = Mapping[int, Sequence[int | tuple[int, Range]]]
"""Codes that a device can send, by type; axes with their range."""


class Device(Protocol):
    """What is used of `evdev.UInput`."""

    fd: int

    def write(self, etype: int, code: int, value: int) -> None:
        """Queue an event."""

    def syn(self) -> None:
        """Say that what was written belongs together."""

    def close(self) -> None:
        """Take the device away; the kernel lets go of what it held."""


MakeDevice: TypeAlias = Callable[[str, Abilities, int, int], Device]
"""Makes a device of a name, with abilities, vendor and product."""


def require_uinput() -> None:
    """Check that devices can be made here.

    Raises:
        BackendUnavailableError: The kernel has no uinput, this user may not use it, or the package is missing.
    """
    if not os.path.exists(NODE):
        raise BackendUnavailableError(NAME, f"this kernel has no {NODE} (modprobe uinput)")
    if not os.access(NODE, os.W_OK):
        raise BackendUnavailableError(NAME, f"this user may not write to {NODE}; a udev rule can allow it")
    try:
        import evdev  # noqa: F401
    except ImportError as error:
        raise BackendUnavailableError(NAME, "the evdev package is missing (pip install 'wavry[input]')") from error


def make_device(name: str, abilities: Abilities, vendor: int, product: int) -> Device:
    """Make a device.

    Raises:
        BackendUnavailableError: The kernel refuses.
    """
    import evdev

    events: dict[int, list[Any]] = {
        kind: [(code[0], evdev.AbsInfo(0, *code[1], 0)) if isinstance(code, tuple) else code for code in codes]
        for kind, codes in abilities.items()
    }
    try:
        device: Device = evdev.UInput(events, name=name, vendor=vendor, product=product, version=1)
    except (OSError, evdev.UInputError) as error:
        raise BackendUnavailableError(NAME, str(error)) from error
    return device


def send(device: Device, *events: tuple[int, int, int]) -> None:
    """Send events that belong together: type, code, value.

    Raises:
        InputLostError: The device is gone.
    """
    try:
        for event in events:
            device.write(*event)
        device.syn()
    except OSError as error:
        raise InputLostError(NAME, str(error)) from error
