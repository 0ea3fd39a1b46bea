from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sdl_events import key_down, key_up, sdl_queue, text_event
from wavry.client.hands.deeds import KeyPressed, KeyReleased, TextEntered
from wavry.client.hands.keyboard import Keyboard, take_text
from wavry.client.window.sdl import sdl2

if TYPE_CHECKING:
    from wavry.client.hands.deeds import Deed

__all__ = ["sdl_queue"]

pytestmark = pytest.mark.usefixtures("sdl_queue")

A, E, SPARE = 4, 8, 0x6F
"""Scancodes: two letters, and F20, a key that no keyboard has."""
SHIFT, GRAVE, ENTER, KEYPAD_7, MEDIA = sdl2.SDL_SCANCODE_LSHIFT, 0x35, 0x28, 0x5F, 259


def deeds_of(*events: Any, gives_text: bool = True) -> list[Deed]:
    """Put events into SDL's queue and let a keyboard take them out, as the window does."""
    deeds: list[Deed] = []
    keyboard = Keyboard(deeds.append, take_text)
    keyboard.gives_text = gives_text
    for each in events:
        assert sdl2.SDL_PushEvent(each) == 1
    event = sdl2.SDL_Event()
    while sdl2.SDL_PollEvent(event):
        keyboard.handle(event)
    return deeds


def test_a_key_goes_with_the_text_behind_it() -> None:
    assert deeds_of(key_down(A, ord("a")), text_event("ä"), key_up(A)) == [KeyPressed(A, "ä"), KeyReleased(A)]


def test_a_key_that_repeats_is_pressed_again() -> None:
    events = [key_down(A, ord("a")), text_event("a"), key_down(A, ord("a"), repeat=True), text_event("a"), key_up(A)]
    assert deeds_of(*events) == [KeyPressed(A, "a"), KeyPressed(A, "a"), KeyReleased(A)]


def test_something_of_the_window_between_key_and_text_parts_them_not() -> None:
    picture = sdl2.SDL_Event()
    picture.type = sdl2.SDL_USEREVENT
    assert deeds_of(key_down(A, ord("a")), picture, text_event("a")) == [KeyPressed(A, "a")]


def test_text_without_a_key_is_typed() -> None:
    assert deeds_of(text_event("ж"), text_event("日本")) == [TextEntered("ж"), TextEntered("日本")]


def test_text_behind_a_modifier_is_not_that_of_the_modifier() -> None:
    events = [key_down(SHIFT, sdl2.SDLK_LSHIFT), text_event("Я"), key_up(SHIFT)]
    assert deeds_of(*events) == [KeyPressed(SHIFT, ""), TextEntered("Я"), KeyReleased(SHIFT)]


def test_text_behind_the_release_of_another_key_is_not_that_of_the_key() -> None:
    events = [key_down(KEYPAD_7, sdl2.SDLK_KP_7), key_up(KEYPAD_7), text_event("ü")]
    assert deeds_of(*events) == [KeyPressed(KEYPAD_7, ""), KeyReleased(KEYPAD_7), TextEntered("ü")]


def test_a_dead_key_stays_here_and_what_it_makes_is_sent() -> None:
    events = [key_down(GRAVE, ord("`")), key_up(GRAVE), key_down(E, ord("e")), text_event("è"), key_up(E)]
    assert deeds_of(*events) == [KeyReleased(GRAVE), KeyPressed(E, "è"), KeyReleased(E)]


def test_a_key_that_makes_no_text_is_sent_as_it_is() -> None:
    assert deeds_of(key_down(ENTER, sdl2.SDLK_RETURN), key_up(ENTER)) == [KeyPressed(ENTER, ""), KeyReleased(ENTER)]


@pytest.mark.parametrize("mod", [sdl2.KMOD_LCTRL, sdl2.KMOD_LALT, sdl2.KMOD_RGUI])
def test_a_command_has_no_text(mod: int) -> None:
    assert deeds_of(key_down(A, ord("a"), mod)) == [KeyPressed(A, "")]
    assert deeds_of(key_down(A, ord("a"), mod), text_event("a")) == [KeyPressed(A, "")]


def test_what_alt_gr_makes_is_text() -> None:
    assert deeds_of(key_down(E, ord("e"), sdl2.KMOD_RALT), text_event("€")) == [KeyPressed(E, "€")]


def test_the_keypad_gives_text_only_where_it_does() -> None:
    assert deeds_of(key_down(KEYPAD_7, sdl2.SDLK_KP_7), text_event("7")) == [KeyPressed(KEYPAD_7, "7")]


def test_a_spare_key_that_was_bound_to_a_letter_goes_with_it() -> None:
    assert deeds_of(key_down(SPARE, ord("ö")), text_event("ö")) == [KeyPressed(SPARE, "ö")]


def test_a_key_without_a_usage_is_nothing_but_its_text() -> None:
    assert deeds_of(key_down(MEDIA, ord("x")), text_event("x"), key_up(MEDIA)) == [TextEntered("x")]
    assert deeds_of(key_down(MEDIA, sdl2.SDLK_AUDIOPLAY), key_up(MEDIA)) == []


def test_a_game_gets_keys_and_no_text() -> None:
    events = [key_down(A, ord("a")), key_up(A)]
    assert deeds_of(*events, gives_text=False) == [KeyPressed(A, ""), KeyReleased(A)]
