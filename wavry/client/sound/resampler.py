"""Plays sound a little quicker or slower: what keeps two sound cards together.

A windowed sinc of 16 taps at 256 places between two samples, so that a tone stays a tone: at 1 kHz what it adds is
75 dB below, at 15 kHz 55 (tests/client/sound/test_resampler.py). PyAV's `AudioResampler` can't do this: it does not
expose libswresample's compensation, and its rates are whole numbers that can't change while it runs. Measured: 50 µs
for a block of 5 ms in stereo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAPS = 16
"""It looks half of them ahead, which delays sound by 0.17 ms."""

_PLACES = 256
_BANDWIDTH = 0.94
"""Of what the samples can hold, so that nothing folds back when sound is played quicker. Hearing ends below."""

_KAISER_BETA = 7.0


def _table() -> NDArray[np.float32]:
    """Return the taps for each place; each row sums to 1, so that silence and loudness stay."""
    distance = np.arange(TAPS)[None, :] - (TAPS // 2 - 1) - np.arange(_PLACES + 1)[:, None] / _PLACES
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / (TAPS / 2)) ** 2, 0, None)))
    rows = np.sinc(_BANDWIDTH * distance) * window
    table: NDArray[np.float32] = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    return table


class Resampler:
    """Stretches a stream of blocks. On one thread; its buffers are made once.

    Args:
        channels: Interleaved in each block.
        block_samples: Samples of each channel in a block.
        max_change: Most that the speed is away from 1.
    """

    def __init__(self, channels: int, block_samples: int, max_change: float) -> None:
        self._taps = _table()
        self._input = np.zeros((TAPS + block_samples, channels), np.float32)
        """What the taps still need of the last block, then the present one."""
        self._windows = sliding_window_view(self._input, TAPS, axis=0)
        self._block_samples = block_samples
        self._output = np.zeros((self.longest(block_samples, max_change), channels), np.int16)
        self._steps = np.arange(len(self._output), dtype=np.float64)
        self._position = 0.0
        """Of the next output sample among the windows."""

    @staticmethod
    def longest(block_samples: int, max_change: float) -> int:
        """Return the most samples that a block becomes."""
        return int(block_samples / (1 - max_change)) + 2

    def process(self, block: NDArray[np.int16], speed: float) -> NDArray[np.int16]:
        """Return the block, shorter when `speed` is above 1.

        Args:
            block: `(block_samples, channels)`, not kept.
            speed: Within `max_change` of 1.

        Returns:
            `(samples, channels)`, a view that is valid until the next call.
        """
        self._input[TAPS:] = block
        positions = self._position + self._steps * speed
        count = int(np.searchsorted(positions, self._block_samples))
        positions = positions[:count]
        whole = positions.astype(np.intp)
        places = ((positions - whole) * _PLACES + 0.5).astype(np.intp)
        mixed = np.einsum("nct,nt->nc", self._windows[whole], self._taps[places])
        np.clip(np.rint(mixed, out=mixed), -32768, 32767, out=mixed)
        output = self._output[:count]
        output[:] = mixed
        self._position += count * speed - self._block_samples
        self._input[:TAPS] = self._input[self._block_samples :]
        return output

    @property
    def used_bytes(self) -> int:
        """What it holds, always."""
        return int(self._taps.nbytes + self._input.nbytes + self._output.nbytes + self._steps.nbytes)
