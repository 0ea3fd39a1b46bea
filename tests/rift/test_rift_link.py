"""Both ends over a link that loses, repeats and reorders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from network.conditions import Blackout, LinkConditions, PathConditions
from network.link import Link
from network.loss import RandomLoss
from network.simulation import Simulation
from tests.support.rift import datagrams_of, delivered_units, make_unit, next_timer, receive_all
from wavry.rift import AccessUnitReceived, Packet, Receiver, ReceiverConfig, ReceiverEvent, SenderConfig

if TYPE_CHECKING:
    from wavry.media import AccessUnit

streams = st.lists(st.tuples(st.integers(0, 2500), st.booleans()), min_size=1, max_size=12)
first_ids = st.sampled_from([0, 2**32 - 7])


def units_of(stream: list[tuple[int, bool]]) -> list[AccessUnit]:
    return [make_unit(i, keyframe=i == 0 or keyframe, size=size) for i, (size, keyframe) in enumerate(stream)]


def decodable(units: list[AccessUnit], arrived: set[int], datagrams: list[bytes]) -> list[AccessUnit]:
    """What a viewer can see: units all of whose packets arrived, each after the one it refers to."""
    torn = {Packet.parse(data).frame_id for place, data in enumerate(datagrams) if place not in arrived}
    seen: list[AccessUnit] = []
    for unit in units:
        follows = bool(seen) and seen[-1].frame_id == unit.frame_id - 1
        if unit.frame_id not in torn and (unit.is_keyframe or follows):
            seen.append(unit)
    return seen


@given(stream=streams, first_id=first_ids, data=st.data())
def test_any_order_loss_and_repetition_in_time_yields_exactly_what_can_be_decoded(
    stream: list[tuple[int, bool]], first_id: int, data: st.DataObject
) -> None:
    units = units_of(stream)
    datagrams = datagrams_of(units, first_packet_id=first_id)
    places = range(len(datagrams))
    lost = data.draw(st.sets(st.sampled_from(places), max_size=4))
    again = data.draw(st.lists(st.sampled_from(places), max_size=5))
    arrivals = [place for place in (*places, *again) if place not in lost]
    data.draw(st.randoms(use_true_random=False)).shuffle(arrivals)

    receiver = Receiver(ReceiverConfig(first_packet_id=first_id))
    events = receive_all(receiver, [datagrams[place] for place in arrivals], now=1.0)
    while (due := next_timer(receiver)) is not None and due < 5.0:
        receiver.handle_timer(now=due)
    events += receiver.events()

    delivered = delivered_units(events)
    assert delivered == decodable(units, set(arrivals), datagrams)
    unique = len(set(arrivals))
    stats = receiver.stats
    assert (stats.packets_received, stats.packets_duplicate) == (unique, len(arrivals) - unique)
    assert stats.frames_received == len(delivered)
    assert receiver.window.occupancy == 0


@given(stream=streams, seed=st.integers(0, 10_000), spread_ms=st.sampled_from([0, 5, 40, 400]))
def test_whatever_the_delays_no_unit_is_corrupted_or_lacks_its_reference(
    stream: list[tuple[int, bool]], seed: int, spread_ms: int
) -> None:
    units = units_of(stream)
    conditions = LinkConditions(
        jitter_s=spread_ms / 1000, jitter_reorders=True, loss=RandomLoss(0.15), duplicated_share=0.15
    )
    link = Link(conditions, seed=seed)
    for place, datagram in enumerate(datagrams_of(units)):
        link.send(datagram, place * 0.001)
    receiver = Receiver()
    delivered: list[AccessUnit] = []
    while (now := link.next_delivery_at) is not None:
        while (due := next_timer(receiver)) is not None and due <= now:
            receiver.handle_timer(now=due)
        delivered += delivered_units(receive_all(receiver, link.deliver(now), now=now))

    previous = -1
    for unit in delivered:
        assert unit == units[unit.frame_id]
        assert unit.frame_id > previous
        assert unit.is_keyframe or unit.frame_id == previous + 1
        previous = unit.frame_id


DEAD_FOR_FRAME_10 = LinkConditions(latency_s=0.001, blackouts=(Blackout(10 / 60 - 0.005, 0.01),))


def shown_over(
    conditions: LinkConditions, sender_config: SenderConfig | None = None, *, asks: bool = True
) -> list[int]:
    """Stream 40 frames, perhaps to a viewer that asks for nothing; return the ids of those that were delivered."""
    shown: list[int] = []

    def note(event: ReceiverEvent, _: float) -> None:
        if isinstance(event, AccessUnitReceived):
            shown.append(event.unit.frame_id)

    path = PathConditions.both(conditions)
    simulation = Simulation(path, seed=1, on_event=note, sender_config=sender_config)
    if not asks:
        simulation.receiver.rtt_s = None
    simulation.run(39.5 / 60)
    simulation.finish()
    return shown


def test_a_frame_of_which_nothing_came_is_sent_again() -> None:
    assert shown_over(DEAD_FOR_FRAME_10, SenderConfig(redundancy=0)) == list(range(40))


def test_scattered_losses_are_repaired_by_parity_alone() -> None:
    conditions = LinkConditions(latency_s=0.001, loss=RandomLoss(0.05))
    assert shown_over(conditions, SenderConfig(redundancy=0.2), asks=False) == list(range(40))


def test_after_a_loss_that_nothing_repairs_the_picture_comes_back_with_a_keyframe() -> None:
    shown = shown_over(DEAD_FOR_FRAME_10, SenderConfig(redundancy=0), asks=False)
    # Frame 11 shows the hole, for 12 ms an overtaken packet is waited for, frame 12 is the keyframe.
    assert shown == [*range(10), *range(12, 40)]


def test_the_lost_end_of_the_last_frame_is_sent_again() -> None:
    conditions = replace(DEAD_FOR_FRAME_10, blackouts=(Blackout(39 / 60 - 0.005, 0.01),))
    assert shown_over(conditions) == list(range(40))
