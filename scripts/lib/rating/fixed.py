"""A rate that never changes, to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.delta import RateDecision

if TYPE_CHECKING:
    from wavry.rift.delta import DeliveryFeedback

NO_WINDOW_BYTES = 100_000_000
REDUNDANCY = 0.05


class FixedRate:
    """Sends the same always.

    Args:
        rate_bps: With parity.
    """

    def __init__(self, rate_bps: float) -> None:
        self.decision = RateDecision(rate_bps / (1 + REDUNDANCY), 60, REDUNDANCY, 1)
        self.pacing_rate_bps = rate_bps * 1.25

    def congestion_window_bytes(self, rtt_s: float) -> int:
        """Return no limit."""
        del rtt_s
        return NO_WINDOW_BYTES

    def note_sent(self, size_bytes: int, now: float) -> None:
        """Nothing depends on it."""

    def note_blocked(self, now: float) -> None:
        """Nothing depends on it."""

    def update(self, feedback: DeliveryFeedback, now: float) -> RateDecision:
        """Nothing changes."""
        del feedback, now
        return self.decision

    def handle_timer(self, now: float) -> RateDecision:
        """Nothing changes."""
        del now
        return self.decision
