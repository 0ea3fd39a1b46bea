from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.media.steps import Steps, frame_rates

NEEDED_BPS = (4e6, 3e6, 2e6, 1e6)
PLENTY = 20e6


def climb(steps: Steps, bitrate_bps: float, seconds: float, *, begin: float) -> list[int]:
    """Let the link carry so much for a while; return the steps that were taken."""
    taken = [steps.at]
    for tick in range(round(seconds * 20)):
        at = steps.update(bitrate_bps, now=begin + tick / 20)
        if at != taken[-1]:
            taken.append(at)
    return taken[1:]


@pytest.fixture
def steps() -> Steps:
    return Steps(NEEDED_BPS)


@pytest.mark.parametrize(
    ("most", "rates"), [(240, (240, 60, 45, 30)), (60, (60, 45, 30)), (50, (50, 45, 30)), (30, (30,)), (24, (24,))]
)
def test_no_frame_rate_is_above_the_ceiling(most: int, rates: tuple[int, ...]) -> None:
    assert frame_rates(most) == rates


def test_a_link_with_room_changes_nothing(steps: Steps) -> None:
    assert climb(steps, PLENTY, 60, begin=0) == []


def test_a_short_dip_changes_nothing(steps: Steps) -> None:
    climb(steps, PLENTY, 5, begin=0)
    assert climb(steps, 1e5, 0.45, begin=5) == []
    assert climb(steps, PLENTY, 5, begin=5.45) == []


def test_a_slow_link_is_followed_in_one_move(steps: Steps) -> None:
    assert climb(steps, 1e5, 60, begin=0) == [3]


def test_the_best_rate_of_the_slow_time_decides_how_far_down(steps: Steps) -> None:
    climb(steps, PLENTY, 5, begin=0)
    climb(steps, 2e6, 0.2, begin=5)
    assert climb(steps, 1e5, 1, begin=5.2) == [2]


def test_steps_are_taken_back_one_by_one_after_a_rest(steps: Steps) -> None:
    climb(steps, 2e6, 3, begin=0)
    assert climb(steps, PLENTY, 7, begin=3) == []
    assert climb(steps, PLENTY, 60, begin=10) == [1, 0]


def test_between_two_steps_it_does_not_flap(steps: Steps) -> None:
    moves = []
    for second in range(120):
        moves += climb(steps, 4e6 * (0.95 if second % 4 < 2 else 1.25), 1, begin=second)
    assert len(moves) <= 3


def test_the_step_that_may_come_is_known_before_it_comes(steps: Steps) -> None:
    climb(steps, PLENTY, 0.1, begin=-1)
    before = steps.next_likely
    climb(steps, 3e6, 0.3, begin=0)
    assert (before, steps.next_likely) == (None, 1)
    climb(steps, 3e6, 0.7, begin=0.3)
    climb(steps, PLENTY, 1.5, begin=1)
    assert steps.next_likely == 0


@given(rates=st.lists(st.floats(0, 1e9), max_size=200))
def test_no_two_steps_are_taken_within_two_seconds(rates: list[float]) -> None:
    steps = Steps(NEEDED_BPS)
    moved_at: list[float] = []
    for tick, rate in enumerate(rates):
        before = steps.at
        if steps.update(rate, now=tick * 0.5) != before:
            moved_at.append(tick * 0.5)
    assert all(later - earlier >= 2 for earlier, later in pairwise(moved_at))
