"""A curve of any length in fixed memory.

Samples are gathered in buckets; when all buckets are full, each two become one that holds twice as many. A bucket
keeps its first sample, its smallest and its largest one, so that a spike of a single sample is seen in the picture
however long the curve is, and the first samples alone are an even choice for a trend.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from wavry.memory.trend import theil_sen

if TYPE_CHECKING:
    from wavry.memory.trend import Trend

WIDE, NARROW = 512, 64
"""Buckets for a chart, two for three of its units, and for a line in a table: 48 bytes each."""

WARM_UP_SHARE = 0.25
"""The first quarter is not asked for a trend, as in the soak and in a program's profile: pools fill, caches warm."""


class Thinned:
    """Samples over time.

    Args:
        buckets: An even number; 48 bytes each, allocated once.
    """

    def __init__(self, buckets: int = WIDE) -> None:
        self._first, self._low, self._high = ((_zeros(buckets), _zeros(buckets)) for _ in range(3))
        self._buckets = buckets
        self._used = 0
        self._per_bucket = 1
        self._in_last = 0
        self.count = 0
        """Samples that were added."""
        self.last_at = self.first = self.last = self.least = self.most = 0.0

    def add(self, at: float, value: float) -> None:
        """Take a sample; O(1) on average.

        Args:
            at: Seconds, not before those of the last sample.
            value: A finite number.
        """
        if not self.count:
            self.first = self.least = self.most = value
        self.count += 1
        self.last_at, self.last = at, value
        self.least, self.most = min(self.least, value), max(self.most, value)
        if self._used and self._in_last < self._per_bucket:
            self._in_last += 1
            self._widen(self._used - 1, at, value)
            return
        if self._used == self._buckets:
            self._halve()
        for times, values in (self._first, self._low, self._high):
            times[self._used], values[self._used] = at, value
        self._used += 1
        self._in_last = 1

    def _widen(self, bucket: int, at: float, value: float) -> None:
        if value < self._low[1][bucket]:
            self._low[0][bucket], self._low[1][bucket] = at, value
        if value > self._high[1][bucket]:
            self._high[0][bucket], self._high[1][bucket] = at, value

    def _halve(self) -> None:
        """Make one bucket of each two."""
        half = self._buckets // 2
        for bucket in range(half):
            before, after = 2 * bucket, 2 * bucket + 1
            low = after if self._low[1][after] < self._low[1][before] else before
            high = after if self._high[1][after] > self._high[1][before] else before
            for (times, values), source in ((self._first, before), (self._low, low), (self._high, high)):
                times[bucket], values[bucket] = times[source], values[source]
        self._used = half
        self._per_bucket *= 2

    def points(self) -> list[tuple[float, float]]:
        """Return what to draw, in the order of time: at most three points a bucket, and the last sample."""
        points = {
            (times[bucket], values[bucket]): None
            for bucket in range(self._used)
            for times, values in sorted((self._first, self._low, self._high), key=lambda each: each[0][bucket])
        }
        if self.count:
            points[self.last_at, self.last] = None
        return list(points)

    def after_warm_up(self) -> tuple[array[float], array[float]]:
        """Return times and values of the first sample of each bucket, without the first quarter of them."""
        times, values = self._first
        begin = int(self._used * WARM_UP_SHARE)
        return times[begin : self._used], values[begin : self._used]

    def trend(self) -> Trend | None:
        """Return the slope after warm-up, in units per second; None for too few samples."""
        return theil_sen(*self.after_warm_up())


def _zeros(count: int) -> array[float]:
    return array("d", bytes(8 * count))
