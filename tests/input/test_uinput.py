"""uinput's keyboard, mouse and pads on devices that write down what they are sent."""

from __future__ import annotations

import errno
import os
import queue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from wavry.errors import BackendUnavailableError, InputLostError, NoBackendError
from wavry.input import open_injector, open_pad_injector
from wavry.input import uinput_device as device_module
from wavry.input.uinput import UinputInjector
from wavry.input.uinput_device import EV_ABS, EV_FF, EV_KEY, EV_REL, EV_UINPUT, FF_RUMBLE, UI_FF_ERASE, UI_FF_UPLOAD
from wavry.input.uinput_pads import UinputPads
from wavry.media import Size

if TYPE_CHECKING:
    from pathlib import Path

    from wavry.input.uinput_device import Abilities

KEY_A, LEFT_SHIFT, LEFT_CTRL = 30, 42, 29
A, CTRL = 4, 0xE0


class FakeDevice:
    """An `evdev.UInput` with a pipe for what programs send to it."""

    def __init__(self, name: str, abilities: Abilities) -> None:
        self.name, self.abilities = name, abilities
        self.sent: list[list[tuple[int, int, int]]] = [[]]
        self.fd, self._far = os.pipe()
        self.answers: list[Any] = []
        self.requests: dict[int, Any] = {}
        self.events: queue.Queue[Any] = queue.Queue()
        self.is_closed = self.is_broken = False

    def write(self, etype: int, code: int, value: int) -> None:
        if self.is_broken:
            raise OSError(errno.ENODEV, "No such device")
        self.sent[-1].append((etype, code, value))

    def syn(self) -> None:
        self.sent.append([])

    def told(self) -> list[list[tuple[int, int, int]]]:
        """What was sent since this was last asked, by SYN."""
        told, self.sent = self.sent[:-1], [[]]
        return told

    def tell(self, kind: int, code: int, value: int) -> None:
        """Be a program that sends an event to the device."""
        self.events.put(SimpleNamespace(type=kind, code=code, value=value))
        os.write(self._far, b"!")

    def read(self) -> list[Any]:
        os.read(self.fd, 1)
        return [self.events.get()]

    def begin_upload(self, number: int) -> Any:
        return SimpleNamespace(effect=self.requests[number], retval=None)

    def begin_erase(self, number: int) -> Any:
        return SimpleNamespace(effect_id=number, retval=None)

    def end_upload(self, upload: Any) -> None:
        self.answers.append(upload.retval)

    def end_erase(self, erase: Any) -> None:
        self.answers.append(erase.retval)

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            os.close(self.fd)
            os.close(self._far)


class Devices(list[FakeDevice]):
    """All that were made."""

    def make(self, name: str, abilities: Abilities, vendor: int, product: int) -> FakeDevice:
        self.append(FakeDevice(name, abilities))
        return self[-1]


def hands() -> tuple[UinputInjector, FakeDevice, FakeDevice, FakeDevice]:
    devices = Devices()
    injector = UinputInjector(Size(1920, 1080), devices.make)
    return (injector, *devices)


def test_keys_are_pressed_by_their_place_and_the_desktop_repeats_them() -> None:
    injector, keyboard, mouse, pointer = hands()
    injector.press_key(A, "q")
    injector.press_key(A, "q")
    injector.release_key(A)
    injector.release_key(A)
    assert keyboard.told() == [[(EV_KEY, KEY_A, 1)], [(EV_KEY, KEY_A, 0)]]
    injector.close()
    injector.close()
    assert all(device.is_closed for device in (keyboard, mouse, pointer))


def test_text_is_typed_without_the_modifiers_that_are_held() -> None:
    injector, keyboard, *_ = hands()
    injector.press_key(CTRL, "")
    keyboard.told()
    injector.type_text("aAж")
    assert [event for (event,) in keyboard.told()] == [
        (EV_KEY, LEFT_CTRL, 0), (EV_KEY, KEY_A, 1), (EV_KEY, KEY_A, 0), (EV_KEY, LEFT_SHIFT, 1), (EV_KEY, KEY_A, 1),
        (EV_KEY, KEY_A, 0), (EV_KEY, LEFT_SHIFT, 0), (EV_KEY, LEFT_CTRL, 1),
    ]  # fmt: skip
    injector.close()


