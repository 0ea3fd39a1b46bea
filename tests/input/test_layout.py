from __future__ import annotations

import pytest

from wavry.input.x11_layout import LOCK, SHIFT, KeyboardLayout, KeySymbols, KeyType, Stroke

NUM, LEVEL3 = 1 << 4, 1 << 7
ONE = KeyType(0, {})
TWO = KeyType(SHIFT, {SHIFT: 1})
LETTER = KeyType(SHIFT | LOCK, {SHIFT: 1, LOCK: 1})
FOUR = KeyType(SHIFT | LEVEL3, {SHIFT: 1, LEVEL3: 2, SHIFT | LEVEL3: 3})
PAD = KeyType(SHIFT | NUM, {NUM: 1})

SHIFT_KEY, LEVEL3_KEY, A, TWO_KEY, NINE, EMPTY, AE = range(8, 15)


def key(*keysyms: int, types: tuple[int, ...] = (0,), info: int = 0) -> KeySymbols:
    width = len(keysyms) // len(types) if keysyms else 0
    return KeySymbols(len(types) if keysyms else 0, info, types, width, keysyms or (0,))


LAYOUT = (
    key(0xFFE1),
    key(0xFE03),
    key(ord("a"), ord("A"), 0x6C6, 0x6E6, types=(2, 2)),
    key(ord("2"), ord('"'), 0xB2, 0, types=(3,)),
    key(0xFF9A, 0xFFB9, types=(4,)),
    key(),
    key(0xC4),
)


@pytest.fixture
def layout() -> KeyboardLayout:
    return KeyboardLayout(
        SHIFT_KEY, LAYOUT, (ONE, TWO, LETTER, FOUR, PAD), {"AC01": A},
        [[SHIFT_KEY], [], [], [], [99], [], [], [LEVEL3_KEY]], frozenset({A}),
    )  # fmt: skip


def test_modifiers_and_groups_choose_what_a_key_gives(layout: KeyboardLayout) -> None:
    assert [layout.text(A, 0, mods) for mods in (0, SHIFT, LOCK, SHIFT | NUM)] == ["a", "A", "A", "A"]
    assert [layout.text(A, group, SHIFT) for group in (1, 2, 3)] == ["Ф", "A", "Ф"]
    assert [layout.text(TWO_KEY, 0, mods) for mods in (SHIFT, LEVEL3, SHIFT | LEVEL3)] == ['"', "²", ""]
    assert [layout.text(NINE, 0, mods) for mods in (0, NUM)] == ["", "9"]
    assert layout.text(EMPTY, 0, 0) == layout.text(200, 0, 0) == ""


def test_lock_makes_capitals_of_what_does_not_care_for_it(layout: KeyboardLayout) -> None:
    assert layout.text(AE, 0, 0) == layout.text(AE, 0, LOCK) == "Ä"


@pytest.mark.parametrize(("info", "text"), [(2 | 0x40, "A"), (2 | 0x80, "a"), (2 | 0x80 | 1 << 4, "A")])
def test_a_group_that_a_key_does_not_have_is_clamped_or_redirected(info: int, text: str) -> None:
    found = KeyboardLayout(8, [key(ord("a"), ord("A"), types=(0, 0), info=info)], (ONE,), {}, [[]] * 8, frozenset())
    assert found.text(8, 3, 0) == text


def test_a_character_is_found_with_the_fewest_modifiers(layout: KeyboardLayout) -> None:
    assert layout.find("a", 0, 0) == Stroke(A, 0)
    assert layout.find("A", 0, 0) == Stroke(A, SHIFT)
    assert layout.find("²", 0, 0) == Stroke(TWO_KEY, LEVEL3)
    assert layout.find("ф", 0, 0) is None
    assert layout.find("ф", 1, 0) == Stroke(A, 0)
    assert layout.find("9", 0, 0) is None  # only with Num Lock, which is left alone


def test_what_locked_modifiers_would_spoil_is_not_found(layout: KeyboardLayout) -> None:
    assert layout.find("a", 0, LEVEL3) == Stroke(A, 0)
    assert layout.find("2", 0, LEVEL3) is None
    assert layout.find("²", 0, LEVEL3) == Stroke(TWO_KEY, 0)


def test_spare_keys_are_those_without_symbols_and_are_never_found(layout: KeyboardLayout) -> None:
    assert layout.spare_keycodes() == [EMPTY]
    layout.leave_out([A])
    assert layout.find("a", 0, 0) is None
    assert layout.symbols(TWO_KEY) == (ord("2"), ord('"'), 0xB2)
    assert layout.symbols(EMPTY) == ()


def test_modifiers_are_pressed_by_keys_that_do_nothing_else(layout: KeyboardLayout) -> None:
    assert layout.keys_of(SHIFT | LEVEL3) == ([SHIFT_KEY, LEVEL3_KEY], 0)
    assert layout.keys_of(LOCK | SHIFT) == ([SHIFT_KEY], LOCK)
    assert layout.modifiers == {SHIFT_KEY, LEVEL3_KEY, 99}
