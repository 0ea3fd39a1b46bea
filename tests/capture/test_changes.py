from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.capture.buffers import NO_ROWS
from wavry.capture.changes import BAND_ROWS, RowComparer
from wavry.media import Size

SIZE = Size(6, 70)
STRIDE = 4 * SIZE.width


def test_equal_pictures_differ_nowhere() -> None:
    picture = memoryview(bytes(STRIDE * SIZE.height))
    assert RowComparer(SIZE).differing_rows(picture, memoryview(bytes(picture))) == NO_ROWS


@given(st.sets(st.integers(0, STRIDE * SIZE.height - 1), min_size=1, max_size=5))
def test_band_holds_every_difference_and_little_more(changed: set[int]) -> None:
    one = bytearray(STRIDE * SIZE.height)
    other = bytearray(one)
    for index in changed:
        other[index] = 1
    rows = RowComparer(SIZE).differing_rows(memoryview(one), memoryview(other))
    first, last = min(changed) // STRIDE, max(changed) // STRIDE
    assert rows.top <= first < rows.top + BAND_ROWS
    assert rows.bottom - BAND_ROWS <= last < rows.bottom
