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
