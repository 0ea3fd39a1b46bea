"""Checkpoint lines in a program's stderr, among whatever else is there. Their form is in `wavry.memory.checkpoint`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wavry.report.run import MOST_NAMES, Curve, Kind, Run
from wavry.report.thinned import Thinned

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARK = b"MemoryCheckpoint "
_NUMBER = rb"(\d{1,12}(?:\.\d{1,9})?)"
_LINE = re.compile(_MARK + _NUMBER + b" " + _NUMBER + rb" name=(\S{1,200})(.*)", re.DOTALL)
_ALLOCATED = re.compile(rb" alloc=(\d{1,15})(?!\S)")

_OUT_OF_ORDER_S = 1.0
"""Threads write at about the same time, so that a line may come before an older one; what is older by more than this
was written by the next start of the program."""


class CheckpointReader:
    """Gathers the checkpoints of a log, line by line, in fixed memory.

    Several starts of a program in one log are laid end to end; trends are taken from the last of them.
    """

    def __init__(self) -> None:
        self._resident = Curve("RSS", "MB", Thinned(), Thinned())
        self._allocated = Curve("live allocations", "", Thinned(), Thinned())
        self._by_name: dict[str, Curve] = {}
        self._starts = 1
        self._begins_at = 0.0
        self._last_at = 0.0
        self._skipped = 0
        self._unnamed = 0

    def take(self, line: bytes) -> None:
        """Look at a line; what is no checkpoint is nothing, what is a broken one is counted."""
        begin = line.find(_MARK)
        if begin < 0:
            return
        match = _LINE.match(line, begin)
        if match is None:
            self._skipped += 1
            return
        seconds, resident_mb = float(match[1]), float(match[2])
        at = self._place(seconds)
        allocated = _ALLOCATED.search(match[4])
        for curve, value in (
            (self._resident, resident_mb),
            (self._allocated, float(allocated[1]) if allocated else None),
            (self._named(match[3]), resident_mb),
        ):
            if curve is not None and value is not None:
                curve.series.add(at, value)
                if curve.newest is not None:
                    curve.newest.add(at, value)

    def _place(self, seconds: float) -> float:
        """Return when that is, over all starts."""
        at = self._begins_at + seconds
        if at < self._last_at - _OUT_OF_ORDER_S:
            self._starts += 1
            self._begins_at = self._last_at
            at = self._begins_at + seconds
            for curve in (self._resident, self._allocated):
                curve.newest = Thinned()
        self._last_at = max(self._last_at, at)
        return self._last_at

    def _named(self, name: bytes) -> Curve | None:
        text = name.decode("utf-8", "replace")
        if text not in self._by_name:
            if len(self._by_name) >= MOST_NAMES:
                self._unnamed += 1
                return None
            self._by_name[text] = Curve.narrow(text, "MB")
        return self._by_name[text]

    def run(self, name: str) -> Run | None:
        """Return what was gathered; None if that is nothing."""
        if not self._resident.series.count:
            return None
        run = Run(name, Kind.CHECKPOINTS, memory=[self._resident], checkpoints=list(self._by_name.values()))
        if self._allocated.series.count:
            run.counts.append(self._allocated)
        if self._starts > 1:
            run.notes.append(f"{self._starts} starts of the program, laid end to end; slopes are of the last one")
        if self._skipped:
            run.notes.append(f"{self._skipped} malformed lines were skipped")
        if self._unnamed:
            run.notes.append(f"{self._unnamed} lines are of further names than {MOST_NAMES}")
        return run


def read_checkpoints(lines: Iterable[bytes], name: str) -> Run | None:
    """Return the checkpoints among lines; None if there is none."""
    reader = CheckpointReader()
    for line in lines:
        reader.take(line)
    return reader.run(name)
