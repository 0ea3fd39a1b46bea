"""The sender with a viewer's reports: pace, window and parity follow."""

from __future__ import annotations

from array import array

import pytest

from tests.support.rift import make_unit
from wavry.rift import Receiver, Sender, SenderConfig, UnitsDropped
from wavry.rift.arrivals import TIME_STEP_US, ArrivalReport
from wavry.rift.packet import Packet, Stream

LOST = 0xFFFF


def stream_frame(sender: Sender, frame_id: int, now: float, *, size: int = 20_000) -> list[bytes]:
    assert sender.send_access_unit(make_unit(frame_id, size=size), now=now)
    return sender.datagrams_to_send(now=now)


def report(sender: Sender, datagrams: list[bytes], now: float, *, apart_us: int = 320, lost: int = 0) -> None:
    """Tell when a frame's packets came, evenly spread; of the last ones that they did not."""
    packets = [Packet.parse(each) for each in datagrams if each[1] == Stream.VIDEO]
    steps = array("H", [number * apart_us // TIME_STEP_US for number in range(len(packets) - lost)] + [LOST] * lost)
    told = ArrivalReport(Stream.VIDEO, packets[0].packet_id, round(now * 1e6) + 10**9, steps)
    sender.receive_datagram(told.serialize(), now=now)


@pytest.fixture
def sender() -> Sender:
    sender = Sender(SenderConfig(ceiling_bps=20e6))
    sender.rtt_s = 0.02
    return sender


def test_before_the_first_report_nothing_is_paced(sender: Sender) -> None:
    assert len(stream_frame(sender, 0, 1.0, size=200_000)) > 150
    assert (sender.rate.is_active, sender.next_timer(now=1.0), sender.backlog_s) == (False, None, 0.0)


def test_a_path_that_takes_bursts_slowly_gets_a_large_frame_in_pieces(sender: Sender) -> None:
    now = 1.0
    for frame_id in range(20):
        report(sender, stream_frame(sender, frame_id, now), now + 0.02, apart_us=1000)
        now += 1 / 60
    first = stream_frame(sender, 20, now, size=100_000)
    assert sum(map(len, first)) < 30_000
    assert sender.backlog_s > 0.01
    sent, turns = len(first), 0
    while sender.queued_bytes:
        due = sender.next_timer(now=now)
        assert due is not None
        now = max(now, due)
        sender.handle_timer(now=now)
        sent += len(sender.datagrams_to_send(now=now))
        turns += 1
    assert turns > 5
    assert sent > 80


def test_a_path_that_takes_bursts_at_once_gets_a_frame_at_once(sender: Sender) -> None:
    now = 1.0
    for frame_id in range(20):
        report(sender, stream_frame(sender, frame_id, now), now + 0.02, apart_us=0)
        now += 1 / 60
    stream_frame(sender, 20, now, size=100_000)
    assert sender.queued_bytes == 0


def test_losses_without_a_queue_bring_more_parity_over_more_frames(sender: Sender) -> None:
    assert sender.protection is not None
    assert (sender.protection.redundancy, sender.protection.encoder.window_frames) == (0.05, 1)
    now = 1.0
    for frame_id in range(30):
        report(sender, stream_frame(sender, frame_id, now), now + 0.02, lost=2)
        now += 1 / 60
    assert sender.protection.redundancy > 0.1
    assert sender.protection.encoder.window_frames == 4


def test_parity_that_is_fixed_stays(sender: Sender) -> None:
    sender = Sender(SenderConfig(redundancy=0.3))
    for frame_id in range(30):
        report(sender, stream_frame(sender, frame_id, 1 + frame_id / 60), 1.02 + frame_id / 60, lost=2)
    assert sender.protection is not None
    assert sender.protection.redundancy == 0.3


def test_a_viewer_that_falls_silent_gets_less_and_less(sender: Sender) -> None:
    now = 1.0
    for frame_id in range(20):
        report(sender, stream_frame(sender, frame_id, now), now + 0.02)
        now += 1 / 60
    before = sender.rate.decision.target_bitrate_bps
    stream_frame(sender, 20, now)
    for _ in range(20):
        due = sender.rate.next_timer
        assert due is not None
        now = max(now, due)
        sender.handle_timer(now=now)
    assert sender.rate.decision.target_bitrate_bps < before / 10


def test_a_viewer_that_says_it_is_behind_gets_fewer_frames(sender: Sender) -> None:
    seen = []
    for frame_id, is_behind in enumerate((False, True)):
        sender.receive_message(Receiver().make_feedback(1.0, is_playout_behind=is_behind), now=1.0)
        report(sender, stream_frame(sender, frame_id, 1.0 + frame_id), 1.02 + frame_id)
        seen.append(sender.rate.decision.target_fps)
    assert seen == [60, 45]


def test_what_waited_too_long_is_given_up_before_it_leaves(sender: Sender) -> None:
    sender.send_access_unit(make_unit(0, size=5000), now=1.0)
    sender.send_access_unit(make_unit(1, size=5000), now=1.1)
    assert sender.datagrams_to_send(now=1.5) == []
    assert sender.events() == [UnitsDropped(2, 0)]
    assert sender.needs_keyframe
    assert stream_frame(sender, 0, 1.6)  # another first frame, with the same ids


def test_what_a_viewer_says_of_another_stream_has_no_effect(sender: Sender) -> None:
    told = ArrivalReport(7, 0, 0, array("H", [0, 1, 2]))
    sender.receive_datagram(told.serialize(), now=1.0)
    assert not sender.rate.is_active
