from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.support.rift import make_unit
from wavry.rift import AccessUnitReceived
from wavry.rift.playout import Playout

FRAME_S = 1 / 60


def play(playout: Playout, delays: list[float], *, size: int = 1000) -> list[float]:
    """Let frames arrive after these delays, in order; return how long after capture each left."""
    ages: dict[int, float] = {}

    def take(now: float) -> None:
        for received in playout.take_due(now=now):
            unit = received.unit
            ages[unit.frame_id] = now - unit.capture_us / 1e6

    now = 0.0
    for number, delay in enumerate(delays):
        capture_at = number * FRAME_S
        arrives_at = max(now, capture_at + delay)
        while (due := playout.next_due_at) is not None and due <= arrives_at:
            take(due)
        now = arrives_at
        unit = make_unit(number, size=size, capture_us=round(capture_at * 1e6))
        playout.add(AccessUnitReceived(unit, now, now), now=now)
        take(now)
    while (due := playout.next_due_at) is not None:
        take(due)
    assert list(ages) == list(range(len(delays)))
    return list(ages.values())


def test_a_steady_link_holds_nothing() -> None:
    playout = Playout()
    dice = random.Random(1)
    delays = [0.020 + dice.uniform(0, 0.004) for _ in range(600)]
    play(playout, delays)
    assert playout.hold_s == 0
    assert playout.high_water_bytes < Playout().used_bytes + 3000


def test_an_uneven_link_is_evened_out() -> None:
    playout = Playout()
    dice = random.Random(1)
    ages = play(playout, [0.020 + dice.uniform(0, 0.015) for _ in range(1200)])[300:]
    assert 0.008 < playout.hold_s < 0.015
    steady = sorted(ages)[len(ages) // 20 : -len(ages) // 20]
    assert steady[-1] - steady[0] < 0.006


def test_the_hold_shrinks_again_when_the_link_is_steady() -> None:
    playout = Playout()
    dice = random.Random(1)
    play(playout, [0.02 + dice.uniform(0, 0.03) for _ in range(300)] + [0.02] * 200)
    assert playout.hold_s == 0


def test_a_few_late_frames_do_not_hold_all_others() -> None:
    playout = Playout()
    ages = play(playout, [0.08 if number % 120 == 119 else 0.02 for number in range(600)])
    assert playout.hold_s == 0
    assert sorted(ages)[500] < 0.021


def test_no_frame_is_held_for_longer_than_the_limit() -> None:
    playout = Playout(max_hold_s=0.01)
    dice = random.Random(1)
    delays = [0.02 + dice.uniform(0, 0.2) for _ in range(600)]
    ages = play(playout, delays)
    assert playout.hold_s == 0.01
    overtaking = max(ages) - max(delays)
    assert overtaking <= 0.0101


def test_another_clock_begins_anew() -> None:
    playout = Playout()
    play(playout, [0.02] * 100)
    unit = make_unit(1, capture_us=10**12)
    playout.add(AccessUnitReceived(unit, 5.0, 5.0), now=5.0)
    assert len(playout.take_due(now=5.0)) == 1


def test_the_oldest_leave_at_once_when_too_much_waits() -> None:
    playout = Playout(limit_bytes=100_000)
    dice = random.Random(1)
    play(playout, [0.02 + dice.uniform(0, 0.05) for _ in range(400)], size=90_000)
    assert playout.drops > 0
    assert playout.high_water_bytes <= Playout().used_bytes + 2 * (90_000 + 512) + 512
    assert playout.used_bytes == Playout().used_bytes


@given(delays=st.lists(st.floats(-10, 10), max_size=80))
def test_whatever_the_delays_every_frame_leaves_once_in_order(delays: list[float]) -> None:
    playout = Playout()
    play(playout, delays)
    assert playout.used_bytes == Playout().used_bytes
    assert 0 <= playout.hold_s <= 0.05
