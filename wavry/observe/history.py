"""A day of samples in fixed memory: each second of the last ten minutes, then ever longer steps with their extremes.

A step of an older part holds the last value, the smallest and the largest of its samples, so that what was high for a
minute is still in the curve a day later. Everything is allocated once, so the history is not seen in the memory that it
is there to show.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

TIERS = ((1.0, 600), (10.0, 720), (60.0, 1440))
"""Seconds of a step, and how many are kept: ten minutes, two hours, a day."""

DAY_S = 86_400.0
_DIGITS = 4
_UNKNOWN = math.nan


class SampleHistory:
    """Named columns of samples over the last day. One writer; a reader on another thread may miss the newest.

    A holder of the budget. Policy: the oldest step of each part is overwritten.

    Args:
        names: The columns. Twelve bytes of each for each step but those of a second, which take four: 0.4 MB for 14.
    """

    policy = "the oldest samples are thinned, then overwritten"
    drops = 0

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._tiers = [
            _Tier(step_s, places, len(self.names), has_extremes=step_s > TIERS[0][0]) for step_s, places in TIERS
        ]

    def push(self, now: float, values: Sequence[float | None]) -> None:
        """Take a sample, 10 µs.

        Args:
            now: Monotonic seconds, not before the last one's.
            values: One for each column, in order; None is not known. Kept with seven digits.
        """
        known = [_UNKNOWN if value is None else value for value in values]
        for tier in self._tiers:
            tier.push(now, known)

    def columns(
        self, since_s: float, *, now: float, wall_s: float, names: Collection[str] | None = None
    ) -> dict[str, object]:
        """Return the last seconds of some columns, ready for JSON, in the finest steps that reach so far.

        Args:
            since_s: How far back, seconds.
            now: Monotonic seconds.
            wall_s: Unix time at `now`.
            names: The columns; None for all. One of a day takes 1.7 ms.

        Returns:
            `step_s`; `time_s`, Unix times of the steps' last samples, oldest first; and `columns`, by name: `last`, and
            where a step is of several samples `min` and `max`, with None for what was not known.
        """
        tier = next((each for each in self._tiers if each.reach_s >= since_s), self._tiers[-1])
        order = tier.since(now - since_s)
        times = [round(tier.times[place] + wall_s - now, 2) for place in order]
        columns = {
            name: {stat: _listed(arrays[index], order) for stat, arrays in tier.stats().items()}
            for index, name in enumerate(self.names)
            if names is None or name in names
        }
        return {"step_s": tier.step_s, "time_s": times, "columns": columns}

    @property
    def cap_bytes(self) -> int:
        """What it holds, from the start."""
        return sum(tier.size_bytes for tier in self._tiers)

    @property
    def used_bytes(self) -> int:
        """What it holds."""
        return self.cap_bytes

    @property
    def high_water_bytes(self) -> int:
        """What it holds."""
        return self.cap_bytes


class _Tier:
    """A ring of steps of one length."""

    def __init__(self, step_s: float, places: int, columns: int, *, has_extremes: bool) -> None:
        self.step_s = step_s
        self._places = places
        self._count = 0
        self._at = -1
        self._ends_at = -math.inf
        self.times = array("d", bytes(8 * places))
        """Of the last sample of each step."""
        self._last = _arrays(columns, places)
        self._extremes = (_arrays(columns, places), _arrays(columns, places)) if has_extremes else None

    @property
    def reach_s(self) -> float:
        """How far back it goes when it is full."""
        return self.step_s * self._places

    @property
    def size_bytes(self) -> int:
        """Of its arrays."""
        arrays = [self.times, *(each for stat in self.stats().values() for each in stat)]
        return sum(each.itemsize * len(each) for each in arrays)

    def stats(self) -> dict[str, list[array[float]]]:
        """Return the arrays of each column, by what they hold of a step."""
        if self._extremes is None:
            return {"last": self._last}
        return {"last": self._last, "min": self._extremes[0], "max": self._extremes[1]}

    def push(self, now: float, values: Sequence[float]) -> None:
        """Add a sample to the present step, or begin the next."""
        is_new = now >= self._ends_at
        if is_new:
            self._at = (self._at + 1) % self._places
            self._count = min(self._count + 1, self._places)
            self._ends_at = (math.floor(now / self.step_s) + 1) * self.step_s
        place = self._at
        self.times[place] = now
        for column, value in zip(self._last, values, strict=True):
            column[place] = value
        if self._extremes is not None:
            lows, highs = self._extremes
            for low, high, value in zip(lows, highs, values, strict=True):
                if is_new or math.isnan(low[place]):
                    low[place] = high[place] = value
                elif value < low[place]:  # no comparison holds for what is not known
                    low[place] = value
                elif value > high[place]:
                    high[place] = value

    def since(self, then: float) -> list[int]:
        """Return the places of all steps whose last sample is not older, oldest first."""
        first = self._at - self._count + 1
        order = [place % self._places for place in range(first, self._at + 1)]
        return [place for place in order if self.times[place] >= then]


def _arrays(columns: int, places: int) -> list[array[float]]:
    return [array("f", bytes(4 * places)) for _ in range(columns)]


def _listed(values: array[float], order: list[int]) -> list[float | None]:
    return [round(value, _DIGITS) if (value := values[place]) == value else None for place in order]
