"""When a picture that stands still is encoded again.

Motion is coded coarsely to fit the bit rate. Once the screen stands still the encoder gets the same picture a few
more times and spends the bits on what it left out; then there is nothing to send until the screen changes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinementConfig:
    """How often a still picture is encoded again."""

    delays_s: tuple[float, ...] = (0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.3)
    """Pauses before each repetition after the last change: seven pictures within one second. At 20 Mbit/s a 1080p
    desktop is past 40 dB after three; each costs one encoding of a still picture (2.5 ms at 1080p)."""


class Refinement:
    """Counts down the repetitions after a change. Pure; `now` is monotonic seconds."""

    def __init__(self, config: RefinementConfig | None = None) -> None:
        self._delays = (config or RefinementConfig()).delays_s
        self._done = len(self._delays)
        self._due_at: float | None = None

    def on_change(self, *, now: float) -> None:
        """Start again: a changed picture was encoded at `now`."""
        self._done = 0
        self._due_at = now + self._delays[0] if self._delays else None

    def on_repeat(self, *, now: float) -> None:
        """Note that the picture was encoded again."""
        self._done += 1
        self._due_at = now + self._delays[self._done] if self._done < len(self._delays) else None

    def timeout(self, *, now: float) -> float | None:
        """Return the seconds until the next repetition; None when the picture is as good as it gets."""
        return None if self._due_at is None else max(0.0, self._due_at - now)
