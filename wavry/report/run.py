"""What one file says of one run, whatever kind of file it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from wavry.report.thinned import NARROW, Thinned

if TYPE_CHECKING:
    from wavry.memory.trend import Trend

MOST_NAMES = 64
"""Of checkpoints, budget entries, stages and figures of each file; a program has about twenty."""

PERCENTILES = ("p50", "p95", "p99", "max")
"""Of a latency."""

_LARGEST = 1e18
"""No figure of a program is larger; what is was not written by one."""


class Kind(StrEnum):
    """What a file is, in words for people."""

    CHECKPOINTS = "checkpoint log"
    HOST = "memory report of a host"
    CLIENT = "figures of a client"
    SOAK = "soak of a process"
    COUNTS = "counts of a soak"


@dataclass(slots=True)
class Curve:
    """One quantity over time."""

    name: str
    unit: str
    """`MB`, or empty for counts."""
    series: Thinned
    newest: Thinned | None = None
    """Since the program's last start, where `series` has several: what a trend is taken from."""

    def trend(self) -> Trend | None:
        """Return the slope after warm-up; None for too few samples."""
        return (self.newest or self.series).trend()

    @classmethod
    def narrow(cls, name: str, unit: str) -> Curve:
        """Return an empty one that is drawn small."""
        return cls(name, unit, Thinned(NARROW))


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the budget, in bytes; what the file does not say is None."""

    name: str
    cap_bytes: float | None
    used_bytes: float | None
    high_water_bytes: float | None
    drops: float | None
    policy: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a run."""

    name: str
    value: float | None
    unit: str = ""


@dataclass(slots=True)
class Run:
    """Everything one file says. Sizes are bounded whatever the file's is: 25 kB a curve, 64 names of a sort."""

    name: str
    kind: Kind
    memory: list[Curve] = field(default_factory=list)
    """In MB, for the large charts; the first one is resident memory."""
    counts: list[Curve] = field(default_factory=list)
    """For the table with small lines."""
    checkpoints: list[Curve] = field(default_factory=list)
    """Resident memory at each checkpoint of the program."""
    budget: list[Entry] = field(default_factory=list)
    latency: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """By stage, milliseconds by percentile."""
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a reader must know: lines that were skipped, starts that were joined."""


def number(value: object) -> float | None:
    """Return a figure of a file; None for what is none: text, true, infinite, absurdly large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not -_LARGEST < value < _LARGEST or not math.isfinite(value):
        return None
    return float(value)
