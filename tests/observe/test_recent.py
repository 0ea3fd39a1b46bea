from __future__ import annotations

from wavry.observe.recent import RecentDurations


def test_only_what_is_of_late_counts() -> None:
    recent = RecentDurations()
    assert recent.percentiles((50, 95), since=0.0) is None
    for second in range(100):
        recent.add(float(second), now=float(second))
    assert recent.percentiles((50, 95, 100), since=80.0) == [89.0, 98.0, 99.0]
    assert recent.percentiles((50,), since=100.0) is None


def test_of_more_than_it_has_places_for_the_newest_count() -> None:
    recent = RecentDurations()
    for number in range(10_000):
        recent.add(1000.0 if number < 8000 else 2.0, now=0.0)
    assert recent.percentiles((100,), since=0.0) == [2.0]
