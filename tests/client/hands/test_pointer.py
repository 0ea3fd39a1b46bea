from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sdl_events import button_event, motion, wheel
from wavry.client.hands.deeds import ButtonPressed, ButtonReleased, PointerAt, PointerMoved, Scrolled
from wavry.client.hands.pointer import Pointer, View, share_of
from wavry.client.window.renderer import placed
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from wavry.client.hands.deeds import Deed

STREAM = Size(1920, 1080)
WHOLE = View(Rect(0, 0, *STREAM), STREAM)
sizes = st.builds(Size, st.integers(2, 8192), st.integers(2, 8192))


def pixel(share: int, extent: int) -> int:
    """What the host makes of a share (WIRE.md): 0 is the middle of its first pixel, 65_535 of its last."""
    return round(share * (extent - 1) / 65_535)


def host_pixel(x: int, y: int, view: View, host: Size) -> tuple[int, int]:
    across, down = share_of(x, y, view)
    return pixel(across, host.width), pixel(down, host.height)


@given(sizes, st.data())
def test_at_its_own_size_the_picture_is_exact_to_the_pixel(stream: Size, data: st.DataObject) -> None:
    x, y = (data.draw(st.integers(0, extent - 1)) for extent in stream)
    left, top = data.draw(st.integers(0, 500)), data.draw(st.integers(0, 500))
    view = View(Rect(left, top, *stream), stream)
    assert host_pixel(left + x, top + y, view, stream) == (x, y)


@given(sizes, sizes, st.data())
def test_at_any_size_the_pixel_under_the_pointer_is_meant(stream: Size, window: Size, data: st.DataObject) -> None:
    place = placed(stream, window)
    x = data.draw(st.integers(place.x, place.x + place.width - 1))
    y = data.draw(st.integers(place.y, place.y + place.height - 1))
    found = host_pixel(x, y, View(place, stream), stream)
    wanted = (
        (x - place.x + 0.5) * stream.width / place.width - 0.5,
        (y - place.y + 0.5) * stream.height / place.height - 0.5,
    )
    for at, exact, extent in zip(found, wanted, stream, strict=True):
        assert abs(at - min(max(exact, 0), extent - 1)) <= 0.5 + 0.07  # 16 bits of share, at most 8192 pixels


@given(st.integers(-9999, 9999), st.integers(-9999, 9999), sizes)
def test_beside_the_picture_its_nearest_edge_is_meant(x: int, y: int, window: Size) -> None:
    place = placed(STREAM, window)
    column, row = host_pixel(x, y, View(place, STREAM), STREAM)
    assert (column == 0) or x >= place.x
    assert (row == 0) or y >= place.y
    if x >= place.x + place.width:
        assert column == STREAM.width - 1
    if y >= place.y + place.height:
        assert row == STREAM.height - 1


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_corners_are_reached_where_the_window_is_smaller_or_larger(scale: float) -> None:
    size = Size(round(STREAM.width * scale), round(STREAM.height * scale))
    view = View(Rect(0, 0, *size), STREAM)
    right, bottom = host_pixel(size.width - 1, size.height - 1, view, STREAM)
    assert (STREAM.width - 1 - right, STREAM.height - 1 - bottom) <= (1, 1)
    assert max(host_pixel(0, 0, view, STREAM)) <= 1


def test_a_display_of_high_density_draws_more_pixels_than_the_mouse_counts() -> None:
    view = View(Rect(0, 0, 1600, 1200), Size(800, 600), (2.0, 2.0))
    assert host_pixel(799, 0, view, Size(800, 600)) == (799, 0)
    assert host_pixel(400, 300, view, Size(800, 600)) == (400, 300)


def deeds_of(*events: Any, view: View | None = WHOLE, is_locked: bool = False) -> list[Deed]:
    deeds: list[Deed] = []
    pointer = Pointer(deeds.append, lambda: view)
    pointer.is_locked = is_locked
    for event in events:
        assert pointer.handle(event)
    return deeds


def test_a_click_comes_with_its_place() -> None:
    at = PointerAt(*share_of(3, 4, WHOLE))
    assert deeds_of(button_event(3, True, 3, 4), button_event(3, False, 3, 4)) == [
        at,
        ButtonPressed(3),
        at,
        ButtonReleased(3),
    ]


def test_without_a_picture_there_is_nothing_to_point_at_and_what_is_down_still_comes_up() -> None:
    assert deeds_of(motion(1, 1), button_event(1, True), button_event(1, False), view=None) == [ButtonReleased(1)]


def test_buttons_that_the_wire_does_not_know_are_left_out() -> None:
    assert deeds_of(button_event(6, True), button_event(9, False)) == []


def test_a_locked_pointer_tells_what_the_mouse_moves() -> None:
    assert deeds_of(motion(5, 5, 3, -4), button_event(1, True, 9, 9), is_locked=True) == [
        PointerMoved(3, -4),
        ButtonPressed(1),
    ]


def test_the_wheel_is_told_by_120ths_and_nothing_of_it_gets_lost() -> None:
    assert deeds_of(wheel(0, 1)) == [Scrolled(0, 120)]
    assert deeds_of(wheel(-1, 0)) == [Scrolled(-120, 0)]
    assert deeds_of(*[wheel(0, 0.005)] * 5) == [Scrolled(0, 1), Scrolled(0, 1), Scrolled(0, 1)]
    assert deeds_of(*[wheel(0, 0.1)] * 10) == [Scrolled(0, 12)] * 10


def test_a_wheel_that_the_system_turns_round_is_told_as_it_turned() -> None:
    assert deeds_of(wheel(1, -1, is_flipped=True)) == [Scrolled(-120, 120)]
