from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.rift.sequence import serial_distance, unwrap

big = st.integers(0, 2**40)
small = st.integers(-(2**31) + 1, 2**31 - 1)


@given(start=big, step=small)
def test_distance_is_what_was_added_whatever_wraps(start: int, step: int) -> None:
    assert serial_distance((start + step) % 2**32, start % 2**32) == step


@given(start=big, step=small)
def test_unwrapping_gives_back_the_integer_nearby(start: int, step: int) -> None:
    assert unwrap((start + step) % 2**32, near=start) == start + step


def test_half_the_space_away_counts_as_behind() -> None:
    assert serial_distance(2**31, 0) == -(2**31)
    assert serial_distance(0, 2**31) == -(2**31)
