"""Keys, text and pointer on a real X server, as real programs see them."""

from __future__ import annotations

import random
import subprocess
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from Xlib.display import Display

from tests.support.programs import PATIENCE_S
from tests.support.x11_programs import XTerminal, XWatcher
from tests.support.xserver import XServer
from wavry.errors import BackendUnavailableError, InputLostError
from wavry.input.x11 import X11Injector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, C, LEFT_CTRL, LEFT_SHIFT, CAPS = 0x04, 0x06, 0xE0, 0xE1, 0x39
A_CODE, CTRL_CODE, SHIFT_CODE = 38, 37, 50

LETTERS = "abcXYZ 0123#$%&{}[]äöüÄÖÜßéабвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЖЩЯ€—„“"
MIXED = "".join(random.Random(7).choices(LETTERS, k=500))


@pytest.fixture
def server() -> Iterator[XServer]:
    with XServer() as server:
        yield server


@pytest.fixture
def hands(server: XServer) -> Iterator[X11Injector]:
    injector = X11Injector(server.display)
    yield injector
    injector.close()


def set_layout(server: XServer, *arguments: str) -> None:
    subprocess.run(["setxkbmap", "-display", server.display, *arguments], check=True)


def keyboard_map(server: XServer) -> list[list[int]]:
    display = Display(server.display)
    try:
        return [list(keysyms) for keysyms in display.get_keyboard_mapping(8, 248)]
    finally:
        display.close()


def repeats(server: XServer, keycode: int) -> bool:
    display = Display(server.display)
    try:
        return bool(display.get_keyboard_control().auto_repeats[keycode >> 3] >> (keycode & 7) & 1)
    finally:
        display.close()


def pointer(server: XServer) -> tuple[int, int]:
    display = Display(server.display)
    try:
        found = display.screen().root.query_pointer()
        return found.root_x, found.root_y
    finally:
        display.close()


@pytest.mark.parametrize("layout", [("us",), ("de",), ("us,ru", "-option", "grp:caps_toggle")])
def test_five_hundred_letters_of_three_scripts_arrive_exactly(
    server: XServer, tmp_path: Path, layout: tuple[str, ...]
) -> None:
    set_layout(server, "-layout", *layout)
    hands = X11Injector(server.display)
    before = keyboard_map(server)
    with XTerminal(server, tmp_path, len(MIXED.encode())) as terminal:
        for start in range(0, len(MIXED), 50):
            hands.type_text(MIXED[start : start + 50])
        assert terminal.text() == MIXED
    hands.close()
    assert keyboard_map(server) == before


def test_in_another_group_of_the_layout_its_letters_are_keys(server: XServer, tmp_path: Path) -> None:
    set_layout(server, "-layout", "us,ru", "-option", "grp:caps_toggle")
    hands = X11Injector(server.display)
    before = keyboard_map(server)
    with XTerminal(server, tmp_path, len("фыва ФЫ as".encode())) as terminal:
        hands.press_key(CAPS, "")
        hands.release_key(CAPS)
        hands.type_text("фыва ФЫ")
        assert keyboard_map(server) == before
        hands.type_text(" as")
        assert terminal.text() == "фыва ФЫ as"
    hands.close()


def test_a_key_that_gives_what_was_meant_is_pressed_and_another_is_typed(
    server: XServer, hands: X11Injector, tmp_path: Path
) -> None:
    with XTerminal(server, tmp_path, len("aöAq".encode())) as terminal:
        for usage, text in ((A, "a"), (0x33, "ö"), (A, "A"), (A, "q")):
            hands.press_key(usage, text)
            hands.release_key(usage)
        assert terminal.text() == "aöAq"


def test_held_modifiers_and_caps_lock_do_not_change_what_is_typed(
    server: XServer, hands: X11Injector, tmp_path: Path
) -> None:
    with XTerminal(server, tmp_path, len("aÄжAb".encode())) as terminal:
        hands.press_key(CAPS, "")
        hands.release_key(CAPS)
        hands.press_key(LEFT_SHIFT, "")
        hands.type_text("aÄж")
        hands.release_key(LEFT_SHIFT)
        hands.press_key(A, "A")  # Caps Lock is still on
        hands.release_key(A)
        hands.type_text("b")
        assert terminal.text() == "aÄжAb"


