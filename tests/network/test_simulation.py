"""Both ends of the protocol over bad links, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from network.conditions import Blackout, LinkConditions, PathConditions
from network.control import ReliableStream
from network.encoder import StreamShape
from network.loss import RandomLoss
from network.profiles import PROFILES
from network.simulation import Simulation
from wavry.rift import AccessUnitReceived, FrameLost

if TYPE_CHECKING:
    from wavry.rift import ReceiverEvent

SHAPE = StreamShape(bitrate_bps=5e6)


def over(conditions: LinkConditions, *, seed: int = 1, pacing_bps: float | None = None) -> Simulation:
    return Simulation(PathConditions.both(conditions), SHAPE, seed=seed, pacing_bps=pacing_bps)


def test_a_perfect_link_delivers_every_frame_after_its_latency() -> None:
    simulation = over(PROFILES["lan"])
    simulation.run(10)
    outcome = simulation.finish()
    assert (outcome.frames_sent, outcome.frames_delivered, outcome.keyframes) == (600, 600, 1)
    assert (outcome.frames_wrong, outcome.keyframe_requests, outcome.freezes) == (0, 0, 0)
    assert outcome.latency.percentile(99) == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("name", PROFILES)
def test_on_every_profile_a_frame_is_delivered_whole_or_accounted_for(name: str) -> None:
    fates: dict[int, str] = {}

    def note(event: ReceiverEvent, _: float) -> None:
        match event:
            case AccessUnitReceived(unit=unit):
                assert unit.frame_id not in fates
                fates[unit.frame_id] = "delivered"
            case FrameLost(frame_id=first, count=count):
                for frame_id in range(first, first + count):
                    assert fates.setdefault(frame_id, "lost") == "lost"

    simulation = Simulation(PathConditions.both(PROFILES[name]), SHAPE, seed=1, on_event=note)
    simulation.run(30)
    outcome = simulation.finish()
    assert outcome.frames_sent + outcome.frames_skipped == 1800
    assert outcome.frames_wrong == 0
    assert list(fates.values()).count("delivered") == outcome.frames_delivered > 0
    assert list(fates.values()).count("lost") == outcome.frames_lost
    assert outcome.frames_delivered + outcome.frames_lost + outcome.frames_undecodable == outcome.frames_sent
    assert simulation.forward.held_bytes == 0


def test_after_a_blackout_the_picture_comes_back() -> None:
    simulation = over(LinkConditions(latency_s=0.03, blackouts=(Blackout(2, 3),)))
    outcome = simulation.run(4.9)
    assert outcome.frames_delivered == 120
    outcome = simulation.run(3)
    assert outcome.freezes == 1
    # The newest frame tells of the hole at once; the request and its answer take a round trip and a frame.
    assert 3 < outcome.longest_gap_s < 3 + 0.2
    assert outcome.keyframes == 2


def test_a_link_that_is_too_narrow_makes_the_sender_skip_frames_and_loses_none() -> None:
    simulation = over(LinkConditions(latency_s=0.01, rate_bps=3e6), pacing_bps=2.9e6)
    simulation.run(10)
    outcome = simulation.finish()
    assert outcome.frames_skipped > 100
    assert outcome.frames_sent == outcome.frames_delivered
    assert simulation.forward.counters.dropped_by_queue == 0
    assert outcome.frames_sent * SHAPE.bitrate_bps / SHAPE.fps / 10 == pytest.approx(2.5e6, rel=0.05)  # and parity


def test_pacing_spreads_a_frame_over_time() -> None:
    at_once, spread = over(LinkConditions()), over(LinkConditions(), pacing_bps=10e6)
    at_once.run(5)
    spread.run(5)
    assert at_once.outcome.latency.maximum == pytest.approx(0, abs=0.001)
    # A mean frame is 10.4 kB: 8 ms at 10 Mbit/s, in steps of 2 ms of which the first costs nothing.
    assert spread.outcome.latency.percentile(50) == pytest.approx(7, abs=1.1)


def test_corrupted_packets_reach_the_receiver_which_lives_on() -> None:
    path = PathConditions.both(replace(PROFILES["wifi"], corrupted_share=0.3, duplicated_share=0.1))
    simulation = Simulation(path, StreamShape(bitrate_bps=100_000), seed=1)
    simulation.run(60)
    delivered = simulation.outcome.frames_delivered
    assert simulation.receiver.stats.datagrams_malformed > 0
    assert simulation.outcome.frames_wrong > 0
    assert simulation.run(10).frames_delivered > delivered > 0


def test_a_simulation_goes_on_where_it_stopped() -> None:
    at_once, in_parts = over(PROFILES["lte"]), over(PROFILES["lte"])
    at_once.run(6)
    for _ in range(60):
        in_parts.run(0.1)
    assert in_parts.outcome.to_json() == {**at_once.outcome.to_json(), "seconds": pytest.approx(6)}


def test_a_seed_decides_everything() -> None:
    outcomes = [over(PROFILES["wifi"], seed=seed).run(5).to_json() for seed in (1, 1, 2)]
    assert outcomes[0] == outcomes[1] != outcomes[2]


def test_a_reliable_stream_delivers_everything_in_order_after_its_probes() -> None:
    stream = ReliableStream(LinkConditions(latency_s=0.05, jitter_s=0.02, loss=RandomLoss(0.3)), 0.1, seed=1)
    sent = [bytes([number]) for number in range(200)]
    for number, data in enumerate(sent):
        stream.send(data, number / 1000)
    arrived: list[tuple[float, int]] = []
    while (due := stream.next_delivery_at) is not None:
        arrived += [(due, number) for number in stream.deliver(due)]
    assert [number for _, number in arrived] == list(range(200))
    delays = [at - number / 1000 for at, number in arrived]
    assert min(delays) >= 0.05
    assert max(delays) > 0.05 + 0.1  # something was sent again


def test_a_reliable_stream_waits_for_the_end_of_a_blackout() -> None:
    stream = ReliableStream(LinkConditions(latency_s=0.05, blackouts=(Blackout(1, 3),)), 0.1, seed=1)
    stream.send(b"request", 1.0)
    assert stream.next_delivery_at is not None
    # Probes are sent after 0.175 s, then 0.35, 0.7, 1.4 and 2.8 s more; the fifth finds the link alive.
    assert stream.next_delivery_at == pytest.approx(1 + 0.175 * 31 + 0.05)


def test_a_message_that_gets_through_brings_the_lost_ones_after_it() -> None:
    stream = ReliableStream(LinkConditions(latency_s=0.05, blackouts=(Blackout(1, 3),)), 0.1, seed=1)
    stream.send(b"lost ", 1.0)
    stream.send(b"noticed", 4.0)
    assert stream.deliver(4.149) == b""
    assert stream.deliver(4.151) == b"lost noticed"
