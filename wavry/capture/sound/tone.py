"""A tone of 1 kHz made on the clock: a source that needs no device."""

from __future__ import annotations

import array
import math
import threading
from typing import TYPE_CHECKING

from wavry.capture.pacing import FrameClock
from wavry.capture.sound.config import SAMPLE_RATE
from wavry.capture.sound.ring import BlockRing
from wavry.clock import monotonic

if TYPE_CHECKING:
    from wavry.capture.sound.config import SoundCaptureConfig
    from wavry.capture.sound.ring import SoundBlock

TONE_HZ = 1_000
TONE_LEVEL = 8_192
"""Peak of 32768, -12 dB."""

_PERIOD = SAMPLE_RATE // TONE_HZ
"""Samples of one wave; each length of block is a multiple of it, so that all blocks are the same."""


class ToneSource:
    """Two channels of the same tone; a block is due each time its length has passed."""

    channels = 2
    notes = (f"{TONE_HZ} Hz",)

    def __init__(self, config: SoundCaptureConfig) -> None:
        self.ring = BlockRing(self.channels, config.block_samples)
        period = [round(TONE_LEVEL * math.sin(2 * math.pi * at * TONE_HZ / SAMPLE_RATE)) for at in range(_PERIOD)]
        samples = array.array("h", [value for value in period for _ in range(self.channels)])
        self._block = memoryview(samples.tobytes() * (config.block_samples // _PERIOD))
        self._clock = FrameClock(1_000_000 // config.block_us, now=monotonic())
        self._interrupted = threading.Event()

    def next_block(self, timeout: float) -> SoundBlock | None:
        """Wait until the next block is due."""
        now = monotonic()
        wait = min(self._clock.due_at - now, timeout)
        if wait > 0 and self._interrupted.wait(wait):
            self._interrupted.clear()
            return None
        if wait == timeout:
            return None
        due = self._clock.due_at
        self._clock.advance(monotonic())
        self.ring.write(self._block, round(due * 1_000_000))
        return self.ring.take_nowait()

    def interrupt(self) -> None:
        """Make `next_block` return. Any thread."""
        self._interrupted.set()

    def close(self) -> None:
        """Free nothing."""


def open_tone(config: SoundCaptureConfig) -> ToneSource:
    """Return a tone."""
    return ToneSource(config)