def test_the_pointer_has_the_desktop_for_its_range_and_the_wheel_fractions() -> None:
    injector, _, mouse, pointer = hands()
    assert pointer.abilities[EV_ABS] == [(0, (0, 1919, 0, 0)), (1, (0, 1079, 0, 0))]
    injector.move_to(1919, 7)
    assert pointer.told() == [[(EV_ABS, 0, 1919), (EV_ABS, 1, 7)]]
    injector.move_by(-3, 4)
    injector.scroll(0, 60)
    injector.scroll(-120, 60)
    injector.press_button(3)
    injector.release_everything()
    assert mouse.told() == [
        [(EV_REL, 0, -3), (EV_REL, 1, 4)],
        [(EV_REL, 0x0B, 60)],
        [(EV_REL, 0x0C, -120), (EV_REL, 0x06, -1), (EV_REL, 0x0B, 60), (EV_REL, 0x08, 1)],
        [(EV_KEY, 0x111, 1)],
        [(EV_KEY, 0x111, 0)],
    ]
    injector.close()


def test_a_device_that_is_gone_is_lost() -> None:
    injector, keyboard, *_ = hands()
    keyboard.is_broken = True
    with pytest.raises(InputLostError, match=r"uinput was lost: .*No such device"):
        injector.press_key(A, "")
    injector.close()


def test_a_pad_has_the_buttons_hats_sticks_and_triggers_of_an_xbox_pad() -> None:
    devices = Devices()
    pads = UinputPads(lambda *_: None, devices.make)
    pads.plug(0, "mine")
    pads.plug(0, "mine")
    (pad,) = devices
    pads.set_buttons(0, 1 | 1 << 3 | 1 << 11 | 1 << 14)
    pads.set_buttons(0, 1 | 1 << 12)
    pads.set_axes(0, (-32_768, 32_767, 1, 2, 0, 32_767))
    pads.set_buttons(3, 1)  # there is none
    assert pad.told() == [
        [(EV_KEY, 0x130, 1), (EV_KEY, 0x134, 1), (EV_ABS, 0x10, 1), (EV_ABS, 0x11, -1)],
        [(EV_KEY, 0x134, 0), (EV_ABS, 0x10, 0), (EV_ABS, 0x11, 1)],
        [(EV_ABS, 0, -32_768), (EV_ABS, 1, 32_767), (EV_ABS, 3, 1), (EV_ABS, 4, 2), (EV_ABS, 2, 0), (EV_ABS, 5, 255)],
    ]
    pads.unplug(0)
    assert pad.is_closed
    pads.close()
    pads.close()


def effect(number: int, strong: int, weak: int, length_ms: int, kind: int = FF_RUMBLE) -> Any:
    rumble = SimpleNamespace(strong_magnitude=strong, weak_magnitude=weak)
    replay = SimpleNamespace(length=length_ms)
    return SimpleNamespace(id=number, type=kind, u=SimpleNamespace(ff_rumble_effect=rumble), ff_replay=replay)


def test_what_a_game_has_a_pad_do_comes_back_and_what_it_keeps_there_is_bounded() -> None:
    heard: queue.Queue[tuple[int, ...]] = queue.Queue()
    devices = Devices()
    pads = UinputPads(lambda *rumble: heard.put(rumble), devices.make)
    pads.plug(5, "mine")
    (pad,) = devices
    pad.requests = {number: effect(number, 100 + number, 200, 300) for number in range(40)}
    pad.requests[40] = effect(40, 1, 1, 1, kind=0x51)
    for number in range(41):
        pad.tell(EV_UINPUT, UI_FF_UPLOAD, number)
    pad.tell(EV_FF, 31, 1)
    assert heard.get(timeout=20) == (5, 131, 200, 300)
    pad.tell(EV_FF, 40, 1)
    pad.tell(EV_FF, 31, 0)
    assert heard.get(timeout=20) == (5, 0, 0, 0)
    pad.tell(EV_UINPUT, UI_FF_ERASE, 31)
    pad.tell(EV_FF, 31, 1)
    pad.tell(EV_FF, 0, 1)
    assert heard.get(timeout=20) == (5, 100, 200, 300)
    assert pad.answers == [0] * 32 + [-1] * 9 + [0]
    pads.close()


def test_a_kernel_without_uinput_and_one_that_keeps_it_closed_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_module, "NODE", str(tmp_path / "uinput"))
    with pytest.raises(NoBackendError, match="uinput: this kernel has no "):
        open_injector(wanted="uinput")
    with pytest.raises(NoBackendError, match=r"no virtual game pad runs .*this kernel has no "):
        open_pad_injector(lambda *_: None)
    (tmp_path / "uinput").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(BackendUnavailableError, match="may not write"):
        device_module.require_uinput()
