from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rift import make_unit, of_type
from wavry.errors import ConfigError, LocalProtocolError
from wavry.memory import set_checkpoint_recorder
from wavry.rift import (
    MAX_UNIT_BYTES,
    Feedback,
    KeyframeRequest,
    KeyframeRequested,
    Packet,
    Ping,
    Sender,
    SenderConfig,
    UnitsDropped,
)
from wavry.rift.delta import RateDecision
from wavry.rift.fec import MAX_REDUNDANCY, MAX_WINDOW_FRAMES
from wavry.rift.nack import serialize_nacks
from wavry.rift.packet import MIN_DATAGRAM_BYTES

PLAIN = SenderConfig(redundancy=0)
"""Without parity, so that each packet has an id."""

SMALL = SenderConfig(queue_limit_bytes=16 * 1024, redundancy=0)


def packet_ids(datagrams: list[bytes]) -> list[int]:
    return [Packet.parse(datagram).packet_id for datagram in datagrams]


def frame_ids(datagrams: list[bytes]) -> list[int]:
    return sorted({Packet.parse(datagram).frame_id for datagram in datagrams})


def nack_of(ids: list[int]) -> bytes:
    (datagram,) = serialize_nacks(ids)
    return datagram


def feedback(highest_packet_id: int, *, packets_received: int = 1) -> Feedback:
    return Feedback(
        epoch=0,
        highest_packet_id=highest_packet_id,
        packets_received=packets_received,
        packets_lost=0,
        packets_duplicate=0,
        frames_received=1,
        frames_lost=0,
        bytes_received=1,
        jitter_us=0,
    )


def test_units_leave_in_order_within_what_the_network_takes() -> None:
    sender = Sender(PLAIN)
    for frame_id in range(3):
        assert sender.send_access_unit(make_unit(frame_id, size=3000), now=0.0)
    queued_bytes = sender.queued_bytes
    assert sender.datagrams_to_send(now=0.0, max_bytes=500) == []

    taken: list[bytes] = []
    while sender.queued_bytes:
        batch = sender.datagrams_to_send(now=0.0, max_bytes=2500)
        assert 0 < sum(map(len, batch)) <= 2500
        taken += batch

    assert packet_ids(taken) == list(range(9))
    assert sum(map(len, taken)) == sender.bytes_sent == queued_bytes
    assert sender.packets_sent == 9
    assert sender.used_bytes == 0
    assert sender.datagrams_to_send(now=0.0) == []


def test_before_the_first_keyframe_nothing_else_is_taken() -> None:
    sender = Sender(PLAIN)
    assert sender.needs_keyframe
    assert not sender.send_access_unit(make_unit(5), now=0.0)
    assert sender.events() == [UnitsDropped(1, 5)]
    assert sender.send_access_unit(make_unit(6, keyframe=True), now=0.0)
    assert not sender.needs_keyframe


def test_what_does_not_fit_takes_all_that_has_not_begun_with_it() -> None:
    sender = Sender(SMALL)
    sender.send_access_unit(make_unit(0, size=5000), now=0.0)
    begun = sender.datagrams_to_send(now=0.0, max_bytes=1200)
    sender.send_access_unit(make_unit(1, size=5000), now=0.0)

    assert not sender.send_access_unit(make_unit(2, size=9000), now=0.0)

    assert sender.events() == [UnitsDropped(2, 1)]
    assert sender.drops == 2
    assert sender.needs_keyframe
    begun += sender.datagrams_to_send(now=0.0)
    assert frame_ids(begun) == [0]


def test_after_a_drop_only_a_keyframe_is_taken_and_packet_ids_have_no_gap() -> None:
    sender = Sender(SMALL)
    sender.send_access_unit(make_unit(0, size=3000), now=0.0)
    sent = sender.datagrams_to_send(now=0.0, max_bytes=1200)
    for frame_id in (1, 2, 3, 4):
        sender.send_access_unit(make_unit(frame_id, size=7000), now=0.0)
    assert sender.events() == [UnitsDropped(4, 1)]
    assert sender.send_access_unit(make_unit(5, keyframe=True, size=7000), now=0.0)
    sent += sender.datagrams_to_send(now=0.0)
    assert frame_ids(sent) == [0, 5]
    assert packet_ids(sent) == list(range(len(sent)))


