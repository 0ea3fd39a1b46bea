"""A source of sound that does as it is told."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from wavry.capture.sound.ring import BlockRing

if TYPE_CHECKING:
    from wavry.capture.sound.ring import SoundBlock

PATIENCE_S = 20.0


class ScriptedSource:
    """Gives a block for each `play`, raises for each `fail`."""

    notes = ("a script",)

    def __init__(self, channels: int = 2, block_samples: int = 240) -> None:
        self.channels = channels
        self.ring = BlockRing(channels, block_samples)
        self.block_bytes = block_samples * channels * 2
        self.closed = threading.Event()
        self._script: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()
        self._now_us = 1_000_000

    def play(self, samples: bytes, times: int = 1) -> None:
        """Have a block come."""
        for _ in range(times):
            self._script.put(samples)

    def fail(self, error: Exception) -> None:
        """Have the next wait end badly."""
        self._script.put(error)

    def next_block(self, timeout: float) -> SoundBlock | None:
        step = self._script.get(timeout=PATIENCE_S)
        if step is None:
            return None
        if isinstance(step, Exception):
            raise step
        self.ring.write(memoryview(step), self._now_us)
        self._now_us += len(step) // (2 * self.channels) * 1_000_000 // 48_000
        return self.ring.take_nowait()

    def interrupt(self) -> None:
        self._script.put(None)

    def close(self) -> None:
        self.closed.set()
