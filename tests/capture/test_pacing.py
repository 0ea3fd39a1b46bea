from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.capture.pacing import FrameClock, FrameTokens


def test_second_change_need_not_wait_for_its_slot() -> None:
    tokens = FrameTokens(60, now=10.0)
    tokens.take(10.0)
    assert tokens.ready_at(10.003) == 10.003


def test_third_change_at_once_waits() -> None:
    tokens = FrameTokens(60, now=10.0)
    tokens.take(10.0)
    tokens.take(10.0)
    assert abs(tokens.ready_at(10.0) - (10.0 + 1 / 60)) < 1e-9


@given(st.lists(st.floats(0, 0.1), min_size=1, max_size=300), st.integers(1, 240))
def test_frames_never_exceed_rate_times_time_plus_burst(pauses: list[float], fps: int) -> None:
    now, taken = 0.0, 0
    tokens = FrameTokens(fps, burst=2, now=now)
    for pause in pauses:
        now += pause
        if tokens.ready_at(now) <= now:
            tokens.take(now)
            taken += 1
    assert taken <= now * fps + 2 + 1e-6


@given(st.floats(0, 1), st.integers(1, 240))
def test_token_is_there_when_promised(now: float, fps: int) -> None:
    tokens = FrameTokens(fps, now=0.0)
    for _ in range(5):
        at = tokens.ready_at(now)
        now = max(now, at) + 1e-9
        assert tokens.ready_at(now) <= now
        tokens.take(now)


def held_back(tokens: FrameTokens, now: float, count: int, *, shift_s: float = 0.0) -> float:
    """Take frames as quickly as the rate allows, and return when the last one was; the first is asked to shift."""
    for _ in range(count):
        now = tokens.ready_at(now)
        tokens.take(now, shift_s=shift_s)
        shift_s = 0.0
    return now


@given(st.floats(0, 1 / 60), st.integers(3, 100))
def test_frames_that_the_rate_holds_back_are_shifted_for_good(shift_s: float, count: int) -> None:
    plain, shifted = FrameTokens(60, now=0.0), FrameTokens(60, now=0.0)
    begin = held_back(plain, 0.0, 4), held_back(shifted, 0.0, 4)
    ends = held_back(plain, begin[0], count), held_back(shifted, begin[1], count, shift_s=shift_s)
    assert abs(ends[1] - ends[0] - shift_s) < 1e-9


def test_a_shift_is_a_frame_at_most() -> None:
    tokens = FrameTokens(60, now=0.0)
    before = held_back(tokens, 0.0, 4)
    assert held_back(tokens, before, 2, shift_s=5.0) < before + 3 / 60 + 1e-9


def test_frames_that_come_when_the_screen_changes_are_not_shifted() -> None:
    tokens = FrameTokens(60, now=0.0)
    for change in range(1, 20):
        now = change / 30
        assert tokens.ready_at(now) == now
        tokens.take(now, shift_s=0.016)


def test_a_clock_is_shifted_for_good_by_a_slot_at_most() -> None:
    clock = FrameClock(10, now=0.0)
    clock.advance(0.0, shift_s=0.03)
    assert clock.due_at == 0.13
    clock.advance(0.13)
    assert clock.due_at == 0.23
    clock.advance(0.23, shift_s=7.0)
    assert abs(clock.due_at - 0.43) < 1e-9
    assert clock.skipped == 0


def test_clock_does_not_drift() -> None:
    clock = FrameClock(60, now=5.0)
    for _ in range(60 * 3600):
        clock.advance(clock.due_at)
    assert clock.due_at == 5.0 + 3600
    assert clock.skipped == 0


def test_clock_skips_what_was_missed() -> None:
    clock = FrameClock(10, now=0.0)
    clock.advance(0.35)
    assert clock.due_at == 0.4
    assert clock.skipped == 3
