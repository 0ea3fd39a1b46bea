from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.encode.ladder import QualityLadder, QualityStep, quality_steps
from wavry.media import Size

HD = Size(1920, 1080)
PLENTY = 20e6


def climb(ladder: QualityLadder, bitrate_bps: float, fps: int, seconds: float, *, begin: float) -> list[QualityStep]:
    """Let this be decided for a while; return the steps that were taken."""
    taken = [ladder.step]
    for tick in range(round(seconds * 20)):
        step = ladder.update(bitrate_bps, fps, now=begin + tick / 20)
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
    assert climb(ladder, 1_000_000, 60, 60, begin=0) == []


def test_only_smaller_pictures_have_a_lower_ceiling() -> None:
    steps = quality_steps(HD, 60, 20_000_000)
    assert [step.ceiling_bps for step in steps[:3]] == [20_000_000] * 3
    assert all(step.needed_bps < step.ceiling_bps < 20_000_000 for step in steps[3:])
    assert all(step.ceiling_bps <= 300_000 for step in quality_steps(HD, 60, 300_000))


def test_fewer_frames_are_sent_as_soon_as_that_is_decided(ladder: QualityLadder) -> None:
    assert ladder.update(PLENTY, 30, now=0) == ladder.steps[2]


def test_more_frames_are_sent_one_step_in_two_seconds(ladder: QualityLadder) -> None:
    ladder.update(PLENTY, 30, now=0)
    assert climb(ladder, PLENTY, 60, 1.9, begin=0.05) == []
    assert climb(ladder, PLENTY, 60, 1, begin=2) == [ladder.steps[1]]
    assert climb(ladder, PLENTY, 60, 10, begin=3) == [ladder.steps[0]]


def test_what_is_too_slow_for_all_lines_at_the_least_frame_rate_gets_fewer_lines_in_one_move(
    ladder: QualityLadder,
) -> None:
    assert climb(ladder, ladder.steps[4].needed_bps, 60, 10, begin=0) == [ladder.steps[4]]


def test_a_rate_that_only_fewer_frames_fit_takes_no_lines(ladder: QualityLadder) -> None:
    assert climb(ladder, ladder.steps[2].needed_bps, 30, 60, begin=0) == [ladder.steps[2]]


def test_lines_come_back_before_frames(ladder: QualityLadder) -> None:
    climb(ladder, 1e5, 30, 3, begin=0)
    assert ladder.step == ladder.steps[-1]
    assert climb(ladder, PLENTY, 60, 60, begin=3) == ladder.steps[-2::-1]


def test_the_lines_that_may_come_are_known_before_they_come(ladder: QualityLadder) -> None:
    climb(ladder, PLENTY, 30, 0.1, begin=-1)
    before = ladder.next_likely
    climb(ladder, ladder.steps[3].needed_bps, 30, 0.3, begin=0)
    assert (before, ladder.next_likely) == (None, ladder.steps[3])


@given(decisions=st.lists(st.tuples(st.floats(0, 1e9), st.sampled_from([60, 45, 30])), max_size=200))
def test_steps_up_are_single_and_two_seconds_after_any_other(decisions: list[tuple[float, int]]) -> None:
    ladder = QualityLadder(quality_steps(HD, 60, 20_000_000))
    moved_at = float("-inf")
    for tick, (bitrate_bps, fps) in enumerate(decisions):
        before, now = ladder.steps.index(ladder.step), tick * 0.5
        after = ladder.steps.index(ladder.update(bitrate_bps, fps, now=now))
        if after < before:
            assert after == before - 1
            assert now - moved_at >= 2
        if after != before:
            moved_at = now
