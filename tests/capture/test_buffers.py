from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.storage import Clock
from wavry.capture.buffers import NO_ROWS, PictureBuffers, Rows
from wavry.errors import BufferReleasedError
from wavry.media import Frame, Rect, Size


def make_buffers(count: int = 2) -> PictureBuffers:
    return PictureBuffers(Size(4, 16), count, name="test", on_release=lambda: None)


def test_new_picture_misses_everything() -> None:
    loan = make_buffers().lend()
    assert loan is not None
    assert loan.canvas.stale == Rows(0, 16)
    loan.release()


def test_picture_misses_what_changed_while_another_was_shown() -> None:
    buffers = make_buffers()
    first, second = buffers.lend(), buffers.lend()
    assert first is not None
    assert second is not None
    first.canvas.stale = second.canvas.stale = NO_ROWS
    buffers.mark_stale(Rows(3, 5), fresh=second.canvas)
    buffers.mark_stale(Rows(8, 9))
    assert first.canvas.stale == Rows(3, 9)
    assert second.canvas.stale == Rows(8, 9)
    first.release()
    second.release()


def test_no_picture_while_all_are_lent() -> None:
    buffers = make_buffers(count=1)
    loan = buffers.lend()
    assert loan is not None
    assert buffers.lend() is None
    loan.release()
    again = buffers.lend()
    assert again is not None
    again.release()


def damaged(buffers: PictureBuffers, damage: Rect | None) -> Frame:
    loan = buffers.lend()
    assert loan is not None
    return buffers.make_frame(loan, capture_us=1, captured_us=2, damage=damage and (damage,), number=0)


@pytest.mark.parametrize(
    ("older", "newer", "both"),
    [
        (Rect(0, 0, 1, 1), Rect(2, 8, 1, 1), Rect(0, 0, 3, 9)),
        (None, Rect(2, 8, 1, 1), None),
        (Rect(0, 0, 1, 1), None, None),
    ],
)
def test_a_frame_that_nobody_has_begun_with_is_taken_back_and_its_damage_is_in_the_next(
    older: Rect | None, newer: Rect | None, both: Rect | None
) -> None:
    buffers = make_buffers(count=1)
    waiting = [damaged(buffers, older)]
    buffers.reclaim = lambda: waiting.pop() if waiting else None
    frame = damaged(buffers, newer)
    assert frame.damage == (both and (both,))
    assert (buffers.pool.allocated, buffers.pool.drops) == (1, 0)
    assert not buffers.has_room()
    frame.release()
    assert damaged(buffers, newer).damage == (newer and (newer,))


def test_what_was_taken_back_before_a_change_of_size_makes_the_next_frame_whole() -> None:
    buffers = make_buffers(count=1)
    waiting = [damaged(buffers, Rect(0, 0, 1, 1))]
    buffers.reclaim = lambda: waiting.pop() if waiting else None
    assert buffers.has_room()
    buffers.resize(Size(8, 4))
    assert damaged(buffers, Rect(0, 0, 1, 1)).damage is None


def test_second_release_is_an_error_and_rings_nobody() -> None:
    rung: list[None] = []
    buffers = PictureBuffers(Size(2, 2), 1, name="test", on_release=lambda: rung.append(None))
    loan = buffers.lend()
    assert loan is not None
    loan.release()
    with pytest.raises(BufferReleasedError):
        loan.release()
    assert len(rung) == 1


bands = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Rows(*pair))


@given(bands, bands)
def test_union_holds_both(one: Rows, other: Rows) -> None:
    assert {*range(*one.union(other))} >= {*range(*one), *range(*other)}


def test_a_resize_lends_pictures_of_the_new_size_from_the_same_pool_and_leaves_lent_ones_alone() -> None:
    buffers = make_buffers()
    pool = buffers.pool
    old = buffers.lend()
    assert old is not None
    old.canvas.stale = NO_ROWS
    buffers.resize(Size(8, 4))
    new = buffers.lend()
    assert new is not None
    buffers.mark_stale(Rows(0, 1))
    assert (len(old.data), old.canvas.stale) == (4 * 16 * 4, NO_ROWS)
    assert (len(new.data), new.canvas.stale, buffers.stride) == (8 * 4 * 4, Rows(0, 4), 32)
    new.release()
    old.release()
    assert buffers.pool is pool
    assert pool.memory_usage() == (0, 1, 8 * 4 * 4)


def test_a_picture_made_after_one_was_freed_misses_everything_and_the_others_keep_their_account() -> None:
    clock = Clock()
    buffers = PictureBuffers(Size(4, 16), 2, name="test", on_release=lambda: None, clock=clock)
    first, second = buffers.lend(), buffers.lend()
    assert first is not None
    assert second is not None
    first.canvas.stale = second.canvas.stale = NO_ROWS
    second.release()
    clock.advance(10)
    buffers.pool.trim()
    assert second.canvas.peek() is None
    first.release()
    buffers.mark_stale(Rows(2, 3))
    again, fresh = buffers.lend(), buffers.lend()
    assert again is not None
    assert fresh is not None
    assert (again.canvas, again.canvas.stale) == (first.canvas, Rows(2, 3))
    assert fresh.canvas.stale == Rows(0, 16)
    buffers.mark_stale(Rows(5, 6))
    assert again.canvas.stale == Rows(2, 6)
    again.release()
    fresh.release()
