from __future__ import annotations

import pytest

from tests.support.rift import datagrams_of, delivered_ids, make_packet, make_unit, next_timer, of_type, receive_all
from wavry.errors import ConfigError, RemoteProtocolError
from wavry.memory import set_checkpoint_recorder
from wavry.rift import (
    AccessUnitReceived,
    FrameLost,
    KeyframeNeeded,
    LossReason,
    Receiver,
    ReceiverConfig,
    encode_message,
)
from wavry.rift.receiver import PictureTimes

UNITS = [make_unit(frame_id) for frame_id in range(6)]  # three packets each
SENT = datagrams_of(UNITS)


def test_units_come_out_as_they_went_in() -> None:
    receiver = Receiver()
    events = receive_all(receiver, SENT, now=1.0)
    assert [event.unit for event in of_type(events, AccessUnitReceived)] == UNITS
    assert len(events) == len(UNITS)
    assert next_timer(receiver) is None
    assert receiver.window.occupancy == receiver.assembler.used_bytes == 0


def test_a_unit_is_delivered_at_once_with_its_last_packet() -> None:
    receiver = Receiver()
    receiver.receive_datagram(SENT[0], now=1.0)
    receiver.receive_datagram(SENT[1], now=1.5)
    assert receiver.events() == []
    receiver.receive_datagram(SENT[2], now=2.0)
    assert receiver.events() == [AccessUnitReceived(UNITS[0], 1.0, 2.0)]


def test_swapped_packets_are_put_in_order_and_nothing_is_lost() -> None:
    receiver = Receiver()
    receiver.receive_datagram(SENT[1], now=1.000)
    assert next_timer(receiver) == pytest.approx(1.012)
    receiver.receive_datagram(SENT[2], now=1.002)
    receiver.receive_datagram(SENT[0], now=1.004)
    assert next_timer(receiver) is None
    assert receiver.events() == [AccessUnitReceived(UNITS[0], 1.0, 1.004)]
    assert receiver.stats.packets_lost == 0


def test_a_gap_is_waited_for_until_its_deadline_and_then_becomes_events() -> None:
    receiver = Receiver()
    assert delivered_ids(receive_all(receiver, SENT[:4] + SENT[5:9], now=1.0)) == [0]
    receiver.handle_timer(now=1.011)
    assert receiver.events() == []
    due = next_timer(receiver)
    assert due is not None
    receiver.handle_timer(now=due)
    assert receiver.events() == [FrameLost(1, LossReason.INCOMPLETE), KeyframeNeeded(0, 1)]
    assert receiver.awaits_keyframe
    assert receiver.stats.frames_undecodable == 1


def test_a_late_timer_is_made_up_for_by_the_next_packet() -> None:
    receiver = Receiver()
    receive_all(receiver, SENT[:4] + SENT[5:9], now=1.0)
    events = receive_all(receiver, SENT[9:10], now=1.1)
    assert of_type(events, FrameLost) == [FrameLost(1, LossReason.INCOMPLETE)]


def test_frames_of_which_no_packet_came_are_reported_as_missing() -> None:
    receiver = Receiver()
    receive_all(receiver, SENT[:3] + SENT[9:12], now=1.0)
    receiver.handle_timer(now=2.0)
    events = receiver.events()
    assert events == [FrameLost(1, LossReason.MISSING, 2), KeyframeNeeded(0, 3)]
    assert receiver.stats.frames_lost == 2
    assert receiver.stats.packets_lost == 6


def test_nothing_after_a_broken_reference_is_delivered_until_a_keyframe() -> None:
    units = [make_unit(frame_id, keyframe=frame_id in (0, 4)) for frame_id in range(6)]
    sent = datagrams_of(units)
    receiver = Receiver()
    events = receive_all(receiver, sent[:4] + sent[5:], now=1.0)
    receiver.handle_timer(now=1.02)
    events += receiver.events()
    assert delivered_ids(events) == [0, 4, 5]
    assert not receiver.awaits_keyframe
    assert next_timer(receiver) is None


def test_the_request_is_repeated_while_the_need_lasts() -> None:
    receiver = Receiver()
    receive_all(receiver, SENT[:3] + SENT[6:9], now=1.0)
    asked: list[float] = []
    now = 1.0
    while now < 2.0:
        due = next_timer(receiver)
        assert due is not None
        assert due > now or not asked
        now = due
        receiver.handle_timer(now=now)
        asked += [now for event in receiver.events() if isinstance(event, KeyframeNeeded)]
    assert asked == pytest.approx([1.012, 1.262, 1.512, 1.762, 2.012])


