"""How much is sent and how much of it is acknowledged, both by our own clock and our own sizes."""

from __future__ import annotations

from collections import deque

from wavry.rift.delta.states import TUNING

_BIN_S = 0.02


class RateMeter:
    """Mean rate over the last `rate_window_s`, in bins of 20 ms: of fixed size whatever is counted. 0.5 µs a call."""

    __slots__ = ("_bins", "_total_bytes")

    def __init__(self) -> None:
        self._bins: deque[tuple[float, int, float, float]] = deque()
        """When each began, its bytes, and when the first and the last of its packets were sent."""
        self._total_bytes = 0

    def add(self, size_bytes: int, now: float, *, first_sent_at: float, last_sent_at: float) -> None:
        """Count packets.

        Args:
            size_bytes: Theirs together.
            now: Monotonic seconds, never going back.
            first_sent_at: When the first of them was sent: what comes in one go counts over the time in which it left.
            last_sent_at: When the last of them was sent.
        """
        self._total_bytes += size_bytes
        if self._bins and now - self._bins[-1][0] < _BIN_S:
            began_at, before_bytes, first, last = self._bins[-1]
            sent = (min(first, first_sent_at), max(last, last_sent_at))
            self._bins[-1] = (began_at, before_bytes + size_bytes, *sent)
        else:
            self._bins.append((now, size_bytes, first_sent_at, last_sent_at))
            self._forget(now)

    def rate_bps(self, now: float) -> float:
        """Return the mean rate over the window, or over the time in which its packets were sent if that is longer."""
        self._forget(now)
        if not self._bins:
            return 0.0
        sent_s = max(each[3] for each in self._bins) - min(each[2] for each in self._bins)
        return self._total_bytes * 8 / max(TUNING.rate_window_s, sent_s)

    def _forget(self, now: float) -> None:
        bins = self._bins
        while bins and now - bins[0][0] > TUNING.rate_window_s:
            self._total_bytes -= bins.popleft()[1]
