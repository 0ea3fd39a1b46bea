from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.encode.ladder import QualityLadder, QualityStep, quality_steps
from wavry.media import Size

HD = Size(1920, 1080)
PLENTY = 20e6


def climb(ladder: QualityLadder, bitrate_bps: float, seconds: float, *, begin: float) -> list[QualityStep]:
    """Let the link carry so much for a while; return the steps that were taken."""
    taken = [ladder.step]
    for tick in range(round(seconds * 20)):
        step = ladder.update(bitrate_bps, now=begin + tick / 20)
        if step != taken[-1]:
            taken.append(step)
    return taken[1:]


@pytest.fixture
def ladder() -> QualityLadder:
    return QualityLadder(quality_steps(HD, 60, 20_000_000))


def test_frames_are_given_up_before_lines() -> None:
    kinds = [(step.size.height, step.fps) for step in quality_steps(HD, 60, 20_000_000)]
    assert kinds == [(1080, 60), (1080, 45), (1080, 30), (900, 30), (720, 30), (540, 30)]


@pytest.mark.parametrize("size", [HD, Size(3840, 2160), Size(1366, 768), Size(640, 360), Size(1080, 1920)])
@pytest.mark.parametrize("fps", [240, 60, 50, 30, 24])
def test_each_step_needs_less_and_keeps_the_shape(size: Size, fps: int) -> None:
    steps = quality_steps(size, fps, 20_000_000)
    assert steps[0][:2] == (size, fps)
    assert all(lower.needed_bps < upper.needed_bps for upper, lower in pairwise(steps))
    for step in steps:
        assert step.size.width / step.size.height == pytest.approx(size.width / size.height, rel=0.01)


def test_a_low_ceiling_is_no_slow_link() -> None:
    ladder = QualityLadder(quality_steps(HD, 60, 1_000_000))
    assert climb(ladder, 1_000_000, 60, begin=0) == []


def test_a_link_with_room_changes_nothing(ladder: QualityLadder) -> None:
    assert climb(ladder, PLENTY, 60, begin=0) == []


def test_a_short_dip_changes_nothing(ladder: QualityLadder) -> None:
    climb(ladder, PLENTY, 5, begin=0)
    assert climb(ladder, 1e5, 0.45, begin=5) == []
    assert climb(ladder, PLENTY, 5, begin=5.45) == []


def test_a_slow_link_is_followed_in_one_move(ladder: QualityLadder) -> None:
    assert climb(ladder, 1e5, 60, begin=0) == [ladder.steps[-1]]


def test_the_best_rate_of_the_slow_time_decides_how_far_down(ladder: QualityLadder) -> None:
    climb(ladder, PLENTY, 5, begin=0)
    climb(ladder, ladder.steps[3].needed_bps, 0.2, begin=5)
    assert climb(ladder, 1e5, 1, begin=5.2) == [ladder.steps[3]]


def test_only_smaller_pictures_have_a_lower_ceiling() -> None:
    steps = quality_steps(HD, 60, 20_000_000)
    assert [step.ceiling_bps for step in steps[:3]] == [20_000_000] * 3
    assert all(step.needed_bps < step.ceiling_bps < 20_000_000 for step in steps[3:])
    assert all(step.ceiling_bps <= 300_000 for step in quality_steps(HD, 60, 300_000))


def test_it_stops_where_the_link_is_fast_enough(ladder: QualityLadder) -> None:
    assert climb(ladder, 2e6, 60, begin=0)[-1].fps == 30
    assert ladder.step.size == HD


def test_steps_are_taken_back_after_a_rest(ladder: QualityLadder) -> None:
    climb(ladder, ladder.steps[2].needed_bps, 3, begin=0)
    lowered = ladder.step
    assert climb(ladder, PLENTY, 7, begin=3) == []
    taken = climb(ladder, PLENTY, 60, begin=10)
    assert lowered == ladder.steps[2]
    assert taken == [ladder.steps[1], ladder.steps[0]]


def test_between_two_steps_it_does_not_flap(ladder: QualityLadder) -> None:
    moves = []
    for second in range(120):
        needed = ladder.steps[0].needed_bps
        moves += climb(ladder, needed * (0.95 if second % 4 < 2 else 1.25), 1, begin=second)
    assert len(moves) <= 3


def test_the_step_that_may_come_is_known_before_it_comes(ladder: QualityLadder) -> None:
    climb(ladder, PLENTY, 0.1, begin=-1)
    before = ladder.next_likely
    needed_bps = ladder.steps[1].needed_bps
    climb(ladder, needed_bps, 0.3, begin=0)
    assert ladder.next_likely == ladder.steps[1]
    climb(ladder, needed_bps, 0.7, begin=0.3)
    climb(ladder, PLENTY, 1.5, begin=1)
    assert (before, ladder.next_likely) == (None, ladder.steps[0])


@given(rates=st.lists(st.floats(0, 1e9), max_size=200))
def test_no_two_steps_are_taken_within_two_seconds(rates: list[float]) -> None:
    ladder = QualityLadder(quality_steps(HD, 60, 20_000_000))
    moved_at: list[float] = []
    before = ladder.step
    for tick, rate in enumerate(rates):
        if ladder.update(rate, now=tick * 0.5) != before:
            before = ladder.step
            moved_at.append(tick * 0.5)
    assert all(later - earlier >= 2 for earlier, later in pairwise(moved_at))
