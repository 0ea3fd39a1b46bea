"""A server's keyboard as data: which key gives what, and with which modifiers. Pure; XKB protocol, chapter 12."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wavry.input.keysyms import is_keypad, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SHIFT, LOCK = 1, 2
"""Bits of the two modifiers that have the same meaning everywhere."""

_SHIFT_KEYSYMS = (0xFFE1, 0xFFE2)
_LEVEL_KEYSYMS = (0xFE03, 0xFE11, 0xFF7E)
"""ISO_Level3_Shift, ISO_Level5_Shift, Mode_switch: keys that choose a symbol and do nothing else."""


class KeyType(NamedTuple):
    """How modifiers choose the level of a key."""

    mask: int
    """Modifiers that count."""

    levels: Mapping[int, int]
    """Level by those of them that are down; what is not here is level 0."""


class KeySymbols(NamedTuple):
    """What is on one key."""

    groups: int
    """How many it has; 0 for a key that gives nothing."""

    when_beyond: int
    """XKB's groupInfo: what to do where the keyboard's group is not one of these."""

    types: tuple[int, ...]
    """Index of each group's `KeyType`."""

    width: int
    """Levels that `keysyms` has for each group."""

    keysyms: tuple[int, ...]

    def group_of(self, group: int) -> int:
        """Return the group of this key that the keyboard's group means."""
        if group < self.groups:
            return group
        action = self.when_beyond & 0xC0
        if action == 0x40:
            return self.groups - 1
        if action == 0x80:
            wanted = self.when_beyond >> 4 & 3
            return wanted if wanted < self.groups else 0
        return group % self.groups


class Stroke(NamedTuple):
    """A key, and the modifiers that have to be down with it."""

    keycode: int
    modifiers: int


class KeyboardLayout:
    """What a keyboard gives.

    Args:
        first: Keycode of the first entry of `keys`.
        keys: Of each keycode.
        types: That the keys' groups refer to.
        names: Keycodes by XKB's name for their place.
        modifier_keys: Keycodes of each modifier bit, lowest bit first.
        repeating: Keycodes that the server repeats while they are down.
    """

    def __init__(
        self,
        first: int,
        keys: Sequence[KeySymbols],
        types: Sequence[KeyType],
        names: Mapping[str, int],
        modifier_keys: Sequence[Sequence[int]],
        repeating: frozenset[int],
    ) -> None:
        self._keys = {first + index: key for index, key in enumerate(keys)}
        self._types = types
        self.names = names
        self.repeating = repeating
        self.modifiers = frozenset(code for codes in modifier_keys for code in codes)
        """Keys that are modifiers."""
        self._pressable = dict(self._find_pressable(modifier_keys))
        self._by_text: dict[int, dict[str, list[Stroke]]] = {}
        self._left_out: frozenset[int] = frozenset()

    def _find_pressable(self, modifier_keys: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
        """Give the key of each modifier that only chooses symbols: Shift, and those for levels."""
        for index, codes in enumerate(modifier_keys):
            wanted = _SHIFT_KEYSYMS if index == 0 else _LEVEL_KEYSYMS if index >= 3 else ()
            for code in codes:
                key = self._keys.get(code)
                if key is not None and key.groups and key.keysyms[0] in wanted:
                    yield 1 << index, code
                    break

    def symbols(self, keycode: int) -> tuple[int, ...]:
        """Return the keysyms of a key, those at the end that are 0 left out."""
        key = self._keys.get(keycode)
        keysyms = [] if key is None else list(key.keysyms)
        while keysyms and not keysyms[-1]:
            keysyms.pop()
        return tuple(keysyms)

    def leave_out(self, keycodes: Iterable[int]) -> None:
        """Find no characters on these keys."""
        self._left_out = frozenset(keycodes)
        self._by_text.clear()

    def spare_keycodes(self) -> list[int]:
        """Return keycodes that give nothing and are no modifiers."""
        return [code for code, key in self._keys.items() if not any(key.keysyms) and code not in self.modifiers]

    def keysym(self, keycode: int, group: int, modifiers: int) -> int:
        """Return what a key gives; 0 for nothing."""
        key = self._keys.get(keycode)
        if key is None or not key.groups:
            return 0
        number = key.group_of(group)
        kind = self._types[key.types[number]]
        level = kind.levels.get(modifiers & kind.mask, 0)
        return key.keysyms[number * key.width + level] if level < key.width else 0

    def text(self, keycode: int, group: int, modifiers: int) -> str:
        """Return the text that a program makes of a key."""
        text = text_of(self.keysym(keycode, group, modifiers))
        if modifiers & LOCK and text and not self._consumes_lock(keycode, group):
            return text.upper()
        return text

    def _consumes_lock(self, keycode: int, group: int) -> bool:
        key = self._keys[keycode]
        return bool(self._types[key.types[key.group_of(group)]].mask & LOCK)

    def find(self, text: str, group: int, locked: int) -> Stroke | None:
        """Return how to give a character in a group, with the fewest modifiers; None if no key has it.

        Args:
            text: The character.
            group: Of the keyboard.
            locked: Modifiers that are locked and stay so.
        """
        if group not in self._by_text:
            self._by_text = {group: self._index(group)}  # one group at a time: few people use two at once
        fitting = [
            stroke._replace(modifiers=stroke.modifiers & ~locked)
            for stroke in self._by_text[group].get(text, ())
            if self._fits(stroke, group, locked)
        ]
        return min(fitting, key=lambda stroke: stroke.modifiers.bit_count(), default=None)

    def _fits(self, stroke: Stroke, group: int, locked: int) -> bool:
        """Whether the locked modifiers do no harm, and the others can be pressed."""
        key = self._keys[stroke.keycode]
        mask = self._types[key.types[key.group_of(group)]].mask
        return not locked & mask & ~stroke.modifiers and not self.keys_of(stroke.modifiers & ~locked)[1]

    def keys_of(self, modifiers: int) -> tuple[list[int], int]:
        """Return the keys that press modifiers, and those modifiers for which there is none."""
        codes = [code for bit, code in self._pressable.items() if modifiers & bit]
        for bit in self._pressable:
            modifiers &= ~bit
        return codes, modifiers

    def _index(self, group: int) -> dict[str, list[Stroke]]:
        found: dict[str, list[Stroke]] = {}
        for code, key in self._keys.items():
            if not key.groups or code in self._left_out:
                continue
            number = key.group_of(group)
            kind = self._types[key.types[number]]
            for level in range(key.width):
                keysym = key.keysyms[number * key.width + level]
                text = "" if is_keypad(keysym) else text_of(keysym)
                if text:
                    masks = [mask for mask, at in kind.levels.items() if at == level]
                    if level == 0 and kind.levels.get(0, 0) == 0:
                        masks.append(0)
                    found.setdefault(text, []).extend(Stroke(code, mask) for mask in masks)
        return found
