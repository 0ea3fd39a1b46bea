"""Small integers for things: the lowest that are free, given back when the thing goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Slots(Generic[T]):
    """Numbers hashable things, from 0 up, leaving few holes."""

    __slots__ = ("_free", "_slot_of", "_things")

    def __init__(self) -> None:
        self._slot_of: dict[T, int] = {}
        self._things: list[T | None] = []
        self._free: list[int] = []

    def add(self, thing: T) -> int:
        """Return the thing's slot, a new one if it had none."""
        slot = self._slot_of.get(thing)
        if slot is None:
            if not self._free:
                self._free.append(len(self._things))
                self._things.append(None)
            slot = self._free.pop()
            self._slot_of[thing] = slot
            self._things[slot] = thing
        return slot

    def remove(self, thing: T) -> int:
        """Free the thing's slot and return it."""
        slot = self._slot_of.pop(thing)
        self._things[slot] = None
        self._free.append(slot)
        return slot

    def __getitem__(self, slot: int) -> T:
        thing = self._things[slot]
        assert thing is not None  # who holds a slot holds its thing
        return thing

    def __contains__(self, thing: T) -> bool:
        return thing in self._slot_of

    def __iter__(self) -> Iterator[T]:
        return iter(self._slot_of)

    def numbered(self) -> list[tuple[T, int]]:
        """Return all things with their slots; things may be removed meanwhile."""
        return list(self._slot_of.items())

    def __len__(self) -> int:
        return len(self._slot_of)
