"""A controller like Google's, to compare with.

It follows draft-ietf-rmcat-gcc-02 and libwebrtc's constants: a trend line over the delay of packet groups, an adaptive
threshold, 0.85 of the acknowledged rate when overused, 8 % a second up, and the loss rule. It has no window, as
libwebrtc by default; its pacer sends 2.5 times the target. It does not probe.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from rating.fixed import NO_WINDOW_BYTES, REDUNDANCY
from wavry.rift.delta import RateDecision

if TYPE_CHECKING:
    from wavry.rift.delta import DeliveryFeedback


class GccLike:
    """Delay by trend line, loss by shares, the smaller of both rates.

    Args:
        start_bps: At the beginning, with parity.
        floor_bps: Least.
        ceiling_bps: Most.
    """

    _TREND_GROUPS = 20
    _GROUP_S = 0.005
    _MAX_BURST_S = 0.1
    _SMOOTHING = 0.9
    _GAIN = 4.0
    _MAX_DELTAS = 60
    _OVERUSE_S = 0.010

    def __init__(self, *, start_bps: float, floor_bps: float, ceiling_bps: float) -> None:
        self._floor_bps, self._ceiling_bps = floor_bps, ceiling_bps
        self._rate_bps = self._loss_rate_bps = start_bps
        self._group: tuple[float, float, float, float] | None = None
        """Of the group that is being built: first and last sending time, first and last arrival."""
        self._last_group: tuple[float, float] | None = None
        self._deltas = 0
        self._accumulated_ms = self._smoothed_ms = 0.0
        self._history: deque[tuple[float, float]] = deque(maxlen=self._TREND_GROUPS)
        self._first_arrival_at: float | None = None
        self._threshold_ms = 12.5
        self._threshold_at: float | None = None
        self._trend_ms = self._last_trend_ms = 0.0
        self._overuse_since: float | None = None
        self._state = "increase"
        self._acknowledged: deque[tuple[float, int]] = deque()
        self._decreased_at = float("-inf")
        self._capacity_bps: float | None = None
        """Where the rate was when the link was last overused, smoothed."""
        self._capacity_spread = 0.4
        """Its normalized variance, kbit/s."""
        self._updated_at: float | None = None
        self._loss_decreased_at = float("-inf")
        self._rtt_s = 0.1

    @property
    def decision(self) -> RateDecision:
        """The smaller rate."""
        rate_bps = min(self._rate_bps, self._loss_rate_bps)
        return RateDecision(rate_bps / (1 + REDUNDANCY), 60, REDUNDANCY, 1)

    @property
    def pacing_rate_bps(self) -> float:
        """As libwebrtc's pacing factor has it."""
        return self.decision.target_bitrate_bps * (1 + REDUNDANCY) * 2.5

    def congestion_window_bytes(self, rtt_s: float) -> int:
        """Return no limit."""
        del rtt_s
        return NO_WINDOW_BYTES

    def note_sent(self, size_bytes: int, now: float) -> None:
        """Nothing depends on it."""

    def handle_timer(self, now: float) -> RateDecision:
        """Nothing depends on it."""
        del now
        return self.decision

    def note_blocked(self, now: float) -> None:
        """Nothing depends on it."""

    def update(self, feedback: DeliveryFeedback, now: float) -> RateDecision:
        """Learn from one report."""
        self._rtt_s = feedback.rtt_s or self._rtt_s
        usage = "normal"
        for sent_at, arrived_at, size_bytes in feedback.packets:
            self._acknowledged.append((now, size_bytes))
            usage = self._add(sent_at, arrived_at) or usage
        while self._acknowledged and now - self._acknowledged[0][0] > 0.5:
            self._acknowledged.popleft()
        self._move(usage, now)
        self._judge_loss(feedback, now)
        return self.decision

    @property
    def _acknowledged_bps(self) -> float:
        return sum(size_bytes for _, size_bytes in self._acknowledged) * 8 / 0.5

    def _add(self, sent_at: float, arrived_at: float) -> str | None:
        """Put a packet into its group; a group that is complete gives a verdict."""
        group = self._group
        if group is None or self._belongs(group, sent_at, arrived_at):
            self._group = (
                (sent_at, sent_at, arrived_at, arrived_at)
                if group is None
                else (group[0], sent_at, group[2], arrived_at)
            )
            return None
        verdict = None
        if self._last_group is not None:
            sent_s, arrived_s = group[1] - self._last_group[0], group[3] - self._last_group[1]
            verdict = self._detect((arrived_s - sent_s) * 1000, group[3], sent_s)
        self._last_group = (group[1], group[3])
        self._group = (sent_at, sent_at, arrived_at, arrived_at)
        return verdict

    def _belongs(self, group: tuple[float, float, float, float], sent_at: float, arrived_at: float) -> bool:
        """Whether a packet was sent with a group, or came with it in one burst."""
        if sent_at - group[0] <= self._GROUP_S:
            return True
        since_s = arrived_at - group[3]
        is_catching_up = since_s < sent_at - group[1]
        return since_s <= self._GROUP_S and is_catching_up and arrived_at - group[2] < self._MAX_BURST_S

    def _detect(self, gradient_ms: float, arrived_at: float, sent_s: float) -> str:
        if self._first_arrival_at is None:
            self._first_arrival_at = arrived_at
        self._deltas = min(self._deltas + 1, self._MAX_DELTAS)
        self._accumulated_ms += gradient_ms
        self._smoothed_ms = self._SMOOTHING * self._smoothed_ms + (1 - self._SMOOTHING) * self._accumulated_ms
        self._history.append(((arrived_at - self._first_arrival_at) * 1000, self._smoothed_ms))
        if len(self._history) == self._TREND_GROUPS:
            self._trend_ms = self._slope() * self._deltas * self._GAIN
        usage = self._compare(sent_s)
        self._adapt(arrived_at)
        self._last_trend_ms = self._trend_ms
        return usage

    def _slope(self) -> float:
        mean_x = sum(x for x, _ in self._history) / len(self._history)
        mean_y = sum(y for _, y in self._history) / len(self._history)
        spread = sum((x - mean_x) ** 2 for x, _ in self._history)
        return sum((x - mean_x) * (y - mean_y) for x, y in self._history) / spread if spread else 0.0

    def _compare(self, sent_s: float) -> str:
        if self._trend_ms > self._threshold_ms:
            self._overuse_since = (self._overuse_since or 0.0) + sent_s
            if self._overuse_since > self._OVERUSE_S and self._trend_ms >= self._last_trend_ms:
                self._overuse_since = 0.0
                return "overuse"
            return "normal"
        self._overuse_since = None
        return "underuse" if self._trend_ms < -self._threshold_ms else "normal"

    def _adapt(self, arrived_at: float) -> None:
        if self._threshold_at is None:
            self._threshold_at = arrived_at
        size_ms = abs(self._trend_ms)
        if size_ms <= self._threshold_ms + 15:
            gain = 0.039 if size_ms < self._threshold_ms else 0.0087
            elapsed_ms = min((arrived_at - self._threshold_at) * 1000, 100)
            self._threshold_ms += gain * (size_ms - self._threshold_ms) * elapsed_ms
            self._threshold_ms = min(max(self._threshold_ms, 6), 600)
        self._threshold_at = arrived_at

    def _move(self, usage: str, now: float) -> None:
        elapsed_s = 0.0 if self._updated_at is None else min(now - self._updated_at, 1.0)
        self._updated_at = now
        if usage == "overuse":
            self._decrease(now)
        elif usage == "underuse":
            self._state = "hold"
        elif self._state == "hold":
            self._state = "increase"
        elif self._state == "increase":
            self._increase(elapsed_s)

    def _decrease(self, now: float) -> None:
        self._state = "hold"
        if now - self._decreased_at < self._rtt_s:
            return
        self._decreased_at = now
        lowered_bps = 0.85 * self._acknowledged_bps
        if lowered_bps < self._rate_bps:
            self._note_capacity(self._acknowledged_bps)
            self._rate_bps = max(lowered_bps, self._floor_bps)

    def _note_capacity(self, measured_bps: float) -> None:
        """Smooth where the link was overused; forget it when this is far below."""
        if self._capacity_bps is None or measured_bps < self._capacity_bps - self._uncertainty_bps:
            self._capacity_bps = measured_bps
        error_bps = self._capacity_bps - measured_bps
        self._capacity_bps -= 0.05 * error_bps
        spread = 0.95 * self._capacity_spread + 0.05 * error_bps**2 / max(self._capacity_bps, 1.0) / 1000
        self._capacity_spread = min(max(spread, 0.4), 2.5)

    @property
    def _uncertainty_bps(self) -> float:
        """Three standard deviations of the capacity."""
        return 3 * math.sqrt(self._capacity_spread * (self._capacity_bps or 0.0) * 1000)

    def _increase(self, elapsed_s: float) -> None:
        acknowledged_bps = self._acknowledged_bps
        if self._capacity_bps is not None and acknowledged_bps > self._capacity_bps + self._uncertainty_bps:
            self._capacity_bps = None  # far above what was known: look for the new bound fast
        if self._capacity_bps is None:
            raised_bps = self._rate_bps * 1.08**elapsed_s + 1000
        else:
            response_s = self._rtt_s + 0.1
            raised_bps = self._rate_bps + max(4000.0, 1200 * 8 / response_s) * elapsed_s / response_s * 0.5
        raised_bps = min(raised_bps, 1.5 * acknowledged_bps + 10_000)
        self._rate_bps = min(max(self._rate_bps, raised_bps), self._ceiling_bps)

    def _judge_loss(self, feedback: DeliveryFeedback, now: float) -> None:
        packets = len(feedback.packets) + feedback.lost_packets
        if not packets:
            return
        share = feedback.lost_packets / packets
        if share > 0.10:
            if now - self._loss_decreased_at > 0.3 + self._rtt_s:
                self._loss_decreased_at = now
                self._loss_rate_bps = max(self._floor_bps, self._loss_rate_bps * (1 - share / 2))
        elif share < 0.02:
            self._loss_rate_bps = min(
                self._ceiling_bps, max(self._loss_rate_bps, self._rate_bps) * math.pow(1.08, 0.025)
            )
