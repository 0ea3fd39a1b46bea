"""Is it growing? A slope that outliers don't move, with an interval that says how sure it is.

Theil-Sen (Sen 1968): the median of the slopes between all pairs of samples; the interval comes from the
distribution of Kendall's S (the same paper, equation 2.6, normal approximation). A garbage collection or a burst
moves a few of the pairs and not the median.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SAMPLES = 600
"""Pairs grow with the square: 600 samples are 180 000 slopes, 6 MB while they are sorted, and 0.1 s."""

_HOUR_S = 3600.0
_Z_95 = 1.959964
"""Two-sided 95 % of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope, as `theil_sen` returns it in units per second, with its 95 % confidence interval."""

    slope: float
    lower: float
    upper: float

    @property
    def is_growth(self) -> bool:
        """Whether the slope can be told from zero, upwards."""
        return self.lower > 0

    @property
    def per_hour(self) -> Trend:
        """The same in units per hour."""
        return Trend(*(each * _HOUR_S for each in (self.slope, self.lower, self.upper)))


def theil_sen(times: Sequence[float], values: Sequence[float], *, max_samples: int = MAX_SAMPLES) -> Trend | None:
    """Return the trend of `values` over `times`; None for fewer than 4 samples.

    Args:
        times: Seconds, ascending.
        values: One for each time.
        max_samples: Longer series are thinned evenly. It takes 16 bytes of memory times its square.

    Raises:
        ValueError: The two are of different length.
    """
    if len(times) != len(values):
        raise ValueError(f"{len(times)} times for {len(values)} values")
    times, values = _thinned(times, max_samples), _thinned(values, max_samples)
    count = len(times)
    if count < 4:
        return None
    slopes = sorted(
        (values[later] - values[earlier]) / (times[later] - times[earlier])
        for earlier in range(count)
        for later in range(earlier + 1, count)
        if times[later] > times[earlier]
    )
    if not slopes:
        return None
    spread = _Z_95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    lower = max(0, math.floor((len(slopes) - spread) / 2))
    upper = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    middle = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2  # `statistics` takes 0.1 MB
    return Trend(middle, slopes[lower], slopes[upper])


def _thinned(series: Sequence[float], most: int) -> Sequence[float]:
    if len(series) <= most:
        return series
    step = len(series) / most
    return [series[int(index * step)] for index in range(most)]
