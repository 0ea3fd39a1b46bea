"""Blocks of sound in memory that is allocated once, between the thread that captures and the one that encodes.

A block belongs to the ring while it waits, to the consumer from `take` until its next `take`, and to the producer while
it is filled; so no two threads touch one block.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from wavry.capture.sound.config import SAMPLE_BYTES, SAMPLE_RATE

_WAITING = 16
"""Blocks that may wait: 80 ms at 5 ms a block. What is older is late anyway."""

_BLOCKS = _WAITING + 2
"""And one in the hands of each side."""


@dataclass(slots=True)
class SoundBlock:
    """One block of samples."""

    samples: memoryview
    """Interleaved, 16 bits each, as bytes."""
    capture_us: int = 0
    """When the first of them was captured, microseconds on `wavry.clock.monotonic_us`."""


class BlockRing:
    """Cuts what comes into blocks of one length. One producer, one consumer.

    Args:
        channels: Of the samples.
        block_samples: Samples of each channel in a block.
    """

    policy = "the oldest blocks are dropped"

    def __init__(self, channels: int, block_samples: int) -> None:
        self._sample_bytes = channels * SAMPLE_BYTES
        self._block_bytes = block_samples * self._sample_bytes
        blocks = [SoundBlock(memoryview(bytearray(self._block_bytes))) for _ in range(_BLOCKS)]
        self._filling, self._in_hand, *self._free = blocks
        self._ready: deque[SoundBlock] = deque()
        self._filled = 0
        self._high_water = 0
        self._lock = threading.Lock()
        self._bell = threading.Lock()
        self._bell.acquire()
        self.overruns = 0
        """Blocks dropped because they were not taken in time, or reported as missed by the device."""

    # The producer's side.

    def write(self, data: memoryview, capture_us: int) -> None:
        """Add samples; never waits for the consumer.

        Args:
            data: Whole samples of all channels, as bytes; copied.
            capture_us: When the first of them was captured.
        """
        offset = 0
        while offset < len(data):
            block = self._filling
            if self._filled == 0:
                block.capture_us = capture_us + offset // self._sample_bytes * 1_000_000 // SAMPLE_RATE
            size = min(self._block_bytes - self._filled, len(data) - offset)
            block.samples[self._filled : self._filled + size] = data[offset : offset + size]
            self._filled += size
            offset += size
            if self._filled == self._block_bytes:
                self._publish()

    def restart(self) -> None:
        """Forget a block that is half full: what comes next does not go on from it."""
        self._filled = 0

    def count_overrun(self) -> None:
        """Note that the device has lost samples."""
        self.overruns += 1

    def _publish(self) -> None:
        with self._lock:
            self._ready.append(self._filling)
            self._high_water = max(self._high_water, len(self._ready))
            if self._free:
                self._filling = self._free.pop()
            else:
                self._filling = self._ready.popleft()
                self.overruns += 1
        self._filled = 0
        self.ring_bell()

    # The consumer's side.

    def take(self, timeout: float) -> SoundBlock | None:
        """Wait for a block; the one taken before goes back.

        Returns:
            None when `timeout` seconds passed or somebody rang the bell, and there is none.
        """
        block = self.take_nowait()
        if block is None and self._bell.acquire(timeout=timeout):
            block = self.take_nowait()
        return block

    def take_nowait(self) -> SoundBlock | None:
        """Take a block if there is one; the one taken before goes back."""
        with self._lock:
            if not self._ready:
                return None
            self._free.append(self._in_hand)
            self._in_hand = self._ready.popleft()
            return self._in_hand

    def ring_bell(self) -> None:
        """Make a waiting `take` return, or the next one that would wait. Any thread."""
        try:
            self._bell.release()
        except RuntimeError:
            pass  # it is ringing already

    # For the budget.

    @property
    def cap_bytes(self) -> int:
        """All that is allocated, from the start."""
        return _BLOCKS * self._block_bytes

    @property
    def used_bytes(self) -> int:
        """Bytes of blocks that wait."""
        return len(self._ready) * self._block_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most bytes that have waited."""
        return self._high_water * self._block_bytes

    @property
    def drops(self) -> int:
        """Blocks that were lost here or in the device."""
        return self.overruns


def ring_bytes(channels: int, block_samples: int) -> int:
    """Return what a ring will allocate."""
    return _BLOCKS * block_samples * channels * SAMPLE_BYTES
