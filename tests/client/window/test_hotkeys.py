"""Hot-keys and the menu, with SDL's own events."""

from __future__ import annotations

from typing import Any

import pytest

from wavry.client.monitors import HostMonitors, MonitorLayout
from wavry.client.window.hotkeys import HotKeys
from wavry.client.window.menu import Menu, draw_entries
from wavry.client.window.sdl import sdl2

CTRL_ALT = sdl2.KMOD_LCTRL | sdl2.KMOD_LALT
SCANCODE_H = sdl2.SDL_SCANCODE_H


def key(kind: int, sym: int, modifiers: int = 0, *, scancode: int = 0, repeat: int = 0) -> Any:
    event = sdl2.SDL_Event()
    event.type = kind
    event.key.keysym.sym = sym
    event.key.keysym.mod = modifiers
    event.key.keysym.scancode = scancode or sdl2.SDL_GetScancodeFromKey(sym)
    event.key.repeat = repeat
    return event


def down(sym: int, modifiers: int = 0, *, scancode: int = 0, repeat: int = 0) -> Any:
    return key(sdl2.SDL_KEYDOWN, sym, modifiers, scancode=scancode, repeat=repeat)


def up(sym: int, modifiers: int = 0) -> Any:
    return key(sdl2.SDL_KEYUP, sym, modifiers)


def text() -> Any:
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_TEXTINPUT
    return event


def mouse(kind: int, x: int = 0, y: int = 0, button: int = 1) -> Any:
    event = sdl2.SDL_Event()
    event.type = kind
    if kind == sdl2.SDL_MOUSEMOTION:
        event.motion.x, event.motion.y = x, y
    else:
        event.button.x, event.button.y, event.button.button = x, y, button
    return event


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def hotkeys(done: list[str]) -> HotKeys:
    table = HotKeys()
    table.add("F10", "figures", lambda: done.append("figures"))
    table.add("Ctrl+Alt+H", "menu", lambda: done.append("menu"))
    return table


def test_a_hot_key_is_taken_with_its_repeats_and_its_release(hotkeys: HotKeys, done: list[str]) -> None:
    assert hotkeys.handle(down(sdl2.SDLK_F10))
    assert hotkeys.handle(down(sdl2.SDLK_F10, repeat=1))
    assert hotkeys.handle(up(sdl2.SDLK_F10))
    assert not hotkeys.handle(up(sdl2.SDLK_F10))  # of a press that nobody took
    assert done == ["figures"]


def test_all_other_keys_are_the_host_s(hotkeys: HotKeys, done: list[str]) -> None:
    for event in (
        down(sdl2.SDLK_h),
        up(sdl2.SDLK_h),
        down(sdl2.SDLK_h, sdl2.KMOD_LCTRL),
        down(sdl2.SDLK_h, CTRL_ALT | sdl2.KMOD_LSHIFT),
        down(sdl2.SDLK_F10, sdl2.KMOD_LSHIFT),
        down(sdl2.SDLK_F9),
        down(sdl2.SDLK_F10, repeat=1),  # held down since before the window had the focus
        text(),
    ):
        assert not hotkeys.handle(event)
    assert not done


def test_locks_do_not_matter_and_either_ctrl_will_do(hotkeys: HotKeys, done: list[str]) -> None:
    assert hotkeys.handle(down(sdl2.SDLK_h, sdl2.KMOD_RCTRL | sdl2.KMOD_LALT | sdl2.KMOD_NUM | sdl2.KMOD_CAPS))
    assert done == ["menu"]


def test_on_a_layout_without_latin_letters_the_place_counts(hotkeys: HotKeys, done: list[str]) -> None:
    # Where h is, a Russian layout has U+0440.
    assert hotkeys.handle(down(0x440, CTRL_ALT, scancode=SCANCODE_H))
    assert done == ["menu"]
    assert not hotkeys.handle(down(sdl2.SDLK_d, CTRL_ALT, scancode=SCANCODE_H))  # Dvorak: there is an h elsewhere