def test_a_keyframe_that_does_not_fit_replaces_even_the_unit_half_sent() -> None:
    sender = Sender(SMALL)
    sender.send_access_unit(make_unit(0, size=9000), now=0.0)
    sent = sender.datagrams_to_send(now=0.0, max_bytes=1200)
    assert sender.send_access_unit(make_unit(1, keyframe=True, size=15_000), now=0.0)
    assert sender.events() == [UnitsDropped(1, 0)]
    sent += sender.datagrams_to_send(now=0.0)
    assert packet_ids(sent) == list(range(len(sent)))
    assert frame_ids(sent) == [0, 1]


def test_one_unit_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    sender = Sender(SMALL)
    assert sender.send_access_unit(make_unit(0, size=MAX_UNIT_BYTES), now=0.0)
    assert sender.used_bytes == sender.high_water_bytes == sender.cap_bytes
    assert not sender.send_access_unit(make_unit(1, size=1), now=0.0)
    assert sender.send_access_unit(make_unit(2, keyframe=True, size=MAX_UNIT_BYTES), now=0.0)
    assert sender.used_bytes == sender.cap_bytes


@pytest.mark.parametrize("size", [1, 100, 5000, 100_000])
def test_the_account_is_no_less_than_what_the_queue_takes(size: int) -> None:
    sender = Sender(PLAIN)
    units = [make_unit(frame_id, size=size) for frame_id in range(1000)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0] + sender.used_bytes
        for unit in units:
            sender.send_access_unit(unit, now=0.0)
            if sender.needs_keyframe:
                break
            assert tracemalloc.get_traced_memory()[0] - before <= sender.used_bytes + 1024  # a few numbers of its own
    finally:
        tracemalloc.stop()


def test_a_network_that_takes_nothing_makes_it_stall_until_it_takes_something() -> None:
    sender = Sender(PLAIN)
    assert sender.send_access_unit(make_unit(0, keyframe=True), now=0.0)
    assert sender.datagrams_to_send(now=0.3, max_bytes=0) == []
    assert (sender.is_stalled, sender.queued_bytes > 0) == (False, True)
    assert sender.datagrams_to_send(now=0.5, max_bytes=0) == []
    assert (sender.is_stalled, sender.queued_bytes) == (True, 0)
    assert sender.datagrams_to_send(now=0.6, max_bytes=0) == []
    assert sender.is_stalled
    assert sender.datagrams_to_send(now=0.7, max_bytes=PLAIN.max_datagram_bytes) == []
    assert not sender.is_stalled


def test_a_keyframe_that_is_leaving_is_not_given_up_for_another() -> None:
    sender = Sender(PLAIN)
    assert sender.send_access_unit(make_unit(0, keyframe=True, size=20_000), now=0.0)
    taken = [data for tenth in range(10) for data in sender.datagrams_to_send(now=tenth / 10, max_bytes=2400)]
    assert frame_ids(taken) == [0]
    assert sender.queued_bytes == 0
    assert sender.send_access_unit(make_unit(1, size=20_000), now=1.0)
    for tenth in range(10, 16):
        sender.datagrams_to_send(now=tenth / 10, max_bytes=2400)
    assert (sender.needs_keyframe, sender.events()) == (True, [UnitsDropped(1, 1)])


def test_a_keyframe_of_which_nothing_leaves_any_more_is_given_up() -> None:
    sender = Sender(PLAIN)
    assert sender.send_access_unit(make_unit(0, keyframe=True, size=20_000), now=0.0)
    assert sender.datagrams_to_send(now=0.3, max_bytes=2400) != []
    assert sender.datagrams_to_send(now=0.6, max_bytes=0) == []
    assert sender.events() == []
    assert sender.datagrams_to_send(now=0.8, max_bytes=0) == []
    assert sender.needs_keyframe
    assert sender.is_stalled


def test_a_unit_too_large_changes_nothing() -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(0), now=0.0)
    with pytest.raises(LocalProtocolError):
        sender.send_access_unit(make_unit(1, size=MAX_UNIT_BYTES + 1), now=0.0)
    assert sender.send_access_unit(make_unit(1), now=0.0)
    assert sender.events() == []


def test_a_gap_in_frame_ids_and_a_new_epoch_want_a_keyframe() -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(0), now=0.0)
    assert not sender.send_access_unit(make_unit(2), now=0.0)
    assert sender.send_access_unit(make_unit(3, keyframe=True), now=0.0)
    assert not sender.send_access_unit(make_unit(4, epoch=1), now=0.0)
    assert sender.send_access_unit(make_unit(0, keyframe=True, epoch=2), now=0.0)


def test_frame_ids_wrap_without_breaking_the_chain() -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(2**32 - 1, keyframe=True), now=0.0)
    assert sender.send_access_unit(make_unit(0, keyframe=False), now=0.0)


