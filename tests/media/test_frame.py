from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.media import Frame, PixelFormat, Rect, Size
from wavry.memory import FrameBufferPool

rects = st.builds(
    Rect, st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 60), st.integers(1, 60)
)  # fmt: skip


def pixels(rect: Rect | None) -> set[tuple[int, int]]:
    if rect is None:
        return set()
    return {(x, y) for x in range(rect.x, rect.x + rect.width) for y in range(rect.y, rect.y + rect.height)}


@given(rects, rects)
def test_an_intersection_is_what_both_cover(first: Rect, second: Rect) -> None:
    assert pixels(first.intersection(second)) == pixels(first) & pixels(second)
    assert first.intersection(second) == second.intersection(first)


@given(rects, rects)
def test_a_union_holds_both_and_touches_them_on_every_side(first: Rect, second: Rect) -> None:
    union = first.union(second)
    assert union.intersection(first) == first
    assert union.intersection(second) == second
    covered = pixels(first) | pixels(second)
    assert union.x == min(x for x, _ in covered)
    assert union.y == min(y for _, y in covered)
    assert union.x + union.width == max(x for x, _ in covered) + 1
    assert union.y + union.height == max(y for _, y in covered) + 1


@given(
    st.builds(Size, st.integers(2, 9000), st.integers(2, 9000)),
    st.builds(Size, st.integers(2, 9000), st.integers(2, 9000)),
)
def test_a_fitted_size_is_even_in_the_box_and_no_larger_than_it_was(size: Size, box: Size) -> None:
    fitted = size.fitted(box)
    assert fitted.width % 2 == fitted.height % 2 == 0
    assert 2 <= fitted.width <= min(size.width, box.width)
    assert 2 <= fitted.height <= min(size.height, box.height)


@pytest.mark.parametrize(
    ("size", "box", "fitted"),
    [
        (Size(3840, 2160), Size(1920, 1080), Size(1920, 1080)),
        (Size(1920, 1200), Size(1920, 1080), Size(1728, 1080)),
        (Size(1080, 1920), Size(1920, 1080), Size(608, 1080)),
        (Size(1280, 720), Size(1920, 1080), Size(1280, 720)),
        (Size(1367, 769), Size(1367, 769), Size(1366, 768)),
    ],
)
def test_fitting_keeps_the_shape(size: Size, box: Size, fitted: Size) -> None:
    assert size.fitted(box) == fitted


def test_sizes_and_rects_read_as_a_user_writes_them() -> None:
    assert str(Size(1280, 720)) == "1280x720"
    assert str(Rect(-10, 20, 1280, 720)) == "-10,20,1280,720"
    assert Rect(1, 2, 3, 4).size == Size(3, 4)


def make_frame(pool: FrameBufferPool, damage: Rect | None, size: Size = Size(10, 10)) -> Frame:  # noqa: B008
    return Frame(pool.acquire(), size, 40, PixelFormat.BGRA, capture_us=0, damage=damage and (damage,))


@pytest.mark.parametrize(
    ("older", "newer", "result"),
    [
        (Rect(0, 0, 2, 2), Rect(4, 4, 2, 2), Rect(0, 0, 6, 6)),
        (None, Rect(4, 4, 2, 2), None),
        (Rect(0, 0, 2, 2), None, None),
    ],
)
def test_a_frame_takes_over_the_damage_of_one_that_nobody_sees(
    older: Rect | None, newer: Rect | None, result: Rect | None
) -> None:
    pool = FrameBufferPool(400, 2)
    old, new = make_frame(pool, older), make_frame(pool, newer)
    new.supersede(old)
    assert new.damage == (result and (result,))
    assert pool.memory_usage().in_use_buffers == 1  # the older went home
    new.release()


def test_after_a_change_of_size_anything_may_differ() -> None:
    pool = FrameBufferPool(400, 2)
    old = make_frame(pool, Rect(0, 0, 1, 1), Size(8, 8))
    new = make_frame(pool, Rect(0, 0, 1, 1))
    new.supersede(old)
    assert new.damage is None
    new.release()