def test_a_chord_reaches_programs_as_it_was_made(server: XServer, hands: X11Injector) -> None:
    with XWatcher(server) as watcher:
        hands.press_key(LEFT_CTRL, "")
        hands.press_key(C, "")
        hands.release_key(C)
        hands.release_key(LEFT_CTRL)
        watcher.wait_for("release 37")
        assert watcher.seen == ["press 37", "press 54", "release 54", "release 37"]


def test_only_the_client_repeats_a_key(server: XServer, hands: X11Injector) -> None:
    with XWatcher(server) as watcher:
        assert repeats(server, A_CODE)
        hands.press_key(A, "a")
        assert not repeats(server, A_CODE)
        hands.press_key(A, "a")
        hands.release_key(A)
        watcher.wait_for("release 38")
        watcher.wait_for("release 38")
        assert watcher.seen == ["press 38", "release 38", "press 38", "release 38"]
        assert repeats(server, A_CODE)


def test_closing_lets_go_and_puts_everything_back(server: XServer) -> None:
    before = keyboard_map(server)
    hands = X11Injector(server.display)
    with XWatcher(server) as watcher:
        hands.press_key(LEFT_SHIFT, "")
        hands.press_key(A, "")
        hands.type_text("ж")
        hands.press_button(1)
        assert keyboard_map(server) != before
        hands.close()
        hands.close()
        watcher.wait_for("release 38")
        watcher.wait_for("release 50")
        assert "button 1 release" in watcher.seen
    assert keyboard_map(server) == before
    assert repeats(server, A_CODE)


def test_at_rest_the_layout_is_put_back_once_what_was_typed_has_been_read(
    server: XServer, hands: X11Injector, tmp_path: Path
) -> None:
    before = keyboard_map(server)
    with XTerminal(server, tmp_path, len("жä".encode())) as terminal:
        hands.type_text("жä")
        assert terminal.text() == "жä"
        deadline = monotonic() + PATIENCE_S
        while keyboard_map(server) != before and monotonic() < deadline:
            hands.rest()
    assert keyboard_map(server) == before


def test_an_accent_that_waits_for_a_letter_is_left_to_the_client_but_a_chord_with_it_is_not(server: XServer) -> None:
    set_layout(server, "-layout", "de")
    hands = X11Injector(server.display)
    acute = 0x2E
    with XWatcher(server) as watcher:
        hands.press_key(acute, "")
        hands.release_key(acute)
        hands.press_key(LEFT_CTRL, "")
        hands.press_key(acute, "")
        hands.close()
        watcher.wait_for("release 37")
        assert watcher.seen == ["press 37", "press 21", "release 21", "release 37"]


def test_another_layout_is_followed_and_left_as_it_is(server: XServer, hands: X11Injector, tmp_path: Path) -> None:
    with XTerminal(server, tmp_path, len("zyж ß".encode())) as terminal:
        hands.type_text("zyж ")
        set_layout(server, "-layout", "de")
        german = keyboard_map(server)
        hands.type_text("ß")
        assert terminal.text() == "zyж ß"
    hands.close()
    assert keyboard_map(server) == german


def test_the_pointer_goes_to_the_pixel(server: XServer, hands: X11Injector) -> None:
    for place in ((0, 0), (639, 479), (17, 311)):
        hands.move_to(*place)
        assert pointer(server) == place
    hands.move_to(100, 100)
    hands.move_by(-20, 30)
    assert pointer(server) == (80, 130)


def test_all_buttons_and_both_wheels_arrive(server: XServer, hands: X11Injector) -> None:
    with XWatcher(server) as watcher:
        hands.move_to(100, 100)
        for button in range(1, 6):
            hands.press_button(button)
            hands.release_button(button)
        hands.scroll(0, 120)
        hands.scroll(0, -60)
        hands.scroll(0, -60)
        hands.scroll(240, 0)
        hands.scroll(-120, 0)
        watcher.wait_for("button 6 release")
        pressed = [event.split()[1] for event in watcher.seen if event.endswith(" press")]
        assert pressed == ["1", "2", "3", "8", "9", "4", "5", "7", "7", "6"]


def test_a_server_that_dies_is_lost_and_one_that_is_not_there_refuses(server: XServer) -> None:
    hands = X11Injector(server.display)
    server.kill()
    with pytest.raises(InputLostError, match="x11 was lost: the X server closed the connection"):
        hands.press_key(A, "a")
    hands.close()
    with pytest.raises(BackendUnavailableError, match="cannot connect to X display"):
        X11Injector(server.display)
