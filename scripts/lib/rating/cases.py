"""What a rate controller has to go through, after RFC 8867, each case with what it shows.

A case is run for every contestant on the same link with the same dice. All links have a drop-tail queue; the way back
has the same latency, no queue and no loss. Times are virtual, so the figures are exact and the same everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from network.conditions import LinkConditions
from network.loss import RandomLoss
from network.rate import RateStep
from network.trace import OPPORTUNITY_BYTES, Trace
from rating.bottleneck import Bottleneck
from rating.media import MediaFlow
from rating.reno import RenoFlow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rating.media import Controller, MediaRecord

    Contestant = Callable[[float, float], Controller]
    """Makes a controller: the encoder's ceiling, and what one that never changes would be set to; bit/s."""

MAX_RATE_BPS = 50e6
TRACE_SECONDS = 120.0
TRACE_LATENCY_S = 0.02
TRACE_QUEUE_BYTES = 2_000_000
"""Cellular networks drop next to nothing: seconds of queue."""


@dataclass(slots=True)
class Result:
    """What one contestant came to in one case."""

    record: MediaRecord
    seconds: tuple[float, float]
    """What is judged: from, to."""

    capacity_bits: float
    """Of the link in that time."""

    figures: dict[str, float] = field(default_factory=dict)
    """What only this case shows."""


def capacity_step(contestant: Contestant, seed: int) -> Result:
    """20 to 4 Mbit/s for 3 s and back, RTT 30 ms, a picture that needs 15 Mbit/s."""
    steps = (RateStep(30, 4e6), RateStep(33, 20e6))
    link = LinkConditions(latency_s=0.015, rate_bps=20e6, rate_steps=steps)
    bottleneck = Bottleneck(link, seed=seed)
    flow = MediaFlow(bottleneck.link, contestant(15e6, 15e6), latency_s=0.015, seed=seed)
    bottleneck.run(45, [flow])
    before_bps = flow.record.target_bps(29, 30)
    back_at = next((at for at, bps, _ in flow.record.decisions if at > 33 and bps > 0.9 * before_bps), math.inf)
    return Result(flow.record, (25, 45), (17 * 20 + 3 * 4) * 1e6, {"recovered_s": back_at - 33})


def variable_capacity(contestant: Contestant, seed: int) -> Result:
    """RFC 8867, 5.1, times eight: 8, 20, 4.8 and 8 Mbit/s for 40, 20, 20 and 20 s, RTT 100 ms, queue 300 ms."""
    steps = (RateStep(40, 20e6), RateStep(60, 4.8e6), RateStep(80, 8e6))
    link = LinkConditions(latency_s=0.05, rate_bps=8e6, rate_steps=steps, queue_limit_bytes=300_000)
    bottleneck = Bottleneck(link, seed=seed)
    flow = MediaFlow(bottleneck.link, contestant(MAX_RATE_BPS, 7e6), latency_s=0.05, seed=seed)
    bottleneck.run(100, [flow])
    return Result(flow.record, (0, 100), (40 * 8 + 20 * 20 + 20 * 4.8 + 20 * 8) * 1e6)


def two_flows(contestant: Contestant, seed: int) -> Result:
    """RFC 8867, 5.4: two equal flows on 20 Mbit/s, RTT 40 ms; the second begins 10 s later."""
    return _share(contestant, seed, extra_s=0.0)


def round_trip_fairness(contestant: Contestant, seed: int) -> Result:
    """RFC 8867, 5.5: the same, the second flow's RTT is 120 ms."""
    return _share(contestant, seed, extra_s=0.08)


def _share(contestant: Contestant, seed: int, *, extra_s: float) -> Result:
    bottleneck = Bottleneck(LinkConditions(latency_s=0.02, rate_bps=20e6), seed=seed)
    first = MediaFlow(bottleneck.link, contestant(MAX_RATE_BPS, 9e6), latency_s=0.02, seed=seed)
    second = MediaFlow(
        bottleneck.link,
        contestant(MAX_RATE_BPS, 9e6),
        number=1,
        latency_s=0.02,
        begins_s=10,
        extra_s=extra_s,
        seed=seed + 1,
    )
    bottleneck.run(70, [first, second])
    both_bps = first.record.arrived_bps(30, 70) + second.record.arrived_bps(30, 70)
    share = second.record.arrived_bps(30, 70) / both_bps
    return Result(first.record, (30, 70), 40 * 20e6, {"second_share": share, "both_use": both_bps / 20e6})


def competing_reno(contestant: Contestant, seed: int) -> Result:
    """RFC 8867, 5.6: a TCP Reno transfer from 10 s on, 20 Mbit/s, RTT 40 ms, a queue of two round trips."""
    bottleneck = Bottleneck(LinkConditions(latency_s=0.02, rate_bps=20e6, queue_limit_bytes=200_000), seed=seed)
    flow = MediaFlow(bottleneck.link, contestant(MAX_RATE_BPS, 9e6), latency_s=0.02, seed=seed)
    reno = RenoFlow(bottleneck.link, number=1, back_s=0.02, begins_s=10)
    bottleneck.run(70, [flow, reno])
    return Result(flow.record, (20, 70), 50 * 20e6, {"reno_use": reno.arrived_bps(20, 70) / 20e6})


