"""When a state that travels in datagrams is due: soon after it changed, and again until it must have come."""

from __future__ import annotations

MIN_INTERVAL_S = 0.004
"""Between two datagrams of one state: at most 250 a second, more often than any screen shows."""

REPEATS_S = (0.015, 0.040, 0.100, 0.200)
"""After the last change it is told again so much later, so that only a burst longer than that loses it for good."""

_TOLERANCE_S = 1e-6
"""A timer that fires so much early is on time."""


class Repetition:
    """The schedule of one state. The owner says when it changed and when it was sent; ten numbers, whatever happens."""

    __slots__ = ("_changed_at", "_is_changed", "_repeats", "_sent_at")

    def __init__(self) -> None:
        self._is_changed = False
        self._changed_at = 0.0
        self._sent_at = float("-inf")
        self._repeats = len(REPEATS_S)

    @property
    def is_changed(self) -> bool:
        """Whether what was sent last is not the present state."""
        return self._is_changed

    @property
    def due_at(self) -> float | None:
        """When it is due; None while there is nothing to tell."""
        if self._is_changed:
            return self._sent_at + MIN_INTERVAL_S
        if self._repeats < len(REPEATS_S):
            return self._changed_at + REPEATS_S[self._repeats]
        return None

    def is_due(self, now: float) -> bool:
        """Whether it is due."""
        due_at = self.due_at
        return due_at is not None and now >= due_at - _TOLERANCE_S

    def change(self, now: float) -> None:
        """Note that the state is another one."""
        self._is_changed = True
        self._changed_at = now
        self._repeats = 0

    def hasten(self) -> None:
        """Have a change told now, however short ago the last one was told: something happens at that place."""
        if self._is_changed:
            self._sent_at = float("-inf")

    def sent(self, now: float) -> None:
        """Note that the present state was sent."""
        self._is_changed = False
        self._sent_at = now
        while self._repeats < len(REPEATS_S) and self._changed_at + REPEATS_S[self._repeats] <= now + _TOLERANCE_S:
            self._repeats += 1

    def stop(self) -> None:
        """Have nothing to tell any more."""
        self._is_changed = False
        self._repeats = len(REPEATS_S)
