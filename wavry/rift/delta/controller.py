"""DELTA: how much may be sent, from when packets arrive. Pure: `now` is an argument, nothing is read or written.

    shell ──note_sent, note_blocked──►┌───────┐──RateDecision──► encoder and parity
    viewer's reports ──update────────►│ Delta │──pacing_rate_bps──► pacer
    timer ──handle_timer─────────────►└───────┘──congestion_window_bytes──► QUIC

One number, the budget in bit/s, is for all that is sent. Each report makes one `Signal` of queueing delay, its trend,
losses and what was sent; `states.TRANSITIONS` makes a `State` of it; `states.RULES` says how the budget moves there.
Whatever a peer reports, the budget stays between its bounds, grows only up to 1.5 times what was acknowledged of what
was sent, and not at all while the application sends little.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wavry.rift.delta.config import DeltaConfig
from wavry.rift.delta.delay import DelayMeter
from wavry.rift.delta.feedback import RateDecision
from wavry.rift.delta.frame_rate import FrameRateRule
from wavry.rift.delta.loss import LossJudge, RedundancyRule
from wavry.rift.delta.meter import RateMeter
from wavry.rift.delta.states import RULES, TRANSITIONS, TUNING, Signal, State

if TYPE_CHECKING:
    from wavry.rift.delta.feedback import Delivered, DeliveryFeedback

_DEFAULT_RTT_S = 0.1
_MAX_RTT_S = 5.0
_MAX_STEP_S = 0.1
"""Growth between two reports is that of at most so long."""

_MAX_CLOCK_S = 1e13
"""No clock shows more; it is what the wire can say."""

_NEVER = float("-inf")

_UNTROUBLED = (Signal.CLEAR, Signal.BELOW, Signal.SCARCE)


class Delta:
    """The rate controller of one viewer. One owner, one thread; of fixed size; 31 µs a report of 50 packets."""

    def __init__(self, config: DeltaConfig | None = None) -> None:
        self.config = config = config or DeltaConfig()
        self.state = State.STARTING
        self._delay = DelayMeter()
        self._sent = RateMeter()
        self._acknowledged = RateMeter()
        self._losses = LossJudge()
        self._redundancy = RedundancyRule(config.max_redundancy)
        self._frame_rate = FrameRateRule(config.fps, config.smooth_bps)
        self._rate_bps = self._bounded(config.start_bps)
        self._remembered_bps = 0.0
        """What the rate was before the last cuts: known to have worked not long ago."""
        self._proved_bps = self._rate_bps
        """The most that was acknowledged since the last cut."""
        self._rtt_s = _DEFAULT_RTT_S
        self._now = _NEVER
        self._updated_at: float | None = None
        self._steady_since = _NEVER
        """Since when reports have come without a pause, so that what is acknowledged is a rate."""
        self._unreported_at: float | None = None
        """When the first packet was sent since the last report, or the rate was last halved for lack of one."""
        self._blocked_at = _NEVER
        self._used_at = _NEVER
        """When the application last used its budget."""
        self._cut_at = _NEVER
        self._cut_rtt_s = 0.0
        """The round trip when the rate was last cut; the queue makes it longer while it drains."""
        self._followed_at = _NEVER
        """When the rate was last cut or brought down to what was acknowledged."""
        self._drain_ends_at = _NEVER
        self._drained_from_s = 0.0
        self._decision = self._decide()

    @property
    def decision(self) -> RateDecision:
        """What was last decided."""
        return self._decision

    @property
    def budget_bps(self) -> float:
        """All that may be sent: picture, parity, sound, control and retransmissions together, bit/s."""
        return self._rate_bps * RULES[self.state].budget

    @property
    def pacing_rate_bps(self) -> float:
        """How fast packets leave, bit/s. Above the budget, so that a frame is gone before the next one comes."""
        return self.budget_bps * RULES[self.state].pacing_gain

    @property
    def queue_delay_s(self) -> float:
        """How long packets wait in the bottleneck's queue as of the last report, seconds."""
        return self._delay.queue_s

    def congestion_window_bytes(self, rtt_s: float) -> int:
        """Return how much may be unacknowledged: the budget for a round trip and 30 ms or more.

        While the queue grows it is what was acknowledged in that time, so that a link that lost most of its rate gets
        less at once, not only after the next report. From 6000 bytes to 1 MiB.

        Args:
            rtt_s: Smallest round trip of late, seconds; with the queue in it, the window would feed the queue.
        """
        rule = RULES[self.state]
        span_s = min(max(rtt_s, 0.0), _MAX_RTT_S) + max(TUNING.window_s, 1.5 * self._delay.target_s)
        if rule.ignores_queue:
            span_s += min(self._delay.queue_s, TUNING.bearable_s)  # what others have put before us
        rate_bps = self.budget_bps
        if rule.is_self_clocked:
            rate_bps = min(rate_bps, self._acknowledged.rate_bps(self._now))
        return int(min(max(rate_bps / 8 * span_s, TUNING.min_window_bytes), TUNING.max_window_bytes))

    def note_sent(self, size_bytes: int, now: float) -> None:
        """Count what left, one datagram or a burst, whatever it carried."""
        now = self._advance(now)
        self._sent.add(size_bytes, now, first_sent_at=now, last_sent_at=now)
        if self._unreported_at is None:
            self._unreported_at = now

    def note_blocked(self, now: float) -> None:
        """Take note that packets wait for the congestion window: who sends little then is not idle."""
        self._blocked_at = self._advance(now)

    def update(self, feedback: DeliveryFeedback, now: float) -> RateDecision:
        """Learn from one report.

        Args:
            feedback: Each packet in it once, however often the viewer speaks of it; at least 20 reports a second.
            now: Monotonic seconds; going back counts as standing still.

        Returns:
            What holds from now on.
        """
        now = self._advance(now)
        elapsed_s = 0.0 if self._updated_at is None else now - self._updated_at
        if elapsed_s > _MAX_STEP_S:
            self._steady_since = now
            elapsed_s = _MAX_STEP_S
        self._updated_at = now
        if feedback.rtt_s is not None and 0 < feedback.rtt_s <= _MAX_RTT_S:
            self._rtt_s = feedback.rtt_s
        packets = [each for each in feedback.packets if _is_sound(each, now)]
        if packets:
            self._learn(packets, now)
        is_congestive = self._judge_losses(feedback, len(packets), now)
        signal = self._signal(now, is_congestive=is_congestive)
        was_silent = self.state is State.SILENT
        self._follow(signal, now)
        if was_silent and packets and signal in _UNTROUBLED:
            self._come_back()
        if signal is Signal.LOSS or (signal is Signal.QUEUE and self.state is State.CONGESTED):
            self._cut(signal, now)
        else:
            self._grow(elapsed_s, now)
        self._frame_rate.follow_rate(self._target_bps, now)
        self._frame_rate.follow_viewer(feedback.is_playout_behind, now)
        self._decision = self._decide()
        return self._decision

    def set_smooth_bps(self, smooth_bps: float) -> None:
        """Take note that another picture is sent, as `DeltaConfig.smooth_bps` says of the first one."""
        self._frame_rate.set_smooth_bps(smooth_bps)

    def handle_timer(self, now: float) -> RateDecision:
        """Notice that reports stay away. Call it at `next_timer`; early or for nothing does no harm."""
        now = self._advance(now)
        due_at = self.next_timer
        if due_at is not None and now >= due_at:
            self._unreported_at = now
            self._remembered_bps = max(self._remembered_bps, self._rate_bps)
            self._follow(Signal.SILENCE, now)
            self._rate_bps = self._bounded(self._rate_bps / 2)
            self._decision = self._decide()
        return self._decision

    @property
    def is_silent(self) -> bool:
        """Whether reports stay away: the rate falls for safety's sake, and nobody knows what the link carries."""
        return self.state is State.SILENT

    @property
    def next_timer(self) -> float | None:
        """Monotonic seconds at which `handle_timer` is due; None while everything sent was reported."""
        if self._unreported_at is None:
            return None
        return self._unreported_at + max(TUNING.silence_s, 3 * self._rtt_s)

    def _advance(self, now: float) -> float:
        self._now = max(self._now, now)
        return self._now

    # What a report says.

    def _learn(self, packets: list[Delivered], now: float) -> None:
        self._unreported_at = None
        wanted_s = TUNING.target_s * self._slowness
        self._delay.target_s = min(max(wanted_s, TUNING.least_target_s), TUNING.most_target_s)
        self._delay.add(packets, now)
        size_bytes = sum(each[2] for each in packets)
        self._acknowledged.add(size_bytes, now, first_sent_at=packets[0][0], last_sent_at=packets[-1][0])

    def _judge_losses(self, feedback: DeliveryFeedback, received: int, now: float) -> bool:
        """Count losses; return whether the queue made them. Parity is for those of the channel."""
        lost = max(feedback.lost_packets, 0)
        if not received + lost:
            return False
        was_long = self._losses.is_queue_long
        is_congestive = self._losses.judge(received, lost, peak_s=self._delay.peak_s, now=now)
        if self._losses.is_queue_long or was_long:
            counted = min(float(lost), (received + lost) * self._losses.random_share)
        else:
            counted = float(lost + max(feedback.unrepaired_packets, 0))
        self._redundancy.note(received + lost, counted, now)
        return is_congestive

    def _signal(self, now: float, *, is_congestive: bool) -> Signal:
        """Return what applies first."""
        delay = self._delay
        if is_congestive:
            return Signal.LOSS
        if self._is_standing(now):
            return Signal.STANDING
        above_since = delay.above_since
        is_confirmed = above_since is not None and now - above_since >= TUNING.confirm_s
        is_shrinking = delay.rise_s <= -TUNING.shrink_s and delay.queue_s <= 2 * delay.target_s
        if is_confirmed and not is_shrinking:
            return Signal.QUEUE
        if above_since is not None or delay.rise_s > TUNING.rise_s:
            return Signal.RISE
        if self._is_scarce(now):
            return Signal.SCARCE
        return Signal.BELOW if self._rate_bps < self._remembered_bps * TUNING.remembered else Signal.CLEAR

    def _is_standing(self, now: float) -> bool:
        """Whether it is time to drain the queue to see whether it is ours."""
        delay = self._delay
        if now - self._drain_ends_at <= TUNING.retest_s:
            return self.state is State.COMPETING and delay.queue_s > TUNING.bearable_s
        is_never_short = now - delay.short_at > TUNING.standing_s or now - delay.empty_at > TUNING.stale_s
        return self.state is State.COMPETING or is_never_short

    def _is_scarce(self, now: float) -> bool:
        """Whether the application sends clearly less than it may, by its own choice."""
        is_blocked = now - self._blocked_at <= TUNING.rate_window_s
        return not is_blocked and self._sent.rate_bps(now) < self._rate_bps * TUNING.used

    # What follows from it.

    def _follow(self, signal: Signal, now: float) -> None:
        """Go where the table says, and from draining, when its time is over, where its result says."""
        before, self.state = self.state, TRANSITIONS[self.state][signal]
        if self.state is not State.DRAINING:
            return
        if before is not State.DRAINING:
            self._drain_ends_at = now + self._rtt_s + TUNING.drain_s
            self._drained_from_s = self._delay.queue_s
        elif now >= self._drain_ends_at:
            self._finish_draining(now)

    def _finish_draining(self, now: float) -> None:
        """See what half the rate made of the queue: was it ours, it fell."""
        remains_s = self._delay.queue_s
        is_ours = remains_s <= max(2 * TUNING.empty_s, self._drained_from_s - TUNING.drained_s)
        is_hopeless = remains_s > TUNING.bearable_s
        self.state = State.STABLE if is_ours else State.CONGESTED if is_hopeless else State.COMPETING
        self._delay.short_at = self._delay.empty_at = now

    def _cut(self, signal: Signal, now: float) -> None:
        """Lower the rate, once per round trip and report."""
        if now - self._cut_at < self._rtt_s + TUNING.cut_pause_s:
            if signal is Signal.QUEUE:
                self._follow_acknowledged(now)
            return
        share = TUNING.cut
        if signal is Signal.QUEUE:
            excess_s = max(0.0, self._delay.queue_s - 2 * self._delay.target_s)
            share = max(TUNING.deep_cut, share - excess_s / TUNING.cut_drain_s)
        lowered_bps = max(self._acknowledged.rate_bps(now) * share, self._rate_bps * TUNING.least_cut)
        if lowered_bps < self._rate_bps:
            self._remembered_bps = max(self._rate_bps, self._remembered_bps * TUNING.forget_per_cut)
            self._rate_bps = self._bounded(lowered_bps)
            self._proved_bps = min(self._proved_bps, self._rate_bps)
            self._cut_at = self._followed_at = now
            self._cut_rtt_s = self._rtt_s

    def _follow_acknowledged(self, now: float) -> None:
        """Correct a cut, which came before it could be seen how little the link carries.

        While the queue stays and we send what we may, what is acknowledged is what the link carries; no less than that.
        """
        acknowledged_bps = self._acknowledged.rate_bps(now)
        is_seen = now - self._followed_at >= self._cut_rtt_s + TUNING.cut_pause_s
        is_seen &= now - self._steady_since >= TUNING.rate_window_s
        if is_seen and acknowledged_bps < self._rate_bps * TUNING.cut and not self._is_scarce(now):
            self._rate_bps = self._bounded(acknowledged_bps)
            self._proved_bps = min(self._proved_bps, self._rate_bps)
            self._followed_at = now

    def _come_back(self) -> None:
        """After a silence whose end brought no queue: the link was away, and is as it was. Half of it is believed."""
        self._rate_bps = max(self._rate_bps, self._bounded(self._remembered_bps * TUNING.after_silence))

    def _grow(self, elapsed_s: float, now: float) -> None:
        """Raise the rate as the state allows, to at most 1.5 times what was acknowledged."""
        acknowledged_bps = self._acknowledged.rate_bps(now)
        self._proved_bps = max(self._proved_bps, acknowledged_bps)
        if self.state is not State.LIMITED or self._sent.rate_bps(now) >= self._rate_bps * TUNING.idle:
            self._used_at = now
        elif now - self._used_at > TUNING.idle_s:
            self._rate_bps = self._bounded(min(self._rate_bps, self._proved_bps * TUNING.idle_rate))
        rule = RULES[self.state]
        room = max(0.0, 1 - self._delay.queue_s / self._delay.target_s)
        growth_bps = self._rate_bps * rule.growth_per_s * self._slowness * room + rule.step_bps_per_s
        if growth_bps:
            raised_bps = min(self._rate_bps + growth_bps * elapsed_s, acknowledged_bps * TUNING.headroom)
            self._rate_bps = max(self._rate_bps, self._bounded(raised_bps))

    @property
    def _slowness(self) -> float:
        """Above 1 for a flow slower than the reference: of two, the smaller one grows sooner and gives way later."""
        return math.sqrt(TUNING.reference_bps / self._rate_bps)

    def _bounded(self, rate_bps: float) -> float:
        """Keep the budget where the encoder's part of it is between floor and ceiling."""
        config = self.config
        least_bps = config.floor_bps * (1 + TUNING.least_redundancy) + config.reserved_bps
        most_bps = config.ceiling_bps * (1 + config.max_redundancy) + config.reserved_bps
        return min(max(rate_bps, least_bps), max(least_bps, most_bps))

    @property
    def _target_bps(self) -> float:
        """What of the budget is the encoder's.

        While the queue is too long no more is encoded than is acknowledged, where that shows what the link carries: the
        rate follows by cuts a round trip apart, and what is encoded until then would wait here.
        """
        config = self.config
        budget_bps = self.budget_bps
        if self.state is State.CONGESTED and not self._is_scarce(self._now):
            budget_bps = min(budget_bps, self._acknowledged.rate_bps(self._now))
        target_bps = (budget_bps - config.reserved_bps) / (1 + self._redundancy.redundancy)
        return min(max(target_bps, config.floor_bps), config.ceiling_bps)

    def _decide(self) -> RateDecision:
        redundancy = self._redundancy
        return RateDecision(self._target_bps, self._frame_rate.fps, redundancy.redundancy, redundancy.window_frames)


def _is_sound(packet: Delivered, now: float) -> bool:
    """Whether a packet can be reckoned with: it left before now, and arrived at a time that a clock can show."""
    sent_at, arrived_at, size_bytes = packet
    return size_bytes > 0 and sent_at <= now and -_MAX_CLOCK_S < arrived_at < _MAX_CLOCK_S
