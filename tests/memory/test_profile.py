from __future__ import annotations

import tracemalloc

import pytest

from wavry.memory import MemoryHistory, profile


@pytest.fixture
def resident(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the process is said to hold; the last entry counts."""
    held = [100_000_000]
    monkeypatch.setattr(profile, "resident_bytes", lambda: held[-1])
    return held


def run(history: MemoryHistory, resident: list[int], *, seconds: int, bytes_per_second: float) -> None:
    start = resident[-1]
    for second in range(1, seconds + 1):
        resident.append(round(start + second * bytes_per_second))
        history.sample(now=float(second))


def test_the_first_sample_is_the_baseline(resident: list[int]) -> None:
    history = MemoryHistory(interval_s=1, now=0.0)
    resident.append(150_000_000)
    history.sample(now=1.0)
    resident.append(120_000_000)
    history.sample(now=2.0)
    assert history.profile().baseline_rss_mb == 100
    assert history.profile().peak_rss_mb == 150


def test_growth_is_given_in_megabytes_per_hour(resident: list[int]) -> None:
    history = MemoryHistory(interval_s=1, now=0.0)
    run(history, resident, seconds=400, bytes_per_second=1000)
    assert history.profile().growth_rate_mb_per_hour == pytest.approx(3.6)


def test_warm_up_does_not_count_as_growth(resident: list[int]) -> None:
    history = MemoryHistory(interval_s=1, now=0.0)
    for second in range(1, 400):
        resident.append(100_000_000 + min(second, 50) * 1_000_000)
        history.sample(now=float(second))
    assert history.profile().growth_rate_mb_per_hour == 0


def test_the_sample_after_an_hour_is_kept(resident: list[int]) -> None:
    history = MemoryHistory(interval_s=2, now=0.0)
    assert history.profile().rss_1h_mb is None
    run(history, resident, seconds=4000, bytes_per_second=1000)
    assert history.profile().rss_1h_mb == pytest.approx(103.6)


def test_a_year_of_samples_stays_small_and_keeps_its_slope(resident: list[int]) -> None:
    history = MemoryHistory(interval_s=2, now=0.0)
    now = 0.0
    for _ in range(20_000):
        now = max(history.next_at, now + 1)
        resident[:] = [round(100_000_000 + now * 0.5)]
        history.sample(now=now)
    assert 0 < history._count < profile._HISTORY
    assert now > 365 * 86_400
    trend = history.trend()
    assert trend is not None
    assert trend.slope == pytest.approx(0.5, rel=0.01)


def test_asking_for_the_profile_of_a_long_life_takes_little_memory(resident: list[int]) -> None:
    history = MemoryHistory(interval_s=1, now=0.0)
    run(history, resident, seconds=1000, bytes_per_second=1000)
    tracemalloc.start()
    try:
        history.profile()
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 150_000
