"""A tone of 1 kHz made on the clock: a source that needs no device."""

from __future__ import annotations

import array
import math
import threading
from typing import TYPE_CHECKING

from wavry.capture.sound.config import SAMPLE_RATE
from wavry.capture.sound.ring import BlockRing
from wavry.clock import monotonic

if TYPE_CHECKING:
    from wavry.capture.sound.config import SoundCaptureConfig
    from wavry.capture.sound.ring import SoundBlock

TONE_HZ = 1_000
TONE_LEVEL = 8_192
"""Peak of 32768, -12 dB."""

_KEPT_S = 0.08

_PERIOD = SAMPLE_RATE // TONE_HZ
"""Samples of one wave; each length of block is a multiple of it, so that all blocks are the same."""


class ToneSource:
    """Two channels of the same tone; a block is due each time its length has passed.

    As a device does, it keeps what was not taken for a moment, and has then lost it.
    """

    channels = 2
    notes = (f"{TONE_HZ} Hz",)

    def __init__(self, config: SoundCaptureConfig) -> None:
        self.ring = BlockRing(self.channels, config.block_samples)
        period = [round(TONE_LEVEL * math.sin(2 * math.pi * at * TONE_HZ / SAMPLE_RATE)) for at in range(_PERIOD)]
        samples = array.array("h", [value for value in period for _ in range(self.channels)])
        self._block = memoryview(samples.tobytes() * (config.block_samples // _PERIOD))
        self._block_s = config.block_us / 1_000_000
        self._due_at = monotonic()
        self._interrupted = threading.Event()

    def next_block(self, timeout: float) -> SoundBlock | None:
        """Wait until the next block is due."""
        wait = self._due_at - monotonic()
        if wait > 0 and self._interrupted.wait(min(wait, timeout)):
            self._interrupted.clear()
            return None
        now = monotonic()
        if now < self._due_at:
            return None
        if now - self._due_at > _KEPT_S:
            self.ring.count_overrun()
            self._due_at = now
        self.ring.write(self._block, round(self._due_at * 1_000_000))
        self._due_at += self._block_s
        return self.ring.take_nowait()

    def interrupt(self) -> None:
        """Make `next_block` return. Any thread."""
        self._interrupted.set()

    def close(self) -> None:
        """Free nothing."""


def open_tone(config: SoundCaptureConfig) -> ToneSource:
    """Return a tone."""
    return ToneSource(config)
