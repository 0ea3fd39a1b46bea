"""What the process held when its stages passed their checkpoints: the last of each name, for the memory's curve."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wavry.clock import monotonic
from wavry.memory import MemoryCheckpoint, set_checkpoint_recorder

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NAMES = 16
"""A host has five. 0.5 kB each."""

INTERVAL_S = 10.0
"""Between two measurements at the same checkpoint; 20 µs each."""


class _Point:
    """One name."""

    __slots__ = ("due_at", "passes", "taken")

    def __init__(self) -> None:
        self.passes = 0
        self.due_at = 0.0
        self.taken: MemoryCheckpoint | None = None


class LastCheckpoints:
    """A recorder that keeps the last measurement of each checkpoint, and passes everything on to the one before it.

    Called on the stages' threads, 0.3 µs a pass.
    """

    def __init__(self) -> None:
        self._points: dict[str, _Point] = {}
        self._baseline = MemoryCheckpoint.capture("start")
        self._before: Callable[[str], None] | None = None

    def start(self) -> None:
        """Begin to record."""
        self._before = set_checkpoint_recorder(self)

    def stop(self) -> None:
        """Record no more."""
        set_checkpoint_recorder(self._before)

    def __call__(self, name: str) -> None:
        """Count a pass, and measure if it is time."""
        if self._before is not None:
            self._before(name)
        point = self._points.get(name)
        if point is None:
            if len(self._points) >= MAX_NAMES:
                return
            point = self._points[name] = _Point()
        point.passes += 1
        now = monotonic()
        if now >= point.due_at:
            point.due_at = now + INTERVAL_S
            point.taken = MemoryCheckpoint.capture(name)

    def as_list(self) -> list[dict[str, object]]:
        """Return the checkpoints ready for JSON, by name."""
        wall_s = time.time() - monotonic()
        found = [(name, point.passes, point.taken) for name, point in sorted(self._points.items())]
        return [
            {
                "name": name,
                "at_s": round(wall_s + taken.timestamp, 1),
                "rss_mb": round(taken.rss_mb, 3),
                "delta_mb": round(taken.rss_mb - self._baseline.rss_mb, 3),
                "passes": passes,
            }
            for name, passes, taken in found
            if taken is not None
        ]
