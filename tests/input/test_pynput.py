"""pynput's way on controllers that write down what they are told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from wavry.errors import InputLostError, NoBackendError
from wavry.input import open_injector
from wavry.input.pynput import PynputInjector
from wavry.input.pynput_keys import MAC, WINDOWS
from wavry.input.usages import KEY_PLACES

A, LEFT, CTRL = 0x04, 0x50, 0xE0


class Controller:
    """Of keyboard or mouse."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.is_broken = False

    def __getattr__(self, name: str) -> Any:
        def tell(*arguments: object) -> None:
            if self.is_broken:
                raise RuntimeError("the session is locked")
            self.told.append((name, *arguments))

        return tell


def hands() -> tuple[PynputInjector, Controller, Controller]:
    keyboard, mouse = Controller(), Controller()
    buttons = SimpleNamespace(left="L", middle="M", right="R", x1="X1")
    return (
        PynputInjector(
            SimpleNamespace(Controller=lambda: keyboard, KeyCode=SimpleNamespace(from_vk=lambda code: code)),
            SimpleNamespace(Controller=lambda: mouse, Button=buttons),
            WINDOWS,
        ),
        keyboard,
        mouse,
    )


def test_text_is_typed_and_all_else_is_pressed_and_repeats() -> None:
    injector, keyboard, _ = hands()
    injector.press_key(A, "ж")
    injector.release_key(A)
    injector.press_key(LEFT, "")
    injector.press_key(LEFT, "")
    injector.release_key(LEFT)
    assert keyboard.told == [("type", "ж"), ("press", 0x25), ("press", 0x25), ("release", 0x25)]


def test_held_modifiers_are_put_aside_while_text_is_typed_and_let_go_at_the_end() -> None:
    injector, keyboard, _ = hands()
    injector.press_key(CTRL, "")
    injector.type_text("x")
    injector.close()
    injector.close()
    assert [name for name, _ in keyboard.told] == ["press", "release", "type", "press", "release"]


def test_the_pointer_moves_clicks_and_scrolls() -> None:
    injector, _, mouse = hands()
    injector.move_to(10, 20)
    assert mouse.position == (10, 20)
    injector.move_by(1, -1)
    injector.press_button(4)
    injector.press_button(5)  # this system has none
    injector.scroll(0, 60)
    injector.scroll(0, 60)
    injector.release_everything()
    assert mouse.told == [("move", 1, -1), ("press", "X1"), ("scroll", 0, 1), ("release", "X1")]


def test_what_the_system_refuses_is_a_loss() -> None:
    injector, keyboard, _ = hands()
    keyboard.is_broken = True
    with pytest.raises(InputLostError, match="pynput was lost: RuntimeError the session is locked"):
        injector.press_key(LEFT, "")


def test_tables_name_only_keys_that_there_are() -> None:
    for codes in (WINDOWS, MAC):
        assert set(codes) <= set(KEY_PLACES)
        assert all(0 <= code <= 0xFE for code in codes.values())


def test_elsewhere_it_refuses() -> None:
    with pytest.raises(NoBackendError, match="pynput: not on linux"):
        open_injector(wanted="pynput")
