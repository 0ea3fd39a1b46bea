"""A moving picture that is always there, and says when each frame was drawn.

From top to bottom: the mark (see `testmark`), a band of stripes that move sideways, colour bars, and a ramp from black
to white. Mark and stripes are written whole into every frame, so it does not matter which buffer the pool lends; bars
and ramp are drawn once into each buffer. A 1080p frame costs about 0.4 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wavry.capture.buffers import NO_ROWS, PictureBuffers, Rows
from wavry.capture.clocked import ClockedSource
from wavry.capture.config import TESTCARD
from wavry.capture.pacing import FrameClock
from wavry.capture.testmark import MarkPainter, TestcardMark, mark_height, read_testcard
from wavry.clock import monotonic, monotonic_us
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wavry.capture.config import CaptureConfig
    from wavry.media import Frame

__all__ = ["TestcardMark", "TestcardSource", "open_testcard", "read_testcard"]

DEFAULT_SIZE = Size(1920, 1080)
STRIPE_PERIOD = 256
"""Pixels after which the stripes repeat."""
STEP = 8
"""Pixels the stripes move per frame: at 60 frames a second, a 1920 wide picture is crossed in 4 s."""
BARS = (0xFFFFFFFF, 0xFFFFFF00, 0xFF00FFFF, 0xFF00FF00, 0xFFFF00FF, 0xFFFF0000, 0xFF0000FF, 0xFF000000)
"""White, yellow, cyan, green, magenta, red, blue, black, as the 32-bit value of a BGRA pixel."""


class TestcardSource(ClockedSource):
    """A `FrameSource` that draws; see the module.

    Each frame is due at `start + n / fps` exactly. Slots that nobody asked for in time are skipped, frame numbers are
    not.
    """

    def __init__(self, config: CaptureConfig) -> None:
        super().__init__(TESTCARD)
        width, height = config.size or DEFAULT_SIZE
        self._size = Size(width & ~1, height & ~1)
        self._buffers = PictureBuffers(
            self._size, config.pool_buffers, name="capture.testcard", on_release=self._wishes.buffer_returned
        )
        self._painter = MarkPainter(*self._size)
        self._moving = Rows(mark_height(self._size.height), mark_height(self._size.height) + self._size.height // 5)
        self._stripes = _draw_stripes(self._moving.bottom - self._moving.top, self._size.width + STRIPE_PERIOD)
        self._damage = (Rect(0, 0, self._size.width, self._moving.bottom),)
        self._wishes.full_frame()  # nobody has seen bars and ramp yet
        self._clock = FrameClock(config.fps, now=monotonic())

    def close(self) -> None:
        """Free the idle buffers; see `FrameSource`."""
        self._buffers.close()

    def _due_at(self, now: float) -> float:
        return self._clock.due_at

    def _take_frame(self, now: float) -> Frame | None:
        self._clock.advance(now)
        loan = self._buffers.lend()
        if loan is None:
            return None
        capture_us = monotonic_us()
        width, height = self._size
        pixels = np.frombuffer(loan.data, np.uint32).reshape(height, width)
        if not loan.canvas.stale.is_empty:
            _draw_still(pixels[self._moving.bottom :])
            loan.canvas.stale = NO_ROWS
        offset = self._number * STEP % STRIPE_PERIOD
        pixels[self._moving.top : self._moving.bottom] = self._stripes[:, offset : offset + width]
        self._painter.paint(pixels, TestcardMark(self._number, capture_us))
        return self._buffers.make_frame(
            loan,
            capture_us=capture_us,
            captured_us=monotonic_us(),
            damage=None if self._wishes.take_full_frame() else self._damage,
            number=self._number,
        )


def open_testcard(config: CaptureConfig) -> TestcardSource:
    """Open the testcard; it cannot fail."""
    return TestcardSource(config)


def _draw_stripes(height: int, width: int) -> NDArray[np.uint32]:
    """Return `(height, width)` pixels of slanted, coloured stripes that repeat every `STRIPE_PERIOD` pixels."""
    slant = (np.arange(width, dtype=np.uint32)[None, :] + np.arange(height, dtype=np.uint32)[:, None]) % STRIPE_PERIOD
    level = np.where(slant < STRIPE_PERIOD // 2, slant * 2, (STRIPE_PERIOD - 1 - slant) * 2).astype(np.uint32)
    blue = np.uint32(255) - level // np.uint32(2)
    pixels: NDArray[np.uint32] = np.uint32(0xFF000000) | level << np.uint32(16) | level << np.uint32(8) | blue
    return pixels


def _draw_still(pixels: NDArray[np.uint32]) -> None:
    """Fill the unmoving part of a picture: colour bars above, a grey ramp below."""
    height, width = pixels.shape
    bar_of_x = np.arange(width) * len(BARS) // width
    pixels[: height * 2 // 3] = np.array(BARS, np.uint32)[bar_of_x]
    grey = (np.arange(width, dtype=np.uint32) * 255 // max(1, width - 1)).astype(np.uint32)
    pixels[height * 2 // 3 :] = np.uint32(0xFF000000) | grey * np.uint32(0x010101)
