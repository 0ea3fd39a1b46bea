"""Game pads that the Linux kernel takes for wired Xbox 360 pads, which every game knows."""

from __future__ import annotations

import logging
import os
import select
import threading
from typing import TYPE_CHECKING

from wavry.input.uinput_device import (
    ABS_HAT0X,
    ABS_HAT0Y,
    ABS_RX,
    ABS_RY,
    ABS_RZ,
    ABS_X,
    ABS_Y,
    ABS_Z,
    EV_ABS,
    EV_FF,
    EV_KEY,
    EV_UINPUT,
    FF_RUMBLE,
    NAME,
    UI_FF_ERASE,
    UI_FF_UPLOAD,
    Abilities,
    Device,
    MakeDevice,
    make_device,
    require_uinput,
    send,
)

if TYPE_CHECKING:
    from typing import Any

    from wavry.input.injector import OnRumble

logger = logging.getLogger(__name__)

_VENDOR, _PRODUCT = 0x045E, 0x028E

_BUTTONS = {0: 0x130, 1: 0x131, 2: 0x133, 3: 0x134, 4: 0x13A, 5: 0x13C, 6: 0x13B, 7: 0x13D, 8: 0x13E, 9: 0x136,
            10: 0x137}  # fmt: skip
"""Codes of the kernel's xpad driver by SDL's numbers: A, B, X, Y, back, guide, start, sticks, shoulders."""
_HAT_UP, _HAT_DOWN, _HAT_LEFT, _HAT_RIGHT = 11, 12, 13, 14

_STICKS = (ABS_X, ABS_Y, ABS_RX, ABS_RY)
_TRIGGERS = (ABS_Z, ABS_RZ)
_TRIGGER_SHIFT = 7
"""SDL's triggers have 15 bits, this pad's 8."""

_ABILITIES: Abilities = {
    EV_KEY: list(_BUTTONS.values()),
    EV_ABS: [
        *[(axis, (-32_768, 32_767, 16, 128)) for axis in _STICKS],
        *[(axis, (0, 255, 0, 0)) for axis in _TRIGGERS],
        *[(axis, (-1, 1, 0, 0)) for axis in (ABS_HAT0X, ABS_HAT0Y)],
    ],
    EV_FF: [FF_RUMBLE],
}

_MAX_EFFECTS = 32
"""That a program can keep on one pad; more are refused."""
_MAX_RUMBLE_MS = 10_000


class Pad:
    """One pad, and the effects that a program has left on it.

    Args:
        device: Owned.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self._buttons = 0
        self._effects: dict[int, tuple[int, int, int]] = {}
        """Strengths of the low and the high motor and milliseconds, by the kernel's number."""

    def set_buttons(self, buttons: int) -> None:
        """Send what has changed."""
        changed, self._buttons = self._buttons ^ buttons, buttons
        events = [(EV_KEY, code, buttons >> bit & 1) for bit, code in _BUTTONS.items() if changed >> bit & 1]
        for axis, back, forward in ((ABS_HAT0X, _HAT_LEFT, _HAT_RIGHT), (ABS_HAT0Y, _HAT_UP, _HAT_DOWN)):
            if changed >> back & 1 or changed >> forward & 1:
                events.append((EV_ABS, axis, (buttons >> forward & 1) - (buttons >> back & 1)))
        if events:
            send(self.device, *events)

    def set_axes(self, axes: tuple[int, ...]) -> None:
        """Send all axes; the kernel leaves out those that are where they were."""
        send(
            self.device,
            *[(EV_ABS, code, value) for code, value in zip(_STICKS, axes[:4], strict=True)],
            *[(EV_ABS, code, value >> _TRIGGER_SHIFT) for code, value in zip(_TRIGGERS, axes[4:], strict=True)],
        )

    def take(self, event: Any) -> tuple[int, int, int] | None:
        """Take an event that a program sent to the pad; return how it is to rumble, if it says so."""
        device: Any = self.device
        if event.type == EV_UINPUT and event.code == UI_FF_UPLOAD:
            upload = device.begin_upload(event.value)
            upload.retval = 0 if self._keep(upload.effect) else -1
            device.end_upload(upload)
        elif event.type == EV_UINPUT and event.code == UI_FF_ERASE:
            erase = device.begin_erase(event.value)
            self._effects.pop(erase.effect_id, None)
            erase.retval = 0
            device.end_erase(erase)
        elif event.type == EV_FF and event.code in self._effects:
            return self._effects[event.code] if event.value else (0, 0, 0)
        return None

    def _keep(self, effect: Any) -> bool:
        if effect.type != FF_RUMBLE or (effect.id not in self._effects and len(self._effects) >= _MAX_EFFECTS):
            return False
        rumble = effect.u.ff_rumble_effect
        length_ms = min(effect.ff_replay.length or _MAX_RUMBLE_MS, _MAX_RUMBLE_MS)
        self._effects[effect.id] = rumble.strong_magnitude, rumble.weak_magnitude, length_ms
        return True


