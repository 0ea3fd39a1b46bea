"""The named links. All of them are the same both ways; the latency is half the round trip."""

from __future__ import annotations

from network.conditions import LinkConditions
from network.loss import BurstLoss, RandomLoss

PROFILES: dict[str, LinkConditions] = {
    "lan": LinkConditions(latency_s=0.0005),
    "wifi": LinkConditions(latency_s=0.005, jitter_s=0.003, loss=BurstLoss(0.01, 2, 4)),
    "lte": LinkConditions(
        latency_s=0.030, jitter_s=0.010, loss=RandomLoss(0.01), reordered_share=0.01, reordering_s=0.008
    ),
    "intercontinental": LinkConditions(latency_s=0.090, jitter_s=0.015, loss=BurstLoss(0.02, 3, 3)),
    "satellite": LinkConditions(latency_s=0.300, loss=RandomLoss(0.01)),
    "hotel": LinkConditions(
        latency_s=0.020, jitter_s=0.030, loss=RandomLoss(0.05), rate_bps=10e6, queue_limit_bytes=1_000_000
    ),
}
"""A deep queue, as the hotel has, is 800 ms long; the others carry more than is sent."""

DESCRIPTIONS: dict[str, str] = {
    "lan": "1 ms RTT",
    "wifi": "10 ms RTT, 3 ms jitter, 1 % loss in bursts of 2 to 4",
    "lte": "60 ms RTT, 10 ms jitter, 1 % loss, 1 % overtaken by 8 ms",
    "intercontinental": "180 ms RTT, 15 ms jitter, 2 % loss in bursts of 3",
    "satellite": "600 ms RTT, 1 % loss",
    "hotel": "40 ms RTT, 30 ms jitter, 5 % loss, 10 Mbit/s, a queue of 1 MB",
}
"""The same for people, for `--help`."""
