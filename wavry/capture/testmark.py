"""A number and a time that can be read back from a picture, even after a codec and a change of size.

The top fifteenth of the picture is a grid of 40 by 3 cells, black for 0 and white for 1, 48x24 pixels each at
1080p. Cells are fractions of the picture, so a scaled picture reads the same. In reading order, highest bit first:

    sync 8 bits (10101100) | frame number 32 | capture time in us 64 | CRC-16 (CCITT) of number and time 16

The sync cells are also the measure of what is black and what is white, so full and limited range both work.
"""

from __future__ import annotations

import binascii
import itertools
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

COLUMNS = 40
ROWS = 3
HEIGHT_SHARE = 15
"""The mark is this part of the picture's height."""

_SYNC = 0b10101100
_BODY = struct.Struct(">IQ")
_SYNC_BITS = np.unpackbits(np.array([_SYNC], np.uint8)).astype(bool)
_MIN_CONTRAST = 40
"""Least difference between white and black cells; below it the picture is something else."""


class TestcardMark(NamedTuple):
    """What a testcard picture says about itself."""

    number: int
    """Counts the testcard's frames, modulo 2**32."""

    capture_us: int
    """When it was drawn, on the host's monotonic clock."""


def mark_height(height: int) -> int:
    """Return how many rows of a picture of `height` rows the mark takes."""
    return height // HEIGHT_SHARE


class MarkPainter:
    """Draws marks into pictures of one size. Keeps a few kB; a mark costs about 0.1 ms at 1080p.

    Args:
        width: Of the picture in pixels, at least 40.
        height: Of the picture in pixels, at least 45.
    """

    def __init__(self, width: int, height: int) -> None:
        edges = [mark_height(height) * row // ROWS for row in range(ROWS + 1)]
        self._bands = [slice(top, bottom) for top, bottom in itertools.pairwise(edges)]
        self._column_of_x = np.arange(width) * COLUMNS // width
        self._line = np.empty(width, np.uint32)

    def paint(self, pixels: NDArray[np.uint32], mark: TestcardMark) -> None:
        """Draw `mark` over the top of a picture.

        Args:
            pixels: `(height, width)`, one BGRA pixel each; written in place.
            mark: What to draw; taken modulo 2**32 and 2**64.
        """
        body = _BODY.pack(mark.number & 0xFFFFFFFF, mark.capture_us & 0xFFFFFFFFFFFFFFFF)
        coded = bytes([_SYNC]) + body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")
        bits = np.unpackbits(np.frombuffer(coded, np.uint8))
        cells = np.where(bits, np.uint32(0xFFFFFFFF), np.uint32(0xFF000000)).reshape(ROWS, COLUMNS)
        for row, band in zip(cells, self._bands, strict=True):
            np.take(row, self._column_of_x, out=self._line, mode="clip")  # clip: the default mode copies `out`
            pixels[band] = self._line


def read_testcard(picture: NDArray[np.uint8]) -> TestcardMark | None:
    """Read the mark of a testcard picture.

    Args:
        picture: `(height, width)` luma in full or limited range, or `(height, width, 3 or 4)` colours in any order;
            any size from 40x45 on, scaled or not, and not cropped.

    Returns:
        The mark, or None where there is none that passes its checksum. Reads 120 small patches, about 1 ms.
    """
    luma: NDArray[np.uint8] = picture if picture.ndim == 2 else picture[:, :, 1]  # green; black and white are grey
    if luma.shape[0] < ROWS * HEIGHT_SHARE or luma.shape[1] < COLUMNS:
        return None
    levels = _cell_levels(luma)
    white, black = levels[:8][_SYNC_BITS].mean(), levels[:8][~_SYNC_BITS].mean()
    if white - black < _MIN_CONTRAST:
        return None
    coded = np.packbits(levels > (white + black) / 2).tobytes()
    body, checksum = coded[1:-2], int.from_bytes(coded[-2:], "big")
    if coded[0] != _SYNC or binascii.crc_hqx(body, 0xFFFF) != checksum:
        return None
    return TestcardMark(*_BODY.unpack(body))


def _cell_levels(luma: NDArray[np.uint8]) -> NDArray[Any]:
    """Return the mean of the middle half of each cell, in reading order."""
    height, width = luma.shape
    cell_height, cell_width = height / HEIGHT_SHARE / ROWS, width / COLUMNS
    levels = np.empty(ROWS * COLUMNS)
    for row in range(ROWS):
        top, bottom = _middle(row, cell_height)
        for column in range(COLUMNS):
            left, right = _middle(column, cell_width)
            levels[row * COLUMNS + column] = luma[top:bottom, left:right].mean()
    return levels


def _middle(index: int, extent: float) -> tuple[int, int]:
    start = int((index + 0.25) * extent)
    return start, max(start + 1, int((index + 0.75) * extent))
