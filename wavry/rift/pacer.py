"""Spreads what is sent over time: a rate in bursts, since an event loop cannot wake for every packet."""

from __future__ import annotations

BURST_S = 0.002
"""Length of a burst. Shorter is smoother, but an event loop wakes no more often than about once a millisecond; longer
builds a queue at the bottleneck."""


class Pacer:
    """Lets bytes out at a rate. One owner.

    Args:
        rate_bps: Bits per second; change it with `rate_bps`.
        min_burst_bytes: What may always leave at once after a pause: a small frame, which should not wait.
    """

    def __init__(self, rate_bps: float, *, min_burst_bytes: int) -> None:
        self._min_burst_bytes = min_burst_bytes
        self._rate_bps = rate_bps
        self._room_bytes = float(self._burst_bytes)
        self._at: float | None = None

    @property
    def rate_bps(self) -> float:
        """Bits per second from now on."""
        return self._rate_bps

    @rate_bps.setter
    def rate_bps(self, rate_bps: float) -> None:
        self._rate_bps = rate_bps
        self._room_bytes = min(self._room_bytes, self._burst_bytes)

    @property
    def _burst_bytes(self) -> float:
        return max(self._rate_bps / 8 * BURST_S, self._min_burst_bytes)

    def room_bytes(self, *, now: float) -> int:
        """Return what may leave now; 0 while the last burst is not paid for."""
        self._refill(now)
        return max(0, int(self._room_bytes))

    def note_sent(self, size_bytes: int, *, now: float) -> None:
        """Take note of what left. More than there was room for is paid for before anything else leaves."""
        self._refill(now)
        self._room_bytes -= size_bytes

    def next_at(self, *, now: float) -> float:
        """Return when the next burst may leave: `now`, if there is room for it already."""
        self._refill(now)
        burst_bytes = self._rate_bps / 8 * BURST_S
        return now + max(0.0, burst_bytes - self._room_bytes) * 8 / self._rate_bps

    def _refill(self, now: float) -> None:
        if self._at is not None and now > self._at:
            self._room_bytes = min(self._burst_bytes, self._room_bytes + (now - self._at) * self._rate_bps / 8)
        self._at = now if self._at is None else max(now, self._at)
