"""When samples were captured. Pure: times are passed in."""

from __future__ import annotations

_GAIN = 0.02
"""Share of an error that one call corrects: pieces of 5 ms are smoothed over a quarter of a second."""

_JUMP_US = 60_000
"""An error above this is a gap in the sound, not a reader that came late."""


class SampleClock:
    """Gives samples times that go on as evenly as the device does, out of measurements that jitter.

    The scheduler delivers pieces late by up to some milliseconds. A receiver that plays by these times should not hear
    that, so the time of a piece is that of the one before plus its length, corrected slowly towards what is measured.
    The correction also follows a device whose clock is not quite the machine's.

    Args:
        rate: Samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._us_per_sample = 1_000_000 / rate
        self._next_us: float | None = None
        self.jumps = 0
        """How often samples were missing, or there were too many."""

    def stamp(self, samples: int, measured_us: int) -> int:
        """Return when a piece began.

        Args:
            samples: Its length.
            measured_us: What is known of the time of its first sample.
        """
        expected = self._next_us
        if expected is None:
            begun = float(measured_us)
        else:
            error = measured_us - expected
            if abs(error) > _JUMP_US:
                self.jumps += 1
                begun = float(measured_us)
            else:
                begun = expected + _GAIN * error
        self._next_us = begun + samples * self._us_per_sample
        return round(begun)
