"""How much one client's hands may do: a token bucket."""

from __future__ import annotations

EVENTS_PER_S = 1000.0
"""Ten times what the quickest typist, key repeat and wheel come to together."""

BURST_EVENTS = 1024
"""One message of text of the largest size."""


class Allowance:
    """Tokens that come back over time; one for each key, button, notch of the wheel, and character."""

    def __init__(self) -> None:
        self._tokens = float(BURST_EVENTS)
        self._at: float | None = None
        self.refused = 0
        """Events and characters for which there was no token."""

    def take(self, wanted: int, *, now: float) -> int:
        """Take up to so many tokens and return how many there were; the others are counted as refused."""
        if self._at is not None:
            self._tokens = min(self._tokens + max(now - self._at, 0.0) * EVENTS_PER_S, BURST_EVENTS)
        self._at = now
        granted = min(wanted, int(self._tokens))
        self._tokens -= granted
        self.refused += wanted - granted
        return granted
