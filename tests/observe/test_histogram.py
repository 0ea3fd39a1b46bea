from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.observe.histogram import Histogram

durations = st.floats(0.011, 99_000, allow_nan=False)


@given(st.lists(durations, min_size=1, max_size=300), st.sampled_from([1, 25, 50, 90, 95, 99, 100]))
def test_percentiles_are_right_to_one_percent(values: list[float], percent: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = float(np.percentile(values, percent, method="inverted_cdf"))
    assert histogram.percentile(percent) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_percentiles_of_many_latencies_are_right_to_one_percent(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(2.5, 0.7, 20_000)
    histogram = Histogram()
    for value in values:
        histogram.add(float(value))
    for percent in (50, 95, 99):
        exact = float(np.percentile(values, percent, method="inverted_cdf"))
        assert histogram.percentile(percent) == pytest.approx(exact, rel=0.01)


def test_before_the_first_value_there_is_nothing() -> None:
    assert Histogram().percentile(50) is None
    assert Histogram().summary() == {"p50": None, "p95": None, "p99": None, "max": None}


@pytest.mark.parametrize("value", [-5.0, 0.0, 0.001, 0.01, 100_000.0, 1e9])
def test_values_outside_the_range_count_as_its_ends(value: float) -> None:
    histogram = Histogram()
    histogram.add(value)
    assert histogram.count == 1
    assert histogram.maximum == value
    found = histogram.percentile(50)
    assert found is not None
    assert found <= max(value, 0.0)  # never more than was seen


def test_the_largest_value_is_exact_and_bounds_every_percentile() -> None:
    histogram = Histogram()
    for value in (1.0, 2.0, 12.345):
        histogram.add(value)
    assert histogram.summary()["max"] == 12.35 or histogram.summary()["max"] == 12.34
    assert histogram.percentile(100) == pytest.approx(12.345, rel=0.01)
    assert (histogram.percentile(100) or math.inf) <= 12.345


def test_its_memory_does_not_grow() -> None:
    histogram = Histogram()
    before = len(histogram._counts) * histogram._counts.itemsize
    for value in range(10_000):
        histogram.add(float(value))
    assert len(histogram._counts) * histogram._counts.itemsize == before < 7000


@given(st.lists(durations, max_size=300), st.lists(st.sampled_from([0.5, 1, 4, 16, 33, 100, 1000]), unique=True))
def test_counts_up_to_a_bound_are_right_to_one_percent_of_the_bound(values: list[float], bounds: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    bounds.sort()
    for bound, count in zip(bounds, histogram.counts_up_to(bounds), strict=True):
        assert (
            sum(value <= bound * 0.985 for value in values) <= count <= sum(value <= bound * 1.015 for value in values)
        )
    assert histogram.counts_up_to([1e9])[0] == histogram.count
    assert histogram.total_ms == pytest.approx(sum(values))
