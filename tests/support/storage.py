"""Storage for pools under test."""

from __future__ import annotations


class CountedStorage:
    """Storage that knows how many of its kind are open; tests take a subclass each, so that each counts its own."""

    open: int = 0

    def __init__(self, size_bytes: int) -> None:
        self.view = memoryview(bytearray(size_bytes))
        self.is_open = True
        type(self).open += 1

    def close(self) -> None:
        assert self.is_open, "closed twice"
        self.is_open = False
        type(self).open -= 1


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