def test_a_keyframe_request_is_passed_on_once_until_a_keyframe_comes() -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(0), now=0.0)
    request = KeyframeRequest(epoch=0, after_frame_id=5)
    for now in (1.0, 1.1, 1.2):
        sender.receive_message(request, now=now)
    assert sender.events() == [KeyframeRequested(0, 5)]
    sender.receive_message(request, now=1.3)
    assert sender.events() == [KeyframeRequested(0, 5)]
    sender.send_access_unit(make_unit(1, keyframe=True), now=1.4)
    sender.receive_message(KeyframeRequest(epoch=0, after_frame_id=1), now=1.41)
    assert sender.events() == [KeyframeRequested(0, 1)]


def test_a_request_that_did_not_know_of_the_last_keyframe_is_ignored_for_a_while() -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(9, keyframe=True), now=1.0)
    request = KeyframeRequest(epoch=0, after_frame_id=8)
    sender.receive_message(request, now=1.1)
    assert sender.events() == []
    sender.receive_message(request, now=1.3)
    assert of_type(list(sender.events()), KeyframeRequested)


def test_requests_of_another_epoch_and_other_messages_are_ignored() -> None:
    sender = Sender(PLAIN)
    sender.receive_message(KeyframeRequest(epoch=0, after_frame_id=0), now=0.0)
    sender.send_access_unit(make_unit(0, keyframe=True, epoch=3), now=0.0)
    sender.receive_message(KeyframeRequest(epoch=2, after_frame_id=5), now=9.0)
    sender.receive_message(Ping(ping_id=1, sent_us=1), now=9.0)
    assert sender.events() == []


@pytest.mark.parametrize("report", [feedback(1), feedback(0, packets_received=0)])
def test_the_lost_end_of_the_last_frame_before_a_pause_is_noticed_once(report: Feedback) -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(0, size=3000), now=0.0)
    assert len(sender.datagrams_to_send(now=0.0)) == 3
    sender.receive_message(report, now=0.1)
    assert sender.events() == []
    sender.receive_message(report, now=0.3)
    sender.receive_message(report, now=9.0)
    assert sender.events() == [KeyframeRequested(0, 0)]
    assert sender.latest_feedback is report


def test_a_viewer_that_has_the_last_packet_is_left_alone() -> None:
    sender = Sender(PLAIN)
    sender.send_access_unit(make_unit(0, size=3000), now=0.0)
    sender.datagrams_to_send(now=0.0)
    sender.receive_message(feedback(2), now=1.0)
    assert sender.events() == []


def test_packetizing_passes_its_checkpoint() -> None:
    names: list[str] = []
    set_checkpoint_recorder(names.append)
    try:
        Sender(PLAIN).send_access_unit(make_unit(0), now=0.0)
    finally:
        set_checkpoint_recorder(None)
    assert names == ["access_unit_packetized"]


