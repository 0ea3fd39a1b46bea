"""Which blocks of sound are worth sending. Pure."""

from __future__ import annotations

from enum import Enum

SILENT_PEAK = 3
"""Largest sample of 32768 in silence: 81 dB down, where there is nothing but dither."""

_HANGOVER_US = 50_000
"""Silence is sent as sound for so long, so that the decoder comes to rest."""

REPEAT_US = 400_000
"""During silence a packet goes out this often, so that the other side knows it from a broken link."""


class Verdict(Enum):
    """What to do with a block."""

    SEND = "as sound"
    SEND_SILENT = "and say that silence follows"
    SKIP = "not at all"


class SilenceGate:
    """Tells sound from lasting silence.

    Opus's own DTX still makes a packet for each block, and 200 headers a second are 100 kbit/s.

    Args:
        block_us: Length of a block.
    """

    def __init__(self, block_us: int) -> None:
        self._block_us = block_us
        self._silent_us = 0
        self._since_sent_us = 0

    def judge(self, samples: memoryview) -> Verdict:
        """Decide on the next block, samples of 16 bits as bytes."""
        if not is_silent(samples):
            self._silent_us = 0
            return Verdict.SEND
        self._silent_us += self._block_us
        if self._silent_us <= _HANGOVER_US:
            self._since_sent_us = REPEAT_US  # the next one says it
            return Verdict.SEND
        self._since_sent_us += self._block_us
        if self._since_sent_us < REPEAT_US:
            return Verdict.SKIP
        self._since_sent_us = 0
        return Verdict.SEND_SILENT


def is_silent(samples: memoryview) -> bool:
    """Whether no sample of a block is above the peak of silence. A sixteenth of them tells most sound from it."""
    values = samples.cast("h")
    some = values[::16]
    if max(some) > SILENT_PEAK or min(some) < -SILENT_PEAK:
        return False
    return max(values) <= SILENT_PEAK and min(values) >= -SILENT_PEAK
