"""What is a leak and what only swings."""

from __future__ import annotations

import pytest

from leaking.growth import Growth, NotMeasuredError, Phase, certain_growth, is_leak

FRAMES = Phase("frames", 500, 0, 30)
SESSIONS = Phase("sessions", 20, 0, 30)


def test_what_climbs_grows_by_a_third_for_certain() -> None:
    assert certain_growth(range(0, 300, 10)) == 110


def test_what_swings_between_bounds_does_not_grow() -> None:
    assert certain_growth([128 + 37 * number % 128 for number in range(30)]) <= 0


def test_what_fills_at_the_beginning_and_stays_does_not_grow() -> None:
    assert certain_growth([min(number, 5) for number in range(30)]) == 0


def test_too_few_samples_are_no_measurement() -> None:
    with pytest.raises(NotMeasuredError, match="8 samples"):
        certain_growth(range(8))


@pytest.mark.parametrize(("phase", "allocations"), [(FRAMES, 500 // 3), (SESSIONS, 20 // 3)])
def test_an_object_for_each_is_a_leak(phase: Phase, allocations: int) -> None:
    assert is_leak(phase, allocations, 0)


def test_a_list_that_gets_a_pointer_with_each_frame_is_a_leak() -> None:
    assert is_leak(FRAMES, 0, 8 * 500 // 3)


@pytest.mark.parametrize("phase", [FRAMES, SESSIONS])
def test_a_few_objects_more_are_the_moment(phase: Phase) -> None:
    assert not is_leak(phase, 3, 200)


def test_a_growth_says_how_much_and_where() -> None:
    lines = Growth("frames", 500, 166, 22000, ("bytes_new", "on_picture (leaking/pipeline.py:70)")).lines()
    assert lines[0] == "grows with frames: +166 allocations, +22000 bytes in 500"
    assert lines[-1].strip() == "on_picture (leaking/pipeline.py:70)"
