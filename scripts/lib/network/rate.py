"""How much a link carries: the same always, or another rate from certain times on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class RateStep:
    """From a time on the link carries so much."""

    begins_s: float
    """Seconds after the link's beginning."""

    rate_bps: float


class RateCursor:
    """Where the packets of one link are in its rates. A packet that is being sent when the rate changes feels it.

    Args:
        rate_bps: Until the first step; None is without limit.
        steps: The later ones, ascending in time.
        begins_at: Monotonic seconds from which the steps count.
    """

    def __init__(self, rate_bps: float | None, steps: Sequence[RateStep], begins_at: float) -> None:
        self._seconds_per_byte = 0.0 if rate_bps is None else 8 / rate_bps
        self._later = deque((begins_at + step.begins_s, 8 / step.rate_bps) for step in steps)
        self._changes_at = self._later[0][0] if self._later else _NEVER
        self._through_at = -_NEVER

    def pass_through(self, size_bytes: int, now: float) -> float:
        """Return when a packet is through that joins the queue now; seconds on the clock of `now`."""
        begins_at = max(now, self._through_at)
        through_at = begins_at + size_bytes * self._seconds_per_byte
        left_bytes = float(size_bytes)
        while through_at >= self._changes_at:
            if begins_at < self._changes_at:
                left_bytes -= (self._changes_at - begins_at) / self._seconds_per_byte
                begins_at = self._changes_at
            self._change()
            through_at = begins_at + left_bytes * self._seconds_per_byte
        self._through_at = through_at
        return through_at

    def _change(self) -> None:
        _, self._seconds_per_byte = self._later.popleft()
        self._changes_at = self._later[0][0] if self._later else _NEVER
