from __future__ import annotations

import pytest

from network.conditions import LinkConditions
from network.link import Link
from rating.bottleneck import Bottleneck
from rating.fixed import FixedRate
from rating.flight import Flight
from rating.media import MediaFlow
from rating.reno import RenoFlow


def test_what_is_older_than_an_acknowledged_packet_is_lost() -> None:
    link = Link(LinkConditions(), seed=1)
    flight = Flight(link, 0, back_s=0.01)
    for size_bytes in (100, 200, 300):
        flight.send(size_bytes, 0.0)
    assert flight.in_flight_bytes == 600
    flight.arrive(link.deliver(0.0)[1], 0.02)
    assert flight.hear(0.02) == (0, None)
    acknowledged_bytes, rtt_s = flight.hear(0.03)
    assert (acknowledged_bytes, rtt_s) == (200, 0.03)
    assert (flight.lost, flight.in_flight_bytes) == (1, 300)


def test_reno_alone_fills_a_link_and_overflows_its_queue() -> None:
    bottleneck = Bottleneck(LinkConditions(latency_s=0.02, rate_bps=20e6, queue_limit_bytes=100_000), seed=1)
    reno = RenoFlow(bottleneck.link, number=0, back_s=0.02)
    bottleneck.run(20, [reno])
    assert reno.arrived_bps(5, 20) > 0.9 * 20e6
    assert bottleneck.link.counters.dropped_by_queue > 0


def test_two_renos_share() -> None:
    bottleneck = Bottleneck(LinkConditions(latency_s=0.02, rate_bps=10e6, queue_limit_bytes=50_000), seed=1)
    renos = [RenoFlow(bottleneck.link, number=number, back_s=0.02, begins_s=number) for number in range(2)]
    bottleneck.run(60, renos)
    assert 0.5 < renos[0].arrived_bps(20, 60) / renos[1].arrived_bps(20, 60) < 2


def media(conditions: LinkConditions, rate_bps: float) -> MediaFlow:
    bottleneck = Bottleneck(conditions, seed=1)
    flow = MediaFlow(bottleneck.link, FixedRate(rate_bps), latency_s=conditions.latency_s)
    bottleneck.run(10, [flow])
    return flow


def test_on_a_link_with_room_every_frame_arrives_within_its_pacing_and_the_latency() -> None:
    record = media(LinkConditions(latency_s=0.01, rate_bps=50e6), 8e6).record
    assert (record.skipped, record.given_up, record.lost) == (0, 0, 0)
    assert len(record.frames) >= record.encoded - 2 >= 590
    longest_s = max(delay_s for captured_at, delay_s in record.frames if captured_at > 1)  # the first is a keyframe
    assert longest_s < 0.01 + 1 / 60 + 0.01
    assert record.sent_bps(1, 9) == pytest.approx(8e6, rel=0.05)


def test_frames_in_a_queue_that_overflows_are_given_up_and_counted() -> None:
    record = media(LinkConditions(latency_s=0.01, rate_bps=4e6, queue_limit_bytes=20_000), 8e6).record
    assert record.lost > 1000
    assert record.given_up > 0
    assert record.given_up + len(record.frames) <= record.encoded
