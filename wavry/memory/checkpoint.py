"""Checkpoints: what the process held when a stage passed a point, and the hook by which stages say so.

A stage says `checkpoint("capture_frame_acquired")` and knows nothing of who listens. With nobody listening that is
one call and one comparison (50 ns); with `CheckpointLog` it is a look at the clock, except once per interval and
name, when memory is measured and a line is written (about 60 µs).
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from wavry.clock import monotonic
from wavry.memory.metrics import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

_MB = 1_000_000

_recorder: Callable[[str], None] | None = None


def checkpoint(name: str) -> None:
    """Tell the recorder, if there is one, that the point `name` was passed. Callable from any thread."""
    if _recorder is not None:
        _recorder(name)


def set_checkpoint_recorder(recorder: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """Choose who is told of checkpoints in this process; None for nobody. Return who was told until now.

    Args:
        recorder: Called with the name, on the stage's own thread, so it must be quick and must not raise.
    """
    global _recorder  # one process has one recorder, and stages must not carry it around
    before, _recorder = _recorder, recorder
    return before


@dataclass(frozen=True, slots=True)
class MemoryDelta:
    """What changed between two checkpoints."""

    name: str
    elapsed_ms: int
    rss_delta_mb: float
    alloc_delta: int


@dataclass(frozen=True, slots=True)
class MemoryCheckpoint:
    """What the process held at one moment."""

    name: str
    timestamp: float
    """Monotonic seconds."""

    rss_mb: float
    """Resident set size in MB (10**6 bytes), exact to a page: whole megabytes would hide a leak for hours."""

    allocation_count: int
    """Live blocks of Python's allocator."""

    @classmethod
    def capture(cls, name: str) -> MemoryCheckpoint:
        """Measure now. About 20 µs on Linux."""
        return cls(name, monotonic(), resident_bytes() / _MB, sys.getallocatedblocks())

    def delta_from_baseline(self, baseline: MemoryCheckpoint) -> MemoryDelta:
        """Return what changed since `baseline`."""
        return MemoryDelta(
            self.name,
            round((self.timestamp - baseline.timestamp) * 1000),
            self.rss_mb - baseline.rss_mb,
            self.allocation_count - baseline.allocation_count,
        )


_MAX_NAMES = 64
"""There are about ten; the bound is for whoever calls `checkpoint` with made-up names."""


class CheckpointLog:
    """A recorder that writes a line per name and interval.

    A line is `MemoryCheckpoint SECONDS RSS_MB name=NAME delta_mb=D alloc=N alloc_delta=D passes=N`: seconds since
    start and RSS are plain numbers, so that `awk '{print $2, $3}'` has something to plot.

    Args:
        interval_s: Least time between two lines of the same name.
        stream: Where lines go; each is written with one call.
    """

    def __init__(self, interval_s: float, stream: TextIO) -> None:
        self._interval_s = interval_s
        self._stream = stream
        self._baseline = MemoryCheckpoint.capture("start")
        self._lock = threading.Lock()
        self._due_at: dict[str, float] = {}
        self._passes: dict[str, int] = {}

    def __call__(self, name: str) -> None:
        """Count a pass, and write a line if one is due."""
        passes = self._passes.get(name)
        if passes is None:
            if len(self._passes) >= _MAX_NAMES:
                return
            passes = 0
        self._passes[name] = passes + 1
        if monotonic() >= self._due_at.get(name, 0.0):
            self._write(name)

    def _write(self, name: str) -> None:
        with self._lock:
            now = monotonic()
            if now < self._due_at.get(name, 0.0):
                return  # another thread was quicker
            self._due_at[name] = now + self._interval_s
            taken = MemoryCheckpoint.capture(name)
            delta = taken.delta_from_baseline(self._baseline)
            line = (
                f"MemoryCheckpoint {delta.elapsed_ms / 1000:.1f} {taken.rss_mb:.3f} name={name}"
                f" delta_mb={delta.rss_delta_mb:.3f} alloc={taken.allocation_count}"
                f" alloc_delta={delta.alloc_delta} passes={self._passes.get(name, 0)}\n"
            )
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                pass  # a log that can't be written must not stop the stream
