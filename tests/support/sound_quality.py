"""How pure a recorded tone is, and what is missing of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 48_000
_AWAY_HZ = 100.0
"""As far from the peak as its own foot reaches, however the window cuts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneQuality:
    """What is to be said of a recording."""

    peak_hz: float
    rest_db: float
    """How far all else is below the peak, further than 100 Hz away; negative."""

    level_db: float
    """Against what was played."""

    gaps_ms: list[float]
    """Where the tone's envelope, over a millisecond, is less than half of the whole recording's, for more than one."""

    @property
    def longest_gap_ms(self) -> float:
        return max(self.gaps_ms, default=0.0)


def judge(sound: NDArray[np.float64], *, level: float, hertz: float = 1_000) -> ToneQuality:
    """Return how good a recorded tone is.

    Args:
        sound: One channel at 48 kHz.
        level: The amplitude that was played.
        hertz: What was played.
    """
    levels = 20 * np.log10(np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) + 1e-9)
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    peak = float(frequencies[levels.argmax()])
    rest = float(levels[np.abs(frequencies - peak) > _AWAY_HZ].max() - levels.max())
    # Half of a sine's squares are above a half.
    heard = 20 * np.log10(np.sqrt(2 * np.median(sound * sound)) / level + 1e-9)
    return ToneQuality(
        peak_hz=round(peak, 2),
        rest_db=round(rest, 1),
        level_db=round(float(heard), 2),
        gaps_ms=gaps_ms(sound, hertz=hertz),
    )


def gaps_ms(sound: NDArray[np.float64], *, hertz: float = 1_000) -> list[float]:
    """Return the lengths of all gaps of more than a millisecond."""
    window = round(RATE / hertz)  # one wave
    power = np.convolve(sound * sound, np.ones(window) / window, mode="valid")
    loud = np.flatnonzero(power > np.median(power) / 4)
    pauses = np.diff(loud)
    return [round(float(each - window) / RATE * 1000, 1) for each in pauses if each > 2 * window]
