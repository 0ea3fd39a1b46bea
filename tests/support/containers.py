"""Finds what grows: walks the objects of a running program and weighs each container that no account covers."""

from __future__ import annotations

import array
import asyncio
import mmap
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CONTAINERS = (list, dict, set, frozenset, deque, tuple)
_BYTES = (bytes, bytearray, memoryview, array.array, mmap.mmap)
_OURS = ("wavry.", "aioquic.", "tests.")
"""Whose objects are looked into. Everything else is a leaf: the interpreter, the event loop, FFmpeg, SDL."""


def weigh(roots: dict[str, object], covered: Iterable[object]) -> dict[str, int]:
    """Return the bytes of each container that can be reached from `roots` by attributes.

    Args:
        roots: Where to begin, by name.
        covered: Accounts of the memory budget; neither they nor what only they hold is looked at.

    Returns:
        For each path like `Host._broadcast.QuicLink._early` the bytes in it. Elements of a container have no path of
        their own, so a dict of connections that grows is one path however many there are.
    """
    weights: dict[str, int] = {}
    seen = {id(each) for each in covered}
    waiting: deque[tuple[str, object]] = deque(roots.items())
    while waiting:
        path, owner = waiting.popleft()
        if id(owner) in seen:
            continue
        seen.add(id(owner))
        for name, value in _attributes(owner):
            where = f"{path}.{name}"
            if isinstance(value, _CONTAINERS + _BYTES):
                if id(value) in seen:
                    continue
                weights[where] = weights.get(where, 0) + _weight(value, where, seen, waiting, 0)
            elif _is_ours(value):
                waiting.append((where, value))
    return weights


def _weight(value: object, where: str, seen: set[int], waiting: deque[tuple[str, object]], depth: int) -> int:
    """Weigh a container with the containers and bytes in it; what else is in it is looked into later."""
    if id(value) in seen:
        return 0
    if isinstance(value, _BYTES):
        return value.nbytes if isinstance(value, memoryview) else sys.getsizeof(value)
    if not isinstance(value, _CONTAINERS):
        if _is_ours(value):
            waiting.append((f"{where}[]", value))
        return 64
    seen.add(id(value))
    total = sys.getsizeof(value)
    if depth < 6:
        for element in _elements(value):
            total += _weight(element, where, seen, waiting, depth + 1)
    return total


def _elements(value: Any) -> list[object]:
    for _ in range(100):
        try:
            return [*value, *value.values()] if isinstance(value, dict) else list(value)
        except RuntimeError:  # another thread is changing it
            continue
    raise AssertionError("a container that never stands still")


def _attributes(owner: object) -> Iterator[tuple[str, object]]:
    for name, value in list(getattr(owner, "__dict__", {}).items()):
        yield name, _bound_to(value)
    for kind in type(owner).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if not name.startswith("__"):
                private = f"_{kind.__name__.lstrip('_')}{name}"
                yield name, _bound_to(getattr(owner, name, getattr(owner, private, None)))


def _bound_to(value: object) -> object:
    """Of a bound method, its owner: a callback is a way to an object as good as any."""
    return getattr(value, "__self__", value) if callable(value) else value


def _is_ours(value: object) -> bool:
    if isinstance(value, type | asyncio.Future | threading.Thread):
        return False
    return type(value).__module__.startswith(_OURS)
