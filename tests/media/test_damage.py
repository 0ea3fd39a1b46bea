from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.media import Rect, cover
from wavry.media.damage import MAX_RECTS

RECTS = st.builds(Rect, st.integers(-50, 4000), st.integers(-50, 2000), st.integers(1, 900), st.integers(1, 900))


@given(st.lists(RECTS, max_size=40))
def test_a_cover_holds_every_rectangle_and_is_small(rects: list[Rect]) -> None:
    covering = cover(rects)
    assert len(covering) <= MAX_RECTS
    assert all(any(each.intersection(rect) == rect for each in covering) for rect in rects)


@given(st.lists(RECTS, min_size=1, max_size=40))
def test_a_cover_is_within_the_box_around_all(rects: list[Rect]) -> None:
    box = rects[0]
    for rect in rects:
        box = box.union(rect)
    assert all(each.intersection(box) == each for each in cover(rects))


def test_close_ones_are_joined_and_far_ones_are_not() -> None:
    line, next_line, far = Rect(0, 0, 400, 16), Rect(40, 16, 400, 16), Rect(1500, 900, 10, 10)
    assert cover([line, next_line, far]) == (Rect(0, 0, 440, 32), far)


def test_one_inside_another_adds_nothing() -> None:
    assert cover([Rect(0, 0, 1000, 1000), Rect(500, 500, 10, 10)]) == (Rect(0, 0, 1000, 1000),)


def test_nothing_needs_no_cover() -> None:
    assert cover([]) == ()
