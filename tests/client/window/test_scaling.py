from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.client.arguments import PROGRAM
from wavry.client.window.panning import EDGE, pushed
from wavry.client.window.scaling import ScaleMode, placed
from wavry.media import Rect, Size

sizes = st.builds(Size, st.integers(16, 8192), st.integers(16, 8192))
shares = st.floats(0, 1)
pans = st.tuples(shares, shares)


@given(picture=sizes, window=sizes, mode=st.sampled_from(ScaleMode), pan=pans)
def test_along_each_axis_a_picture_covers_the_window_or_stands_in_its_middle(
    picture: Size, window: Size, mode: ScaleMode, pan: tuple[float, float]
) -> None:
    place = placed(picture, window, mode, pan)
    for begin, drawn, room in ((place.x, place.width, window.width), (place.y, place.height, window.height)):
        if drawn >= room:
            assert begin <= 0
            assert begin + drawn >= room
        else:
            assert abs(begin - (room - drawn - begin)) <= 1


@given(picture=sizes, window=sizes, pan=pans)
def test_one_to_one_keeps_every_pixel(picture: Size, window: Size, pan: tuple[float, float]) -> None:
    assert placed(picture, window, ScaleMode.ONE_TO_ONE, pan).size == picture


@given(picture=sizes, window=sizes)
def test_both_ends_of_a_large_picture_can_be_seen(picture: Size, window: Size) -> None:
    first = placed(picture, window, ScaleMode.ONE_TO_ONE, (0.0, 0.0))
    last = placed(picture, window, ScaleMode.ONE_TO_ONE, (1.0, 1.0))
    if picture.width >= window.width:
        assert (first.x, last.x + last.width) == (0, window.width)
    if picture.height >= window.height:
        assert (first.y, last.y + last.height) == (0, window.height)


@given(picture=sizes, window=sizes)
def test_whole_multiples_are_the_largest_that_fit_and_else_all_is_seen(picture: Size, window: Size) -> None:
    place = placed(picture, window, ScaleMode.INTEGER)
    times = min(window.width // picture.width, window.height // picture.height)
    if times:
        assert place.size == (picture.width * times, picture.height * times)
    else:
        assert place == placed(picture, window)


@given(pan=shares, pointer=st.integers(0, 8191), drawn=st.integers(1, 20_000), room=st.integers(100, 8192))
def test_the_pointer_pushes_only_at_an_edge_and_only_what_is_hidden(
    pan: float, pointer: int, drawn: int, room: int
) -> None:
    pointer %= room
    after = pushed(pan, pointer, drawn, room)
    assert 0 <= after <= 1
    is_inside = EDGE <= pointer < room - EDGE
    if drawn <= room or is_inside:
        assert after == pan
    elif pointer < EDGE:
        assert after <= pan
    else:
        assert after >= pan


def test_a_pointer_that_rests_at_the_edge_gets_to_the_end() -> None:
    pan = 0.5
    for _ in range(200):
        pan = pushed(pan, 99, 1000, 100)
    assert pan == 1.0


@pytest.mark.parametrize(
    ("mode", "place"),
    [
        (ScaleMode.FIT, Rect(0, 50, 800, 500)),
        (ScaleMode.ONE_TO_ONE, Rect(240, 200, 320, 200)),
        (ScaleMode.INTEGER, Rect(80, 100, 640, 400)),
    ],
)
def test_known_places(mode: ScaleMode, place: Rect) -> None:
    assert placed(Size(320, 200), Size(800, 600), mode) == place


def test_the_hot_key_goes_through_all_modes_and_the_command_line_knows_them() -> None:
    mode, seen = ScaleMode.FIT, []
    for _ in ScaleMode:
        seen.append(mode)
        assert PROGRAM.read(["host", "--scale", mode.value])["scale"] == mode
        mode = mode.next()
    assert seen == list(ScaleMode)
    assert mode is ScaleMode.FIT
    assert all(each.label for each in ScaleMode)
