"""A rate controller, and reports for it made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from wavry.rift.delta import DeliveryFeedback, Delta, DeltaConfig, RateDecision, State

CONFIG = DeltaConfig(ceiling_bps=20e6, floor_bps=200e3, start_bps=10e6, reserved_bps=0)


REPORT_S = 0.025


OFFSET_S = 5000.0


@dataclass
class Feeder:
    """Sends what the controller allows and reports it as a link of the test's making would have it."""

    delta: Delta = field(default_factory=lambda: Delta(CONFIG))
    now: float = 100.0
    rtt_s: float = 0.03
    waiting_s: float = 0.0
    """What a queue adds to the round trip that is told."""

    rates: list[float] = field(default_factory=list)

    def report(
        self, *, queue_s: float = 0.0, lost: int = 0, used: float = 1.0, packets: int = 40, outlier_s: float = 0.0
    ) -> RateDecision:
        """One report: everything waited `queue_s`, one packet `outlier_s` more; `used` of the budget was sent."""
        size_bytes = max(1, round(self.delta.budget_bps * used * REPORT_S / 8 / (packets + lost)))
        sent = [self.now + REPORT_S * index / packets for index in range(packets)]
        for sent_at in sent:
            self.delta.note_sent(size_bytes, sent_at)
        self.now += REPORT_S + self.rtt_s
        delivered = [(at, at + OFFSET_S + self.rtt_s / 2 + queue_s, size_bytes) for at in sent]
        if outlier_s:
            delivered[5] = (delivered[5][0], delivered[5][1] + outlier_s, size_bytes)
        rtt_s = self.rtt_s + self.waiting_s
        decision = self.delta.update(DeliveryFeedback(packets=delivered, lost_packets=lost, rtt_s=rtt_s), self.now)
        self.now -= self.rtt_s
        self.rates.append(self.delta.budget_bps)
        return decision

    def run(self, seconds: float, *, queue_s: float = 0.0, lost: int = 0, used: float = 1.0) -> RateDecision:
        for _ in range(round(seconds / REPORT_S)):
            decision = self.report(queue_s=queue_s, lost=lost, used=used)
        return decision


def at_work() -> Feeder:
    """A controller that has proved 10 Mbit/s and is not starting any more."""
    feeder = Feeder()
    feeder.run(0.3)
    feeder.report(queue_s=0.018)
    feeder.run(0.5, used=0.5)
    assert feeder.delta.state is State.LIMITED
    feeder.rates.clear()
    return feeder
