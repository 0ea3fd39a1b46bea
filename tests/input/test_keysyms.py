from __future__ import annotations

import pytest

from wavry.input.keysyms import composes, keysym_of, text_of
from wavry.input.us_keys import US_KEYS
from wavry.input.usages import KEY_PLACES

# ruff: noqa: RUF001 - letters of all scripts look like those of others


@pytest.mark.parametrize("text", "aZ~ äÿ€жЯΩ—😀\n\t\b\x1b\x7f")
def test_every_character_has_a_keysym_that_gives_it(text: str) -> None:
    keysym = keysym_of(text)
    assert keysym is not None
    assert text_of(keysym) == text


@pytest.mark.parametrize(
    ("keysym", "text"),
    [
        (0x6C6, "ф"), (0x6E6, "Ф"), (0x6A3, "ё"), (0x6AD, "ґ"), (0x7E1, "α"), (0x7F2, "σ"), (0x7F3, "ς"),
        (0x1B1, "ą"), (0xCE0, "א"), (0xDA1, "ก"), (0x20AC, "€"), (0xAA9, "—"), (0xFFB7, "7"), (0xFF8D, "\n"),
    ],
)  # fmt: skip
def test_old_keysyms_give_what_their_layouts_mean(keysym: int, text: str) -> None:
    assert text_of(keysym) == text


@pytest.mark.parametrize("keysym", [0, 0xFFE1, 0xFF51, 0xFE51, 0x1000000, 0x1110000, 2**32 - 1])
def test_keys_that_only_do_something_give_nothing(keysym: int) -> None:
    assert text_of(keysym) == ""


def test_controls_without_a_key_have_no_keysym_and_accents_compose() -> None:
    assert keysym_of("\0") is None
    assert keysym_of("\x85") is None
    assert composes(0xFE51)
    assert not composes(0xB4)


def test_each_place_of_the_keyboard_is_told_apart() -> None:
    assert len(KEY_PLACES) > 120
    shared = [usage for usage, place in KEY_PLACES.items() if [*KEY_PLACES.values()].count(place) > 1]
    assert shared == [0x31, 0x32]  # the backslash is one key, on whichever keyboard
    assert (KEY_PLACES[0x04].evdev, KEY_PLACES[0x27].evdev, KEY_PLACES[0xE7].evdev) == (30, 11, 126)


def test_a_us_keyboard_has_all_of_ascii() -> None:
    assert {chr(code) for code in range(0x20, 0x7F)} <= set(US_KEYS)
    assert all(usage in KEY_PLACES for usage, _ in US_KEYS.values())
    assert (US_KEYS["A"], US_KEYS["0"], US_KEYS["?"]) == ((4, True), (0x27, False), (0x38, True))
