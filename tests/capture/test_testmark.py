from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavry.capture import testmark

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = [(40, 45), (320, 180), (640, 480), (1280, 720), (1366, 768), (1920, 1080)]


def paint(width: int, height: int, number: int = 7, capture_us: int = 123456789) -> NDArray[np.uint32]:
    picture = np.full((height, width), 0xFF808080, np.uint32)
    testmark.MarkPainter(width, height).paint(picture, testmark.TestcardMark(number, capture_us))
    return picture


def luma(picture: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return (picture & 0xFF).astype(np.uint8)


@settings(deadline=None)
@given(st.sampled_from(SIZES), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_mark_reads_as_painted(size: tuple[int, int], number: int, capture_us: int) -> None:
    picture = paint(*size, number, capture_us)
    colours = picture.view(np.uint8).reshape(size[1], size[0], 4)
    assert testmark.read_testcard(colours) == (number, capture_us)


def test_mark_reads_from_limited_range_luma_with_noise() -> None:
    noise = np.random.default_rng(1).integers(-25, 25, (720, 1280))
    limited = np.clip(16 + luma(paint(1280, 720)).astype(int) * 219 // 255 + noise, 0, 255).astype(np.uint8)
    assert testmark.read_testcard(limited) == (7, 123456789)


def test_mark_reads_after_scaling_to_half() -> None:
    full = luma(paint(1280, 720)).astype(int)
    half = (full[::2, ::2] + full[1::2, ::2] + full[::2, 1::2] + full[1::2, 1::2]) // 4
    assert testmark.read_testcard(half.astype(np.uint8)) == (7, 123456789)


@pytest.mark.parametrize("shape", [(720, 1280), (20, 20), (0, 0)])
def test_other_pictures_have_no_mark(shape: tuple[int, int]) -> None:
    assert testmark.read_testcard(np.zeros(shape, np.uint8)) is None
    noise = np.random.default_rng(2).integers(0, 255, shape).astype(np.uint8)
    assert testmark.read_testcard(noise) is None


@given(st.integers(8, 119))
@settings(deadline=None)
def test_one_wrong_cell_is_noticed(cell: int) -> None:
    picture = luma(paint(320, 180))
    row, column = divmod(cell, testmark.COLUMNS)
    patch = picture[row * 4 : row * 4 + 4, column * 8 : column * 8 + 8]
    patch[:] = 255 - patch
    assert testmark.read_testcard(picture) is None
