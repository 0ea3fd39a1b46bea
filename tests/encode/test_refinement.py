from __future__ import annotations

from wavry.encode.refinement import Refinement, RefinementConfig

DELAYS = RefinementConfig(delays_s=(0.5, 1.0, 2.0))


def test_there_is_nothing_to_refine_before_the_first_change() -> None:
    assert Refinement(DELAYS).timeout(now=100.0) is None


def test_repeats_are_due_after_the_delays_and_then_never_again() -> None:
    refinement = Refinement(DELAYS)
    now = 100.0
    refinement.on_change(now=now)
    for delay in DELAYS.delays_s:
        assert refinement.timeout(now=now) == delay
        now += delay
        assert refinement.timeout(now=now) == 0.0
        refinement.on_repeat(now=now)
    assert refinement.timeout(now=now) is None
    refinement.on_repeat(now=now)
    assert refinement.timeout(now=now) is None


def test_a_change_starts_again_from_the_first_delay() -> None:
    refinement = Refinement(DELAYS)
    refinement.on_change(now=0.0)
    refinement.on_repeat(now=0.5)
    refinement.on_change(now=1.0)
    assert refinement.timeout(now=1.25) == 0.25


def test_a_repeat_that_is_late_is_due_at_once() -> None:
    refinement = Refinement(DELAYS)
    refinement.on_change(now=0.0)
    assert refinement.timeout(now=50.0) == 0.0


def test_without_delays_nothing_is_repeated() -> None:
    refinement = Refinement(RefinementConfig(delays_s=()))
    refinement.on_change(now=0.0)
    assert refinement.timeout(now=1.0) is None


def test_by_default_a_still_picture_is_repeated_seven_times_within_a_second() -> None:
    delays = RefinementConfig().delays_s
    assert (len(delays), round(sum(delays), 6)) == (7, 1.0)
