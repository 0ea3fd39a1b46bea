"""Keycodes without symbols, lent to characters that no key has. Pure: it says what is to be bound, and when.

Programs read the layout anew some time after they were told that it has changed, and a press is understood by the
layout of that moment. So a symbol may be replaced only when the last press of it has certainly been read.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

READ_BY_S = 0.25
"""A program that is not stuck has read a key press after this time."""


class Slot(NamedTuple):
    """One symbol of a spare key."""

    keycode: int
    level: int
    """1: with Shift."""


class SpareKeys:
    """Lends slots to characters, the least recently used first.

    Args:
        keycodes: Those without symbols.
        levels: 2 where there is a Shift key.
    """

    def __init__(self, keycodes: Iterable[int], levels: int) -> None:
        codes = tuple(keycodes)
        self._free = [Slot(code, level) for level in reversed(range(levels)) for code in reversed(codes)]
        self._bound: OrderedDict[str, Slot] = OrderedDict()
        """The least recently used character is the first."""
        self._pressed_at: dict[Slot, float] = {}
        self.keycodes = frozenset(codes)

    def __len__(self) -> int:
        """Return how many characters are bound."""
        return len(self._bound)

    def slot_of(self, character: str, *, now: float) -> Slot | None:
        """Return the slot that a character has, as pressed now; None if it has none."""
        slot = self._bound.get(character)
        if slot is not None:
            self._bound.move_to_end(character)
            self._pressed_at[slot] = now
        return slot

    def wait_s(self, *, now: float) -> float | None:
        """Return for how long no slot can be lent to another character; None if there are no slots at all."""
        slot = self._next()
        return None if slot is None else max(0.0, self._pressed_at.get(slot, -READ_BY_S) + READ_BY_S - now)

    def _next(self) -> Slot | None:
        if self._free:
            return self._free[-1]
        return next(iter(self._bound.values()), None)

    def lend(self, character: str, *, now: float) -> Slot:
        """Give a character a slot, and press it; call after `wait_s` has passed."""
        slot = self._free.pop() if self._free else self._bound.popitem(last=False)[1]
        self._bound[character] = slot
        self._pressed_at[slot] = now
        return slot

    def symbols(self, keycode: int) -> list[str]:
        """Return what a key is to give, by level: nothing, or two characters.

        A character that is alone is there twice: the server would make a pair of cases of a single letter, and a
        program that knows a key with one level may not look for a second.
        """
        by_level = {slot.level: character for character, slot in self._bound.items() if slot.keycode == keycode}
        any_level = next(iter(by_level.values()), None)
        return [] if any_level is None else [by_level.get(level, any_level) for level in (0, 1)]

    def bound_keycodes(self) -> set[int]:
        """Return the keys that give something now."""
        return {slot.keycode for slot in self._bound.values()}

    def take_back(self, *, now: float) -> set[int]:
        """Take back every slot that has been read; return the keys that have changed."""
        changed = set()
        for character, slot in list(self._bound.items()):
            if self._pressed_at[slot] + READ_BY_S <= now:
                del self._bound[character]
                self._free.append(slot)
                changed.add(slot.keycode)
        return changed

    @property
    def read_at(self) -> float:
        """When everything that is bound has been read."""
        return max((self._pressed_at[slot] for slot in self._bound.values()), default=-READ_BY_S) + READ_BY_S
