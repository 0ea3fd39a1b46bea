"""Percentiles of the durations of the last seconds, in fixed memory."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACES = 1024
"""Ten seconds at 100 a second; of more the oldest are overwritten sooner."""


class RecentDurations:
    """The last durations with their times, 12 kB. One thread."""

    size_bytes = _PLACES * 12

    def __init__(self) -> None:
        self._times = array("d", bytes(8 * _PLACES))
        self._values = array("f", bytes(4 * _PLACES))
        self._count = 0

    def add(self, milliseconds: float, *, now: float) -> None:
        """Take one."""
        place = self._count % _PLACES
        self._times[place] = now
        self._values[place] = milliseconds
        self._count += 1

    def percentiles(self, percents: Sequence[float], *, since: float) -> list[float] | None:
        """Return percentiles of those that came at `since` or later, milliseconds; None if there are none."""
        kept = range(min(self._count, _PLACES))
        values = sorted(self._values[place] for place in kept if self._times[place] >= since)
        if not values:
            return None
        return [values[max(0, math.ceil(len(values) * percent / 100) - 1)] for percent in percents]
