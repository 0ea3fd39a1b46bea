from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.media import Rect
from wavry.server.hands.places import pixel_at

EXTENTS = st.integers(2, 16_384)


def test_the_ends_of_a_stream_are_the_middles_of_its_outer_pixels() -> None:
    area = Rect(100, 50, 1920, 1080)
    assert pixel_at(0, 0, area) == (100, 50)
    assert pixel_at(65_535, 65_535, area) == (2019, 1129)
    assert pixel_at(17, 65_535, Rect(0, 0, 1, 1)) == (0, 0)


@given(data=st.data(), width=EXTENTS, height=EXTENTS, x=st.integers(-500, 500), y=st.integers(0, 500))
def test_the_share_of_a_pixel_gives_that_pixel_for_any_size(
    data: st.DataObject, width: int, height: int, x: int, y: int
) -> None:
    across, down = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    shares = round(across * 65_535 / (width - 1)), round(down * 65_535 / (height - 1))
    assert pixel_at(*shares, Rect(x, y, width, height)) == (x + across, y + down)