@pytest.mark.parametrize(
    "settings",
    [
        {"max_datagram_bytes": 100},
        {"queue_limit_bytes": 0},
        {"keyframe_holdoff_ms": -1},
        {"tail_loss_ms": 0},
        {"stream": 256},
        {"first_packet_id": 2**32},
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        SenderConfig(**settings)


# Datagrams of another size.

CHANGING = SenderConfig(max_datagram_bytes=1422, least_max_datagram_bytes=MIN_DATAGRAM_BYTES, redundancy=0)
PROTECTED = replace(CHANGING, redundancy=0.2)


@pytest.mark.parametrize("config", [CHANGING, PROTECTED])
def test_a_larger_limit_counts_from_the_next_unit_on(config: SenderConfig) -> None:
    sender = Sender(config)
    sender.max_datagram_bytes = 1170
    sender.send_access_unit(make_unit(0, size=50_000), now=0.0)
    first_bytes = sender.queued_bytes
    sender.max_datagram_bytes = 1422
    sender.send_access_unit(make_unit(1, size=50_000), now=0.0)
    first = sender.datagrams_to_send(now=0.0, max_bytes=first_bytes)
    assert sum(map(len, first)) == first_bytes
    assert 1100 < max(map(len, first)) <= 1170
    assert 1350 < max(map(len, sender.datagrams_to_send(now=0.0))) <= 1422
    assert sender.events() == []
    assert not sender.needs_keyframe


@pytest.mark.parametrize("config", [CHANGING, PROTECTED])
def test_a_smaller_limit_gives_up_what_waits_and_wants_a_keyframe(config: SenderConfig) -> None:
    sender = Sender(config)
    sender.send_access_unit(make_unit(0, size=20_000), now=0.0)
    sender.send_access_unit(make_unit(1, size=20_000), now=0.0)
    assert len(sender.datagrams_to_send(now=0.0, max_bytes=5000)) == 3
    sender.max_datagram_bytes = 1170
    assert (sender.queued_bytes, sender.used_bytes, sender.needs_keyframe) == (0, 0, True)
    assert sender.events() == [UnitsDropped(2, 0)]
    assert not sender.send_access_unit(make_unit(2, size=20_000), now=0.0)
    assert sender.send_access_unit(make_unit(3, keyframe=True, size=20_000), now=0.0)
    assert 1100 < max(map(len, sender.datagrams_to_send(now=0.0))) <= 1170


def test_what_has_left_and_is_too_large_now_is_not_sent_again() -> None:
    sender = Sender(CHANGING)
    sender.send_access_unit(make_unit(0, size=100), now=0.0)
    sender.send_access_unit(make_unit(1, size=1300), now=0.0)
    sender.datagrams_to_send(now=0.0)
    sender.receive_datagram(nack_of([0, 1]), now=0.1)
    assert sender.retransmission.queued_bytes > 1400
    sender.max_datagram_bytes = 1170
    assert packet_ids(sender.datagrams_to_send(now=0.1)) == [0]
    sender.receive_datagram(nack_of([0, 1]), now=0.2)
    assert packet_ids(sender.datagrams_to_send(now=0.2)) == [0]
    assert sender.retransmission.queued_bytes == 0
    assert sender.retransmission.drops == 2


def test_a_limit_beyond_the_settings_is_refused() -> None:
    sender = Sender(CHANGING)
    for size in (511, 1423):
        with pytest.raises(ConfigError, match="max_datagram_bytes"):
            sender.max_datagram_bytes = size
    plain = Sender(PLAIN)
    with pytest.raises(ConfigError, match="max_datagram_bytes"):
        plain.max_datagram_bytes = 1000
    assert (sender.max_datagram_bytes, plain.max_datagram_bytes) == (1422, 1170)


@given(
    redundancy=st.sampled_from([0, 0.2, None]),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("unit"), st.integers(1, 60_000)),
            st.tuples(st.just("send"), st.integers(0, 40_000)),
            st.tuples(st.just("limit"), st.integers(512, 1422)),
            st.tuples(st.just("nack"), st.integers(0, 100)),
        ),
        max_size=40,
    ),
)
def test_no_datagram_is_ever_larger_than_the_limit(redundancy: float | None, steps: list[tuple[str, int]]) -> None:
    sender = Sender(replace(CHANGING, redundancy=redundancy))
    caps = {name: holder.cap_bytes for name, holder in sender.holders().items()}
    for frame_id, (step, value) in enumerate(steps):
        now = frame_id * 0.01
        if step == "unit":
            unit = make_unit(frame_id, keyframe=sender.needs_keyframe or value % 7 == 0, size=value)
            sender.send_access_unit(unit, now=now)
        elif step == "limit":
            sender.max_datagram_bytes = value
        elif step == "nack":
            sender.receive_datagram(nack_of([max(0, sender.next_packet_id - value)]), now=now)
        sent = sender.datagrams_to_send(now=now, max_bytes=value if step == "send" else 3000)
        assert all(len(datagram) <= sender.max_datagram_bytes for datagram in sent)
        assert {name: holder.cap_bytes for name, holder in sender.holders().items()} == caps
        assert all(holder.used_bytes <= holder.cap_bytes for holder in sender.holders().values())
    sent = sender.datagrams_to_send(now=len(steps) * 0.01)
    assert all(len(datagram) <= sender.max_datagram_bytes for datagram in sent)
    assert sender.queued_bytes == 0


def test_the_cap_does_not_move_with_the_losses_and_holds_when_they_are_worst() -> None:
    sender = Sender(replace(PROTECTED, redundancy=None))
    cap_bytes = sender.cap_bytes
    assert sender.protection is not None
    sender.protection.follow(RateDecision(1e6, 60, MAX_REDUNDANCY, MAX_WINDOW_FRAMES))
    assert sender.send_access_unit(make_unit(0, size=MAX_UNIT_BYTES), now=0.0)
    assert sender.used_bytes <= sender.cap_bytes == cap_bytes


def test_the_cap_holds_for_the_largest_unit_at_every_size() -> None:
    for size in (512, 1170, 1422):
        sender = Sender(PROTECTED)
        sender.max_datagram_bytes = size
        assert sender.send_access_unit(make_unit(0, size=MAX_UNIT_BYTES), now=0.0)
        assert sender.used_bytes <= sender.cap_bytes
