"""How much a link carries over time, as a list of opportunities.

The format is that of mahimahi: one line per opportunity to deliver 1500 bytes, the millisecond at which it comes,
never going back; the file begins again at its end. A cellular link of 10 Mbit/s has about 50 kB for a minute.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OPPORTUNITY_BYTES = 1500
_MAX_FILE_BYTES = 64_000_000


class Trace:
    """Opportunities within one period, which repeats for ever. Immutable, 4 bytes each.

    Args:
        stamps_ms: When they come, ascending. The last is also the length of the period.

    Raises:
        ConfigError: There is none, they go back, or the period is 0.
    """

    def __init__(self, stamps_ms: Iterable[int]) -> None:
        self._stamps_ms = array("I", stamps_ms)
        if not self._stamps_ms or self._stamps_ms[-1] == 0:
            raise ConfigError("trace", "without an opportunity after 0 ms", "at least one")
        if any(later < earlier for earlier, later in zip(self._stamps_ms, self._stamps_ms[1:], strict=False)):
            raise ConfigError("trace", "with a stamp before the one above it", "ascending milliseconds")

    @classmethod
    def load(cls, path: Path) -> Trace:
        """Read a file.

        Raises:
            ConfigError: It is no trace.
        """
        try:
            if path.stat().st_size > _MAX_FILE_BYTES:
                raise ConfigError("--trace", path, f"a file of at most {_MAX_FILE_BYTES} bytes")
            return cls(int(line) for line in path.read_text(encoding="ascii").split())
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError("--trace", path, f"a file with a millisecond on each line ({error})") from error

    @property
    def period_s(self) -> float:
        """After which it repeats, seconds."""
        return self._stamps_ms[-1] / 1000

    @property
    def mean_bps(self) -> float:
        """What it carries in the long run, bit/s."""
        return len(self._stamps_ms) * OPPORTUNITY_BYTES * 8 / self.period_s

    def at(self, number: int) -> float:
        """Return when an opportunity comes, counted from 0 through all periods; seconds after the beginning."""
        period, index = divmod(number, len(self._stamps_ms))
        return (period * self._stamps_ms[-1] + self._stamps_ms[index]) / 1000

    def first_from(self, seconds: float) -> int:
        """Return the number of the first opportunity at or after a time. O(log n)."""
        period_ms = self._stamps_ms[-1]
        milliseconds = seconds * 1000 - 1e-6  # what was computed from a stamp must find it again
        if milliseconds <= 0:
            return 0
        # A stamp at the very end of a period belongs to it, one of 0 ms after it to the next.
        period = max(0, -int(-milliseconds // period_ms) - 1)
        index = bisect_left(self._stamps_ms, milliseconds - period * period_ms)
        return period * len(self._stamps_ms) + index


class TraceCursor:
    """Where the packets of one link are in a trace. Opportunities nobody was there for are gone."""

    def __init__(self, trace: Trace, begins_at: float) -> None:
        self._trace = trace
        self._begins_at = begins_at
        self._number = -1
        self._comes_at = float("-inf")
        self._left_bytes = 0

    def pass_through(self, size_bytes: int, now: float) -> float:
        """Return when a packet is through that joins the queue now; seconds on the clock of `now`."""
        if self._comes_at < now:
            self._take(self._trace.first_from(now - self._begins_at))
        while size_bytes > self._left_bytes:
            size_bytes -= self._left_bytes
            self._take(self._number + 1)
        self._left_bytes -= size_bytes
        return self._comes_at

    def _take(self, number: int) -> None:
        self._number = number
        self._comes_at = self._begins_at + self._trace.at(number)
        self._left_bytes = OPPORTUNITY_BYTES
