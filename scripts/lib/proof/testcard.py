"""The testcard with grain over its lower quarter, and what every picture of it looks like from afar.

The plain testcard needs 4 Mbit/s at 1080p60; the grain makes it fill whatever it is given, 13 of 15 Mbit/s at the same
cost of encoding. It comes in two sizes: fine grain costs bits, coarse grain gives each part of the picture a brightness
of its own, so that an old part among new ones is seen. Everything repeats after `PERIOD` pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from wavry.capture.config import TESTCARD, CaptureConfig
from wavry.capture.testcard import STEP, STRIPE_PERIOD, TestcardSource
from wavry.capture.testmark import HEIGHT_SHARE
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wavry.media import Frame

PERIOD = STRIPE_PERIOD // STEP
GRID_ROWS, GRID_COLUMNS = HEIGHT_SHARE, 24
"""Parts of a picture that are compared. The first row is the mark, which has a checksum."""

_FINE, _COARSE = 4, 96
"""Pixels of a grain."""

_ROWS_LOOKED_AT = 4
"""Of so many rows one counts: a quarter of the cost, and still more than a thousand pixels a part."""

_PATIENCE_S = 5.0


class GrainyTestcard(TestcardSource):
    """A `TestcardSource` with grain that jumps from picture to picture."""

    def __init__(self, config: CaptureConfig) -> None:
        super().__init__(config)
        self._damage = (Rect(0, 0, *self._size),)
        dice = np.random.default_rng(1)
        self._jumps = dice.integers(0, 4 * _COARSE, (PERIOD, 2))
        self._grain_top = self._size.height * 3 // 4
        height, width = self._size.height - self._grain_top + 4 * _COARSE, self._size.width + 4 * _COARSE
        grain = 128 + _noise(dice, height, width, _FINE, 6) + _noise(dice, height, width, _COARSE, 60)
        self._grain = np.uint32(0xFF000000) | grain.astype(np.uint32) * np.uint32(0x010101)

    def _take_frame(self, now: float) -> Frame | None:
        frame = super()._take_frame(now)
        if frame is not None:
            below = np.frombuffer(frame.data, np.uint32).reshape(self._size.height, -1)[self._grain_top :]
            down, right = self._jumps[frame.number % PERIOD]
            below[:] = self._grain[down:, right:][: below.shape[0], : below.shape[1]]
        return frame


def _noise(dice: np.random.Generator, height: int, width: int, cell: int, most: int) -> NDArray[np.int64]:
    """Return `(height, width)` of square cells, each of a value up to `most` above or below 0."""
    cells = dice.integers(-most, most + 1, (-(-height // cell), -(-width // cell)))
    return cells.repeat(cell, 0).repeat(cell, 1)[:height, :width]


def brightness(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean of each part of a picture below the mark.

    Args:
        luma: `(height, width)`, limited range.

    Returns:
        `(GRID_ROWS - 1, GRID_COLUMNS)`. About 0.4 ms at 1080p.
    """
    height, width = (luma.shape[0] // GRID_ROWS, luma.shape[1] // GRID_COLUMNS)
    whole = luma[height : height * GRID_ROWS, : width * GRID_COLUMNS]
    looked_at = whole.reshape(GRID_ROWS - 1, height, -1)[:, ::_ROWS_LOOKED_AT]
    columns = looked_at.sum(axis=1, dtype=np.uint32).reshape(GRID_ROWS - 1, GRID_COLUMNS, width)
    means: NDArray[np.float64] = columns.mean(axis=2) / looked_at.shape[1]
    return means


def draw_all(size: Size) -> list[NDArray[np.float64]]:
    """Draw each picture of a period, and return the brightness of its parts."""
    source = GrainyTestcard(CaptureConfig(source=TESTCARD, fps=240, size=size))
    drawn: list[NDArray[np.float64]] = []
    while len(drawn) < PERIOD:
        frame = source.next_frame(_PATIENCE_S)
        assert frame is not None  # a testcard always has one
        assert frame.number == len(drawn)  # and never leaves out a number
        pixels = np.frombuffer(frame.data, np.uint8).reshape(size.height, size.width, 4)
        picture = av.VideoFrame.from_ndarray(pixels, "bgra")
        drawn.append(
            brightness(
                plane_of(
                    picture.reformat(
                        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
                    )
                )
            )
        )
        frame.release()
    source.close()
    return drawn


def plane_of(picture: av.VideoFrame, number: int = 0) -> NDArray[np.uint8]:
    """Return a plane as `(height, width)`, brightness first; a view that lives as long as the picture."""
    plane = picture.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
