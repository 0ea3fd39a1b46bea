from __future__ import annotations

import json
import random
import tracemalloc
from typing import Any

import pytest

from wavry.memory import MemoryBudget
from wavry.observe.history import DAY_S, SampleHistory
from wavry.server.figures.sampling import COLUMNS

WALL_S = 1_700_000_000.0


def columns(history: SampleHistory, since_s: float, now: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(history.columns(since_s, now=now, wall_s=WALL_S + now)))
    return found


def test_a_day_of_samples_stays_within_its_bound_and_shows_a_step_of_one_minute() -> None:
    """The whole day is pushed through, one sample a second, with each column of a real host."""
    tracemalloc.start()
    try:
        history = SampleHistory(COLUMNS)
        MemoryBudget().register("observe.history", history, policy=history.policy)
        row: list[float | None] = [60.0] * len(COLUMNS)
        history.push(0.0, row)
        filled, _ = tracemalloc.get_traced_memory()
        for second in range(1, 86_401):
            row[0] = 65.0 if 40_000 <= second < 40_060 else 60.0
            history.push(float(second), row)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert history.used_bytes == history.cap_bytes < 1_000_000
    assert filled < 1_000_000
    assert after - filled < 10_000
    day = columns(history, DAY_S, 86_400.0)
    highs, lows = day["columns"]["rss_mb"]["max"], day["columns"]["rss_mb"]["min"]
    assert len(day["time_s"]) == len(highs) == len(lows) == 1440
    assert day["time_s"] == sorted(day["time_s"])
    assert day["time_s"][-1] == WALL_S + 86_400
    high_at = [at - WALL_S for at, high in zip(day["time_s"], highs, strict=True) if high == 65.0]
    assert high_at
    assert all(39_960 <= at <= 40_120 for at in high_at)
    assert set(lows) == {60.0}


@pytest.mark.parametrize(
    ("since_s", "step_s"), [(60, 1), (600, 1), (601, 10), (7200, 10), (7201, 60), (10 * DAY_S, 60)]
)
def test_the_finest_steps_are_taken_that_reach_so_far(since_s: float, step_s: float) -> None:
    history = SampleHistory(["x"])
    for second in range(10_000):
        history.push(second + 0.5, [float(second % 100)])
    found = columns(history, since_s, 9999.5)
    assert found["step_s"] == step_s
    assert found["columns"]["x"]["last"][-1] == 99.0
    assert 9999.5 - (found["time_s"][0] - WALL_S) == pytest.approx(min(since_s, 9999.5), abs=step_s)


def test_each_step_has_the_extremes_and_the_last_of_its_samples() -> None:
    dice = random.Random(7)
    samples = [(second + 0.1, dice.uniform(-5, 5)) for second in range(3000)]
    history = SampleHistory(["x", "y"])
    for at, value in samples:
        history.push(at, [value, -value])
    found = columns(history, 7000, 3000.0)
    for place in range(300):
        step = [value for at, value in samples if place * 10 <= at < place * 10 + 10]
        assert found["columns"]["x"]["last"][place] == pytest.approx(step[-1], abs=1e-3)
        assert found["columns"]["x"]["min"][place] == pytest.approx(min(step), abs=1e-3)
        assert found["columns"]["y"]["max"][place] == pytest.approx(-min(step), abs=1e-3)


def test_what_is_not_known_is_null_and_hides_nothing_that_is() -> None:
    history = SampleHistory(["x"])
    for second, value in enumerate([None, 3.0, None, 1.0, None, None]):
        history.push(float(second), [value])
    found = columns(history, 7000, 6.0)["columns"]["x"]
    assert found == {"last": [None], "min": [1.0], "max": [3.0]}
    assert columns(history, 60, 6.0)["columns"]["x"] == {"last": [None, 3.0, None, 1.0, None, None]}


def test_a_machine_that_slept_leaves_a_gap() -> None:
    history = SampleHistory(["x"])
    for at in (1.0, 2.0, 500.0, 501.0):
        history.push(at, [at])
    assert columns(history, 600, 501.0)["columns"]["x"]["last"] == [1.0, 2.0, 500.0, 501.0]
    assert columns(history, 10, 501.0)["columns"]["x"]["last"] == [500.0, 501.0]


def test_only_the_columns_that_are_asked_for_are_given() -> None:
    history = SampleHistory(["x", "y"])
    assert history.columns(60, now=0.0, wall_s=0.0) == {
        "step_s": 1.0,
        "time_s": [],
        "columns": {"x": {"last": []}, "y": {"last": []}},
    }
    found = history.columns(60, now=0.0, wall_s=0.0, names=["y"])
    assert found["columns"] == {"y": {"last": []}}
