from __future__ import annotations

import random

import pytest

from wavry.memory.trend import MAX_SAMPLES, theil_sen

HOUR = [float(second) for second in range(0, 3600, 10)]


def noise(seed: int, size: float = 50_000.0) -> list[float]:
    generator = random.Random(seed)
    return [generator.gauss(0, size) for _ in HOUR]


def test_a_straight_line_has_its_own_slope() -> None:
    trend = theil_sen(HOUR, [100.0 + 2.5 * time for time in HOUR])
    assert trend is not None
    assert trend.slope == pytest.approx(2.5)
    assert trend.lower == pytest.approx(trend.upper)
    assert trend.is_growth


@pytest.mark.parametrize("seed", range(5))
def test_noise_without_growth_is_not_called_growth(seed: int) -> None:
    trend = theil_sen(HOUR, noise(seed))
    assert trend is not None
    assert trend.lower < 0 < trend.upper
    assert not trend.is_growth


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_below_the_noise_of_a_sample_is_found(seed: int) -> None:
    leak = 100.0  # bytes per second: 8.6 MB a day, 360 kB in this hour of 50 kB noise
    values = [5e7 + leak * time + each for time, each in zip(HOUR, noise(seed), strict=True)]
    trend = theil_sen(HOUR, values)
    assert trend is not None
    assert trend.is_growth
    assert trend.lower <= leak <= trend.upper


def test_a_burst_does_not_move_the_slope() -> None:
    values = [1e8] * len(HOUR)
    for index in range(100, 130):
        values[index] += 3e7
    trend = theil_sen(HOUR, values)
    assert trend is not None
    assert trend.slope == 0


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        generator = random.Random(seed)
        times = [float(index) for index in range(60)]
        values = [0.5 * time + generator.gauss(0, 10) for time in times]
        trend = theil_sen(times, values)
        assert trend is not None
        covered += trend.lower <= 0.5 <= trend.upper
    assert covered >= 180  # 95 % of 200 is 190, three standard deviations below is 181


def test_too_few_samples_say_nothing() -> None:
    assert theil_sen([1, 2, 3], [1, 2, 3]) is None
    assert theil_sen([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]) is None


def test_times_and_values_must_match() -> None:
    with pytest.raises(ValueError, match="2 times for 1 values"):
        theil_sen([1, 2], [1])


def test_a_long_series_is_thinned_evenly() -> None:
    times = [float(index) for index in range(MAX_SAMPLES * 7 + 3)]
    trend = theil_sen(times, [3 * time for time in times])
    assert trend is not None
    assert trend.slope == pytest.approx(3)