def test_while_a_keyframe_is_coming_in_no_other_is_asked_for() -> None:
    units = [make_unit(frame_id, keyframe=frame_id in (0, 3)) for frame_id in range(4)]
    sent = datagrams_of(units)
    receiver = Receiver()
    receive_all(receiver, sent[:3] + sent[6:9], now=1.0)
    receiver.handle_timer(now=1.1)
    receiver.events()
    receiver.receive_datagram(sent[9], now=1.3)
    receiver.handle_timer(now=1.4)
    assert receiver.events() == []
    due = next_timer(receiver)
    assert due is not None
    assert due > 1.4
    receiver.receive_datagram(sent[10], now=1.5)
    receiver.receive_datagram(sent[11], now=1.5)
    assert delivered_ids(list(receiver.events())) == [3]


def test_a_whole_keyframe_behind_a_hole_is_not_kept_waiting_for_a_retransmission() -> None:
    units = [make_unit(frame_id, keyframe=frame_id in (0, 3)) for frame_id in range(5)]
    sent = datagrams_of(units)
    receiver = Receiver()
    receiver.rtt_s = 0.08
    events = receive_all(receiver, sent[:4] + sent[5:11], now=1.0)
    receiver.datagrams_to_send(now=1.0)
    receiver.handle_timer(now=1.012)
    assert delivered_ids(events + receiver.events()) == [0]
    events = receive_all(receiver, sent[11:15], now=1.015)
    assert delivered_ids(events) == [3, 4]


def test_a_keyframe_from_before_a_restart_of_the_ids_cuts_no_later_wait_short() -> None:
    units = [make_unit(frame_id, keyframe=frame_id in (0, 3)) for frame_id in range(4)]
    sent = datagrams_of(units)
    receiver = Receiver()
    receiver.rtt_s = 0.08
    receive_all(receiver, sent[:4] + sent[5:6] + sent[9:12], now=1.0)
    units = [make_unit(frame_id, keyframe=frame_id == 0) for frame_id in range(9)]
    again = datagrams_of(units, first_packet_id=2**32 - 100_000)
    receive_all(receiver, again[:9] + again[10:12], now=1.001)
    receiver.handle_timer(now=1.02)
    assert receiver.window.has_gap
    receive_all(receiver, again[9:10], now=1.05)
    assert not receiver.window.has_gap


def test_of_two_whole_keyframes_behind_a_hole_none_is_left_out() -> None:
    units = [make_unit(frame_id, keyframe=frame_id in (0, 1, 3, 4)) for frame_id in range(5)]
    sent = datagrams_of(units)
    receiver = Receiver()
    events = receive_all(receiver, [*sent[:3], *sent[4:6], *sent[9:12], sent[3], *sent[12:15]], now=1.0)
    receiver.handle_timer(now=1.012)
    assert delivered_ids(events + receiver.events()) == [0, 1, 3, 4]


def test_a_hole_that_is_filled_after_a_keyframe_came_costs_nothing() -> None:
    units = [make_unit(frame_id, keyframe=frame_id in (0, 2)) for frame_id in range(4)]
    sent = datagrams_of(units)
    receiver = Receiver()
    receiver.rtt_s = 0.08
    events = receive_all(receiver, [*sent[:4], *sent[5:9], sent[4], *sent[9:10], *sent[11:12]], now=1.0)
    receiver.handle_timer(now=1.04)
    receiver.receive_datagram(sent[10], now=1.05)
    assert delivered_ids(events + receiver.events()) == [0, 1, 2, 3]


def test_a_unit_whose_end_never_comes_is_given_up() -> None:
    receiver = Receiver()
    receive_all(receiver, SENT[:5], now=1.0)
    assert next_timer(receiver) == pytest.approx(1.25)
    receiver.handle_timer(now=1.25)
    assert receiver.events() == [FrameLost(1, LossReason.INCOMPLETE), KeyframeNeeded(0, 1)]


def test_who_joins_in_the_middle_asks_for_a_keyframe() -> None:
    receiver = Receiver(ReceiverConfig(first_packet_id=None))
    events = receive_all(receiver, SENT[7:], now=1.0)
    assert delivered_ids(events) == []
    assert KeyframeNeeded(0, 2) in events
    assert receiver.stats.packets_lost == 0


def test_who_joins_far_from_packet_zero_catches_up_after_two_packets() -> None:
    units = [make_unit(0), *(make_unit(frame_id, keyframe=True) for frame_id in (1, 2))]
    sent = datagrams_of(units, first_packet_id=2**31)
    receiver = Receiver()
    assert delivered_ids(receive_all(receiver, sent, now=1.0)) == [0, 1, 2]
    assert receiver.stats.packets_lost == 0