def test_a_text_that_a_hot_key_makes_is_taken_and_the_next_one_is_not(hotkeys: HotKeys) -> None:
    hotkeys.handle(down(sdl2.SDLK_h, CTRL_ALT))
    assert hotkeys.handle(text())
    assert not hotkeys.handle(down(sdl2.SDLK_a))
    assert not hotkeys.handle(text())


def test_two_hot_keys_can_not_be_the_same(hotkeys: HotKeys) -> None:
    with pytest.raises(ValueError, match="F10 is taken"):
        hotkeys.add("F10", "something else", lambda: None)


class Asked(HostMonitors):
    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.asked: list[int] = []
        self.layout = MonitorLayout((("west", 320, 480), ("east", 200, 100)), 0)

    def choose(self, number: int) -> None:
        self.asked.append(number)


@pytest.fixture
def monitors() -> Asked:
    return Asked()


@pytest.fixture
def menu(hotkeys: HotKeys, monitors: Asked) -> Menu:
    return Menu(hotkeys, monitors)


def press(menu: Menu, *keys: int) -> None:
    for sym in keys:
        assert menu.handle(down(sym))
        assert menu.handle(up(sym))


def test_the_menu_lists_hot_keys_and_monitors(menu: Menu) -> None:
    entries = menu.entries()
    assert [(entry.keys, entry.text, entry.mark) for entry in entries] == [
        ("", "Keys of this window", ""),
        ("F10", "figures", ""),
        ("Ctrl+Alt+H", "menu", ""),
        ("", "", ""),
        ("", "Monitors of the host", ""),
        ("0", "west, 320x480", "✓"),
        ("1", "east, 200x100", ""),
        ("", "", ""),
        ("", "Arrows and Return or the mouse choose, Escape closes", "faint"),
    ]
    sheet = draw_entries(entries, 1)
    assert any(sheet.pixels)


def test_arrows_pass_headings_by_and_return_chooses(menu: Menu, monitors: Asked, done: list[str]) -> None:
    menu.toggle()
    press(menu, sdl2.SDLK_DOWN, sdl2.SDLK_DOWN, sdl2.SDLK_DOWN, sdl2.SDLK_RETURN)
    assert monitors.asked == [1]
    assert not menu.is_open
    menu.toggle()
    press(menu, sdl2.SDLK_RETURN)
    assert done == ["figures"]
    menu.toggle()
    press(menu, sdl2.SDLK_UP, sdl2.SDLK_RETURN)  # round to the last line
    assert monitors.asked == [1, 1]


def test_a_digit_chooses_a_monitor_and_its_text_does_not_reach_the_host(menu: Menu, monitors: Asked) -> None:
    menu.toggle()
    assert menu.handle(down(sdl2.SDLK_1))
    assert not menu.is_open
    assert menu.handle(text())
    assert menu.handle(up(sdl2.SDLK_1))
    assert monitors.asked == [1]
    assert not menu.handle(down(sdl2.SDLK_1))


def test_escape_closes_and_a_key_that_was_down_before_is_released_on_the_host(menu: Menu) -> None:
    menu.toggle()
    assert not menu.handle(up(sdl2.SDLK_LCTRL))
    press(menu, sdl2.SDLK_ESCAPE)
    assert not menu.is_open
    assert not menu.handle(down(sdl2.SDLK_ESCAPE))


def test_while_it_is_open_no_hand_reaches_the_host(menu: Menu) -> None:
    assert not menu.handle(mouse(sdl2.SDL_MOUSEMOTION))
    menu.toggle()
    for event in (down(sdl2.SDLK_a), text(), mouse(sdl2.SDL_MOUSEMOTION), mouse(sdl2.SDL_MOUSEWHEEL)):
        assert menu.handle(event)
    assert not menu.handle(mouse(sdl2.SDL_MOUSEBUTTONUP, button=3))  # pressed before: the host must see its end
    assert menu.handle(mouse(sdl2.SDL_MOUSEBUTTONDOWN, 5, 5))  # beside the menu: closes it
    assert not menu.is_open
    assert menu.handle(mouse(sdl2.SDL_MOUSEBUTTONUP))
