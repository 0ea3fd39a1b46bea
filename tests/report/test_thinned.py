"""Curves of any length in fixed memory, that lose no extreme."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.report.thinned import Thinned

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)


def thinned(values: list[float], buckets: int = 8) -> Thinned:
    series = Thinned(buckets)
    for at, value in enumerate(values):
        series.add(float(at), value)
    return series


@given(VALUES)
def test_what_is_drawn_is_true_bounded_and_has_both_ends_and_all_extremes(values: list[float]) -> None:
    points = thinned(values).points()
    assert all(values[int(at)] == value for at, value in points)
    assert [at for at, _ in points] == sorted({at for at, _ in points})
    assert len(points) <= 3 * 8 + 1
    drawn = [value for _, value in points]
    assert (min(drawn), max(drawn)) == (min(values), max(values))
    assert (drawn[0], drawn[-1]) == (values[0], values[-1])


@given(VALUES)
def test_what_it_says_of_all_samples_is_exact(values: list[float]) -> None:
    series = thinned(values)
    assert (series.count, series.first, series.last) == (len(values), values[0], values[-1])
    assert (series.least, series.most) == (min(values), max(values))


def test_a_spike_of_one_sample_in_a_day_is_seen() -> None:
    values = [50.0] * 86_400
    values[40_001] = 55.0
    assert max(value for _, value in thinned(values, 512).points()) == 55.0


def test_the_trend_is_that_of_the_samples_after_warm_up() -> None:
    values = [100.0 - at for at in range(250)] + [0.5 * at for at in range(1000)]
    trend = thinned(values, 512).trend()
    assert trend is not None
    assert round(trend.slope, 3) == 0.5
    assert trend.is_growth


def test_three_samples_have_no_trend() -> None:
    assert thinned([1.0, 2.0, 3.0]).trend() is None
