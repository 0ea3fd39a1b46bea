"""The process's memory over its whole life, in bounded space."""

from __future__ import annotations

import sys
from array import array
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wavry.memory.metrics import heap_bytes, resident_bytes
from wavry.memory.trend import theil_sen

if TYPE_CHECKING:
    from wavry.memory.trend import Trend

_MB = 1_000_000
_HISTORY = 1024
"""Samples kept. When they are full every second one goes and the interval doubles, so that the whole life is there
at an ever coarser grain: 16 kB whatever the time."""

_WARM_UP_SHARE = 0.25
"""The first quarter of the samples is not asked for growth: pools fill, caches warm."""

_TREND_SAMPLES = 64
"""Most that the trend is taken from: 0.1 MB and 1 ms, whatever the time. With all of them a report took 6 MB and 0.1 s
of a running host, and its RSS grew for as long as the history did."""

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryProfile:
    """The seed document's profile. What is not known yet is None."""

    baseline_rss_mb: float
    """At the start of the sampling: the program is ready, nothing streams."""

    peak_rss_mb: float
    """Highest sample."""

    rss_1h_mb: float | None
    """The sample after one hour; None before."""

    growth_rate_mb_per_hour: float | None
    """Theil-Sen slope after warm-up; None while there are too few samples."""

    allocation_count: int
    """Live blocks of Python's allocator, now."""

    avg_allocation_bytes: int | None
    """C heap in use over live blocks, now; None where the heap can't be asked."""

    def as_dict(self) -> dict[str, object]:
        """Return the profile as it stands in JSON."""
        return asdict(self)


class MemoryHistory:
    """Samples of RSS over the life of a process. One thread.

    Args:
        interval_s: Time between samples at first; grows with the run.
        now: Monotonic seconds of the first sample, taken here.
    """

    def __init__(self, *, interval_s: float, now: float) -> None:
        self._interval_s = interval_s
        self._started_at = now
        self._times = array("d", bytes(8 * _HISTORY))  # whole from the start: a history that grows is seen in itself
        self._bytes = array("d", bytes(8 * _HISTORY))
        self._count = 0
        self._rss_1h: float | None = None
        self._baseline = self._peak = float(resident_bytes())
        self.sample(now=now)

    @property
    def next_at(self) -> float:
        """When the next sample is due."""
        return self._started_at + self._times[self._count - 1] + self._interval_s

    def sample(self, *, now: float) -> None:
        """Measure and keep."""
        rss = float(resident_bytes())
        elapsed = now - self._started_at
        self._peak = max(self._peak, rss)
        if self._rss_1h is None and elapsed >= _HOUR_S:
            self._rss_1h = rss
        self._times[self._count] = elapsed
        self._bytes[self._count] = rss
        self._count += 1
        if self._count == _HISTORY:
            self._thin_out()

    def _thin_out(self) -> None:
        """Drop every second sample."""
        self._count = half = _HISTORY // 2
        for samples in (self._times, self._bytes):
            samples[:half] = samples[::2]
        self._interval_s *= 2

    def trend(self) -> Trend | None:
        """Return the growth in bytes per second after warm-up."""
        first = int(self._count * _WARM_UP_SHARE)
        return theil_sen(self._times[first : self._count], self._bytes[first : self._count], max_samples=_TREND_SAMPLES)

    def profile(self) -> MemoryProfile:
        """Return the profile as of now."""
        trend = self.trend()
        blocks, heap = sys.getallocatedblocks(), heap_bytes()
        return MemoryProfile(
            baseline_rss_mb=round(self._baseline / _MB, 3),
            peak_rss_mb=round(self._peak / _MB, 3),
            rss_1h_mb=None if self._rss_1h is None else round(self._rss_1h / _MB, 3),
            growth_rate_mb_per_hour=None if trend is None else round(trend.slope * _HOUR_S / _MB, 4),
            allocation_count=blocks,
            avg_allocation_bytes=None if heap is None or not blocks else heap // blocks,
        )