class UinputPads:
    """A `PadInjector`, with a thread that hears what programs want the pads to do while there are any.

    Args:
        on_rumble: Told on that thread.
        make: Makes devices; tests bring their own.
    """

    name = NAME

    def __init__(self, on_rumble: OnRumble, make: MakeDevice = make_device) -> None:
        self._on_rumble = on_rumble
        self._make = make
        self._pads: dict[int, Pad] = {}
        self._lock = threading.Lock()
        """Around the list of pads, which the thread reads."""
        self._bell = os.pipe()
        self._closed = False
        self._thread = threading.Thread(target=self._listen, name="wavry-rumble", daemon=True)
        self._thread.start()

    def plug(self, pad: int, name: str) -> None:
        """Make a pad; one that is there stays. All are of one kind, so that games know them."""
        if pad not in self._pads:
            made = Pad(self._make(f"wavry pad {pad + 1}", _ABILITIES, _VENDOR, _PRODUCT))
            with self._lock:
                self._pads[pad] = made
            os.write(self._bell[1], b"!")
            logger.info("game pad %d is a %s", pad + 1, "".join(filter(str.isprintable, name)) or "pad")

    def unplug(self, pad: int) -> None:
        """Take a pad away; the kernel lets go of what it held."""
        with self._lock:
            gone = self._pads.pop(pad, None)
            if gone is not None:
                gone.device.close()
        if gone is not None:
            os.write(self._bell[1], b"!")

    def set_buttons(self, pad: int, buttons: int) -> None:
        """Press and release buttons of a pad that is there."""
        if pad in self._pads:
            self._pads[pad].set_buttons(buttons)

    def set_axes(self, pad: int, axes: tuple[int, ...]) -> None:
        """Move sticks and triggers of a pad that is there."""
        if pad in self._pads:
            self._pads[pad].set_axes(axes)

    def close(self) -> None:
        """Take all pads away, and end the thread."""
        if self._closed:
            return
        self._closed = True
        for pad in list(self._pads):
            self.unplug(pad)
        os.write(self._bell[1], b"!")
        self._thread.join()
        for descriptor in self._bell:
            os.close(descriptor)

    # On the thread.

    def _listen(self) -> None:
        while not self._closed:
            with self._lock:
                pads = {pad.device.fd: (number, pad) for number, pad in self._pads.items()}
            try:
                readable, _, _ = select.select([self._bell[0], *pads], [], [])
            except (OSError, ValueError):
                continue  # a pad was unplugged meanwhile
            for descriptor in readable:
                if descriptor == self._bell[0]:
                    os.read(descriptor, 64)
                else:
                    self._hear(*pads[descriptor])

    def _hear(self, number: int, pad: Pad) -> None:
        with self._lock:
            if self._pads.get(number) is not pad:
                return
            try:
                device: Any = pad.device
                wanted = [told for event in device.read() if (told := pad.take(event)) is not None]
            except OSError as error:
                logger.debug("game pad %d: %s", number + 1, error)
                return
        for low, high, duration_ms in wanted:
            self._on_rumble(number, low, high, duration_ms)


def open_pads(on_rumble: OnRumble) -> UinputPads:
    """Be ready to make pads.

    Raises:
        BackendUnavailableError: See `require_uinput`.
    """
    require_uinput()
    return UinputPads(on_rumble)