def media_pause(contestant: Contestant, seed: int) -> Result:
    """RFC 8867, 5.8: 12 Mbit/s of motion, a still desktop from 20 to 80 s, then all that the encoder may give."""
    bottleneck = Bottleneck(LinkConditions(latency_s=0.015, rate_bps=20e6), seed=seed)
    flow = MediaFlow(
        bottleneck.link,
        contestant(MAX_RATE_BPS, 12e6),
        latency_s=0.015,
        wanted_bps=lambda now: 12e6 if now < 20 else 60e3 if now < 50 else 0.0 if now < 80 else MAX_RATE_BPS,
        seed=seed,
    )
    bottleneck.run(90, [flow])
    proved_bps = max(flow.record.arrived_bps(at / 10, at / 10 + 0.3) for at in range(100, 195))
    return Result(flow.record, (80, 90), 10 * 20e6, {"burst": flow.record.sent_bps(80, 80.3) / proved_bps})


def random_loss(contestant: Contestant, seed: int) -> Result:
    """20 Mbit/s that lose one packet in ten at random, RTT 30 ms."""
    bottleneck = Bottleneck(LinkConditions(latency_s=0.015, rate_bps=20e6, loss=RandomLoss(0.1)), seed=seed)
    flow = MediaFlow(bottleneck.link, contestant(MAX_RATE_BPS, 15e6), latency_s=0.015, seed=seed)
    bottleneck.run(60, [flow])
    record = flow.record
    return Result(
        record,
        (20, 60),
        40 * 20e6,
        {"sent_use": record.sent_bps(20, 60) / 20e6, "redundancy": record.decisions[-1][2]},
    )


def drop_tail(contestant: Contestant, seed: int) -> Result:
    """20 Mbit/s that become 16 at 20 s, RTT 30 ms, and a queue of 10 ms that drops what is too much."""
    link = LinkConditions(latency_s=0.015, rate_bps=20e6, rate_steps=(RateStep(20, 16e6),), queue_limit_bytes=25_000)
    bottleneck = Bottleneck(link, seed=seed)
    flow = MediaFlow(bottleneck.link, contestant(MAX_RATE_BPS, 17e6), latency_s=0.015, seed=seed)
    bottleneck.run(60, [flow])
    record = flow.record
    lost_share = 1 - record.arrived_bps(25, 60) / record.sent_bps(25, 60)
    most = max(redundancy for _, _, redundancy in record.decisions)
    return Result(
        record,
        (25, 60),
        35 * 16e6,
        {"lost": lost_share, "redundancy": most, "sent_use": record.sent_bps(25, 60) / 16e6},
    )


def outlier(contestant: Contestant, seed: int) -> Result:
    """20 Mbit/s, RTT 30 ms; what is sent in 16 ms, a frame, comes 170 ms late. Beside it the same without."""
    disturbed, undisturbed = (_late_by(delay_s, contestant, seed) for delay_s in (0.17, 0.0))
    change = abs(1 - disturbed.target_bps(30, 32) / undisturbed.target_bps(30, 32))
    return Result(disturbed, (25, 35), 10 * 20e6, {"change": change})


def _late_by(delay_s: float, contestant: Contestant, seed: int) -> MediaRecord:
    bottleneck = Bottleneck(LinkConditions(latency_s=0.015, rate_bps=20e6), seed=seed)
    flow = MediaFlow(
        bottleneck.link,
        contestant(MAX_RATE_BPS, 12e6),
        latency_s=0.015,
        delayed=lambda sent_at: delay_s if 30 <= sent_at < 30.016 else 0.0,
        seed=seed,
    )
    bottleneck.run(35, [flow])
    return flow.record


CASES: dict[str, Callable[[Contestant, int], Result]] = {
    "capacity step": capacity_step,
    "variable capacity": variable_capacity,
    "two flows": two_flows,
    "round trips": round_trip_fairness,
    "TCP Reno": competing_reno,
    "media pause": media_pause,
    "random loss": random_loss,
    "drop-tail": drop_tail,
    "outlier": outlier,
}


def cellular(contestant: Contestant, trace: Trace, seed: int) -> Result:
    """Run over a recorded link: 20 ms of latency each way, a deep queue, as much picture as it takes."""
    link = LinkConditions(latency_s=TRACE_LATENCY_S, trace=trace, queue_limit_bytes=TRACE_QUEUE_BYTES)
    bottleneck = Bottleneck(link, seed=seed)
    flow = MediaFlow(bottleneck.link, contestant(MAX_RATE_BPS, 8e6), latency_s=TRACE_LATENCY_S, seed=seed)
    bottleneck.run(TRACE_SECONDS, [flow])
    capacity_bits = trace.first_from(TRACE_SECONDS) * OPPORTUNITY_BYTES * 8.0
    return Result(flow.record, (0, TRACE_SECONDS), capacity_bits)


def traces_of(folder: Path | None, seed: int) -> dict[str, Trace]:
    """Return the traces of a folder (`*.down`, the format of mahimahi) by name; without one, one made of dice."""
    if folder is None:
        return {"made of dice": _made_trace(seed)}
    return {path.stem: Trace.load(path) for path in sorted(folder.glob("*.down"))}


def _made_trace(seed: int) -> Trace:
    """Return a link whose rate wanders from 1 to 30 Mbit/s, by 20 % each 100 ms, and stops now and then."""
    dice = Random(f"{seed} trace")
    stamps_ms: list[int] = []
    log_rate, at_ms = math.log(8e6), 0.0
    while at_ms < TRACE_SECONDS * 1000:
        log_rate = min(max(log_rate + dice.gauss(0, 0.2), math.log(1e6)), math.log(30e6))
        if dice.random() < 0.01:
            at_ms += dice.uniform(100, 800)
        ends_ms = at_ms + 100
        while at_ms < ends_ms:
            at_ms += OPPORTUNITY_BYTES * 8000 / math.exp(log_rate)
            stamps_ms.append(round(at_ms))
    return Trace(stamps_ms)
