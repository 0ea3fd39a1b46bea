from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.capture.buffers import NO_ROWS, PictureBuffers, Rows
from wavry.errors import BufferReleasedError
from wavry.media import Size


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
    assert one.union(other).contains(one)
    assert one.union(other).contains(other)