def test_a_frame_the_sender_gave_up_breaks_the_chain_without_any_loss_on_the_way() -> None:
    receiver = Receiver()
    packets = [make_packet(index, frame_id=frame_id, flags=frame_id == 0) for index, frame_id in enumerate((0, 2, 3))]
    events = receive_all(receiver, [packet.serialize() for packet in packets], now=1.0)
    assert delivered_ids(events) == [0]
    assert events[1:] == [FrameLost(1, LossReason.MISSING), KeyframeNeeded(0, 2)]
    assert receiver.stats.packets_lost == 0


def test_a_new_epoch_begins_with_a_keyframe() -> None:
    receiver = Receiver()
    packets = [
        make_packet(0, frame_id=7),
        make_packet(1, frame_id=8, epoch=1, flags=0),
        make_packet(2, frame_id=0, epoch=1),
        make_packet(3, frame_id=1, epoch=1, flags=0),
    ]
    events = receive_all(receiver, [packet.serialize() for packet in packets], now=1.0)
    assert delivered_ids(events) == [7, 0, 1]
    assert of_type(events, KeyframeNeeded) == [KeyframeNeeded(1, 8)]
    assert of_type(events, FrameLost) == []


def test_packet_and_frame_ids_wrap_unnoticed() -> None:
    units = [make_unit((2**32 - 2 + step) % 2**32, keyframe=step == 0, capture_us=step) for step in range(5)]
    receiver = Receiver(ReceiverConfig(first_packet_id=2**32 - 4))
    events = receive_all(receiver, datagrams_of(units, first_packet_id=2**32 - 4), now=1.0)
    assert [event.unit for event in of_type(events, AccessUnitReceived)] == units


def test_duplicates_and_late_packets_are_counted_and_harmless() -> None:
    receiver = Receiver()
    events = receive_all(receiver, SENT[:6] + SENT[:6] + SENT[7:8] + SENT[7:8], now=1.0)
    assert delivered_ids(events) == [0, 1]
    assert receiver.stats.packets_duplicate == 7
    receiver.handle_timer(now=2.0)
    receiver.receive_datagram(SENT[6], now=2.1)
    assert receiver.stats.packets_lost == 0
    assert receiver.stats.packets_received == 8


def test_packets_of_other_streams_are_skipped_and_malformed_ones_counted() -> None:
    receiver = Receiver()
    receiver.receive_datagram(make_packet(stream=9).serialize(), now=0.0)
    with pytest.raises(RemoteProtocolError):
        receiver.receive_datagram(b"\x01", now=0.0)
    stats = receiver.stats
    assert (stats.datagrams_received, stats.datagrams_skipped, stats.datagrams_malformed) == (2, 1, 1)
    assert delivered_ids(receive_all(receiver, SENT, now=0.0)) == list(range(6))


def test_feedback_tells_what_arrived_and_always_fits_the_wire() -> None:
    receiver = Receiver()
    encode_message(receiver.make_feedback(0.0))
    receive_all(receiver, SENT[:7] + SENT[8:9], now=1.0)
    receiver.receive_datagram(make_packet(18, frame_id=6, capture_us=2**64 - 1, flags=0).serialize(), now=1.0)
    report = receiver.make_feedback(2.0)
    assert encode_message(report)
    assert report.highest_packet_id == 18
    assert report.packets_received == 9
    assert report.packets_lost == 10
    assert report.frames_received == 2
    assert report.frames_lost == 4
    assert report.bytes_received == sum(map(len, SENT[:7] + SENT[8:9])) + 41


def test_feedback_tells_how_full_the_window_is_and_where_the_newest_picture_spent_its_time() -> None:
    receiver = Receiver(ReceiverConfig(window_packets=16))
    assert receiver.make_feedback(0.0).reorder_permille == 0
    receive_all(receiver, SENT[:1] + SENT[2:6], now=1.0)
    times = PictureTimes.bounded(-5, 300, 2**40, 9000)
    report = receiver.make_feedback(1.0, picture=times)
    assert report.reorder_permille == 250  # four of sixteen wait for the second
    assert report.fec_pending_groups == 0
    assert (report.network_us, report.playout_us, report.decode_us) == (0, 300, 2**32 - 1)
    assert report.capture_to_decoded_us == 9000
    assert receiver.make_feedback(1.0).network_us is None


def test_assembling_passes_its_checkpoint() -> None:
    names: list[str] = []
    set_checkpoint_recorder(names.append)
    try:
        receive_all(Receiver(), SENT[:6], now=0.0)
    finally:
        set_checkpoint_recorder(None)
    assert names == ["access_unit_assembled"] * 2


@pytest.mark.parametrize(
    "settings",
    [
        {"window_packets": 1},
        {"window_bytes": 1000},
        {"gap_deadline_ms": -1},
        {"unit_deadline_ms": 0},
        {"keyframe_request_interval_ms": 0},
        {"stream": -1},
        {"first_packet_id": -1},
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        ReceiverConfig(**settings)
