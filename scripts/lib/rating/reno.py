"""A bulk transfer as TCP Reno makes it (RFC 5681), to compete with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rating.flight import Flight, mean_bps

if TYPE_CHECKING:
    from network.link import Link

SEGMENT_BYTES = 1200
_TIMEOUT_S = 1.0


class RenoFlow:
    """Always has something to send. Slow start, congestion avoidance, half the window once per round trip of losses.

    Args:
        link: The way there.
        number: Its place among the flows.
        back_s: Latency of the way back, seconds.
        begins_s: When it starts.
    """

    def __init__(self, link: Link, *, number: int, back_s: float, begins_s: float = 0.0) -> None:
        self._flight = Flight(link, number, back_s)
        self._begins_s = begins_s
        self._window_bytes = 10.0 * SEGMENT_BYTES
        self._threshold_bytes = float("inf")
        self._recovery_ends_at_id = 0
        self._losses_seen = 0
        self.arrived: list[tuple[float, int]] = []
        """Arrivals and their bytes."""

    def receive(self, datagram: bytes, now: float) -> None:
        """Acknowledge."""
        self._flight.arrive(datagram, now)
        self.arrived.append((now, len(datagram)))

    def arrived_bps(self, begin: float, end: float) -> float:
        """Return the mean rate of arrivals between two times."""
        return mean_bps(self.arrived, begin, end)

    def tick(self, now: float) -> None:
        """Grow or shrink the window by what was heard, and fill it."""
        if now < self._begins_s:
            return
        flight = self._flight
        acknowledged_bytes, _ = flight.hear(now)
        if flight.lost > self._losses_seen:
            if flight.next_id - flight.in_flight_bytes // SEGMENT_BYTES >= self._recovery_ends_at_id:
                self._window_bytes = self._threshold_bytes = max(2.0 * SEGMENT_BYTES, self._window_bytes / 2)
                self._recovery_ends_at_id = flight.next_id
            self._losses_seen = flight.lost
        elif self._window_bytes < self._threshold_bytes:
            self._window_bytes += acknowledged_bytes
        else:
            self._window_bytes += SEGMENT_BYTES * acknowledged_bytes / self._window_bytes
        while flight.in_flight_bytes + SEGMENT_BYTES <= self._window_bytes:
            flight.send(SEGMENT_BYTES, now)
        if flight.in_flight_bytes and now - flight.last_heard_at > _TIMEOUT_S:
            flight.last_heard_at = now
            flight.send(SEGMENT_BYTES, now)
