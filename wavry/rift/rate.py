"""What one viewer's reports say about its link, and what follows: the rate, the pace, the window, the parity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.burst import BurstMeter
from wavry.rift.delta import DeliveryFeedback, Delta, DeltaConfig, RateDecision
from wavry.rift.pacer import Pacer

if TYPE_CHECKING:
    from wavry.rift.arrivals import ArrivalReport
    from wavry.rift.history import SentHistory

_SMALL_FRAME_BYTES = 14_000
"""May leave at once after a pause, ten packets, as RFC 9002 allows a connection that knows nothing yet."""

_SHORT_QUEUE_S = 0.01
"""While less than that waits in the network, bursts may be as fast as the path has taken them."""

_BURST_SHARE = 0.9


class RateControl:
    """DELTA with a pacer. Idle until the first report: a viewer that sends none is left to the transport.

    Args:
        ceiling_bps: Most that the encoder is given.
        fps: Most frames a second that it makes.
    """

    def __init__(self, ceiling_bps: float, fps: int) -> None:
        self._delta = Delta(DeltaConfig(ceiling_bps=ceiling_bps, start_bps=max(ceiling_bps / 2, 10e3), fps=fps))
        self._bursts = BurstMeter()
        self._pacer = Pacer(self._delta.pacing_rate_bps, min_burst_bytes=_SMALL_FRAME_BYTES)
        self.is_active = False
        """Whether the viewer reports."""

    @property
    def decision(self) -> RateDecision:
        """What the encoder and the parity may use."""
        return self._delta.decision

    @property
    def is_silent(self) -> bool:
        """Whether the viewer's reports stay away."""
        return self._delta.is_silent

    @property
    def pacing_rate_bps(self) -> float:
        """How fast packets leave."""
        return self._pacer.rate_bps

    def set_smooth_bps(self, smooth_bps: float) -> None:
        """Say from which bit rate on the picture that is sent deserves all its frames."""
        self._delta.set_smooth_bps(smooth_bps)

    def congestion_window_bytes(self, rtt_s: float) -> int:
        """Return how much may be unacknowledged, given the smallest round trip of late."""
        return self._delta.congestion_window_bytes(rtt_s)

    def take_report(
        self,
        report: ArrivalReport,
        history: SentHistory,
        *,
        rtt_s: float | None,
        unrepaired: int,
        is_behind: bool,
        now: float,
    ) -> None:
        """Learn from a report.

        Args:
            report: The viewer's word.
            history: What was sent, and when; each packet counts once.
            rtt_s: Newest round trip.
            unrepaired: Losses since the last report that nothing mended.
            is_behind: Whether the viewer is too slow for the frames that it gets.
            now: Monotonic seconds.
        """
        packets, lost = history.match(report.arrivals())
        self.is_active = True
        self._bursts.note(packets, now=now)
        feedback = DeliveryFeedback(
            packets=packets,
            lost_packets=lost,
            unrepaired_packets=unrepaired,
            rtt_s=rtt_s,
            is_playout_behind=is_behind,
        )
        self._delta.update(feedback, now)
        self._set_pace()

    def note_sent(self, size_bytes: int, *, now: float) -> None:
        """Count what left."""
        self._delta.note_sent(size_bytes, now)
        self._pacer.note_sent(size_bytes, now=now)

    def note_blocked(self, *, now: float) -> None:
        """Take note that packets wait for the window."""
        self._delta.note_blocked(now)

    def room_bytes(self, *, now: float) -> int | None:
        """Return what the pacer lets out now; None without a limit."""
        return self._pacer.room_bytes(now=now) if self.is_active else None

    def next_send_at(self, *, now: float) -> float:
        """Return when the pacer lets out more."""
        return self._pacer.next_at(now=now)

    def handle_timer(self, *, now: float) -> None:
        """Notice that reports do not come any more."""
        if self.is_active and (due := self._delta.next_timer) is not None and now >= due:
            self._delta.handle_timer(now)
            self._set_pace()

    @property
    def next_timer(self) -> float | None:
        """When `handle_timer` is due."""
        return self._delta.next_timer if self.is_active else None

    def _set_pace(self) -> None:
        pace_bps = self._delta.pacing_rate_bps
        if self._delta.queue_delay_s < _SHORT_QUEUE_S:
            pace_bps = max(pace_bps, self._bursts.rate_bps * _BURST_SHARE)
        self._pacer.rate_bps = pace_bps
