"""Percentiles of any number of durations in fixed memory.

Buckets grow by 2 % each, so a percentile is right to 1 % from 10 µs to 100 s, in 6.5 kB. The largest
value is exact. (The idea is HdrHistogram's; log-spaced buckets are enough here.)
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALLEST_MS = 0.01
LARGEST_MS = 100_000.0
"""Whatever is longer counts as this."""

_GROWTH = math.log(1.02)
_BUCKETS = int(math.log(LARGEST_MS / _SMALLEST_MS) / _GROWTH) + 2


class Histogram:
    """Counts durations in milliseconds. One writer; readers may be a value behind."""

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * _BUCKETS))
        self.count = 0
        self.total_ms = 0.0
        """Of all durations together, each as it counts."""
        self.maximum: float | None = None

    def add(self, milliseconds: float) -> None:
        """Count one duration; what lies outside the range counts as its end."""
        clamped = min(max(milliseconds, _SMALLEST_MS), LARGEST_MS)
        self._counts[int(math.log(clamped / _SMALLEST_MS) / _GROWTH)] += 1
        self.count += 1
        self.total_ms += clamped
        if self.maximum is None or milliseconds > self.maximum:
            self.maximum = milliseconds

    def percentile(self, percent: float) -> float | None:
        """Return the duration that `percent` of all do not exceed; None before the first."""
        if self.maximum is None:
            return None
        wanted = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min(_middle(bucket), self.maximum)
        return self.maximum

    def counts_up_to(self, bounds_ms: Sequence[float]) -> list[int]:
        """Return how many durations do not exceed each of some ascending bounds, right to 1 % of the bound."""
        seen = list(accumulate(self._counts, initial=0))
        return [seen[_edge(bound_ms)] for bound_ms in bounds_ms]

    def counts(self) -> array[int]:
        """Return a copy of all buckets, for `percentiles_between`."""
        return self._counts[:]

    def summary(self) -> dict[str, float | None]:
        """Return p50, p95, p99 and max in milliseconds, rounded to 10 µs."""
        values = {"p50": self.percentile(50), "p95": self.percentile(95), "p99": self.percentile(99)}
        values["max"] = self.maximum
        return {name: None if value is None else round(value, 2) for name, value in values.items()}


def percentiles_between(older: array[int], newer: array[int], percents: Sequence[float]) -> list[float] | None:
    """Return percentiles of what one histogram counted between two copies of its buckets; None if that is nothing."""
    counted = [new - old for old, new in zip(older, newer, strict=True)]
    total = sum(counted)
    if total <= 0:
        return None
    seen = list(accumulate(counted))
    return [_middle(bisect_left(seen, max(1, math.ceil(total * percent / 100)))) for percent in percents]


def _edge(bound_ms: float) -> int:
    """Return how many buckets lie below a bound, the nearest edge of a bucket taken for it."""
    clamped = min(max(bound_ms, _SMALLEST_MS), LARGEST_MS)
    return min(round(math.log(clamped / _SMALLEST_MS) / _GROWTH), _BUCKETS)


def _middle(bucket: int) -> float:
    return _SMALLEST_MS * math.exp((bucket + 0.5) * _GROWTH)
