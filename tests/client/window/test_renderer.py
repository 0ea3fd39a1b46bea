from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.client.window.scaling import placed
from wavry.media import Rect, Size

sizes = st.builds(Size, st.integers(16, 8192), st.integers(16, 8192))


@given(picture=sizes, window=sizes)
def test_a_picture_keeps_its_shape_and_touches_the_window_on_two_sides(picture: Size, window: Size) -> None:
    place = placed(picture, window)
    assert place.intersection(Rect(0, 0, *window)) == place
    assert place.width == window.width or place.height == window.height
    scale = min(window.width / picture.width, window.height / picture.height)
    assert place.width == pytest.approx(picture.width * scale, abs=1)
    assert place.height == pytest.approx(picture.height * scale, abs=1)


@given(picture=sizes, window=sizes)
def test_a_picture_stands_in_the_middle(picture: Size, window: Size) -> None:
    place = placed(picture, window)
    assert abs(place.x - (window.width - place.width - place.x)) <= 1
    assert abs(place.y - (window.height - place.height - place.y)) <= 1


@pytest.mark.parametrize(
    ("picture", "window", "place"),
    [
        (Size(1920, 1080), Size(1920, 1080), Rect(0, 0, 1920, 1080)),
        (Size(1920, 1080), Size(1280, 1024), Rect(0, 152, 1280, 720)),
        (Size(1080, 1920), Size(1920, 1080), Rect(656, 0, 608, 1080)),
        (Size(640, 360), Size(1280, 720), Rect(0, 0, 1280, 720)),
    ],
)
def test_known_windows(picture: Size, window: Size, place: Rect) -> None:
    assert placed(picture, window) == place


def test_a_window_of_no_height_still_has_a_place() -> None:
    assert placed(Size(640, 360), Size(100, 0)).size == Size(1, 1)
