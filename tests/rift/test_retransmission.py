from __future__ import annotations

import pytest

from tests.support.rift import datagrams_of, make_unit
from wavry.rift.packet import RETRANSMITTED_BIT, Packet, unmark_retransmitted
from wavry.rift.retransmission import Retransmission

SENT = datagrams_of([make_unit(frame_id, size=100_000) for frame_id in range(2)])


@pytest.fixture
def retransmission() -> Retransmission:
    retransmission = Retransmission(1_000_000, 1.0)
    for packet_id, datagram in enumerate(SENT):
        retransmission.note_sent(packet_id, datagram, now=0.0)
    return retransmission


def test_what_is_asked_for_leaves_again_marked_and_otherwise_the_same(retransmission: Retransmission) -> None:
    retransmission.request([5, 7], now=0.1)
    assert retransmission.queued_bytes == len(SENT[5]) + len(SENT[7])
    again = retransmission.take(10_000)
    assert [unmark_retransmitted(datagram) for datagram in again] == [SENT[5], SENT[7]]
    assert all(Packet.parse(datagram).flags & RETRANSMITTED_BIT for datagram in again)
    assert retransmission.queued_bytes == 0


def test_what_waits_is_not_queued_twice(retransmission: Retransmission) -> None:
    retransmission.request([5, 5], now=0.1)
    retransmission.request([5], now=0.1)
    assert len(retransmission.take(10_000)) == 1


def test_only_what_fits_leaves(retransmission: Retransmission) -> None:
    retransmission.request([5, 6, 7], now=0.1)
    assert len(retransmission.take(2 * len(SENT[5]) + 10)) == 2
    assert len(retransmission.take(len(SENT[7]) - 1)) == 0
    assert len(retransmission.take(len(SENT[7]))) == 1


def test_a_viewer_that_asks_for_everything_gets_no_more_than_the_budget(retransmission: Retransmission) -> None:
    everything = range(len(SENT))
    retransmission.request(everything, now=0.1)
    first = sum(map(len, retransmission.take(10**6)))
    assert 60_000 < first <= 64 * 1024
    retransmission.request(everything, now=0.2)
    assert retransmission.take(10**6) == []
    assert retransmission.drops > len(SENT)


def test_the_budget_comes_back_with_what_is_sent(retransmission: Retransmission) -> None:
    retransmission.request(range(len(SENT)), now=0.1)
    retransmission.take(10**6)
    for packet_id in range(8):
        retransmission.note_sent(len(SENT) + packet_id, SENT[packet_id], now=0.2)
    retransmission.request(range(20), now=0.3)
    assert len(retransmission.take(10**6)) == 2


def test_what_is_not_there_any_more_is_refused(retransmission: Retransmission) -> None:
    retransmission.request([3], now=5.0)
    assert (retransmission.take(10_000), retransmission.drops) == ([], 1)


def test_what_waits_is_in_its_account(retransmission: Retransmission) -> None:
    retransmission.request(range(len(SENT)), now=0.1)
    assert 64 * 1024 < retransmission.used_bytes == retransmission.high_water_bytes <= retransmission.cap_bytes
    retransmission.take(10**6)
    assert retransmission.used_bytes == 0


def test_what_is_too_large_by_now_is_not_sent_again() -> None:
    retransmission = Retransmission(1_000_000, 1.0)
    for packet_id, size in enumerate((1000, 1300, 1170)):
        retransmission.note_sent(packet_id, SENT[0][:24] + bytes(size - 24), now=0.0)
    retransmission.request([0, 1], now=0.1)
    retransmission.limit(1170)
    assert (retransmission.queued_bytes, retransmission.drops) == (1000, 1)
    retransmission.request([1, 2], now=0.1)
    assert [len(datagram) for datagram in retransmission.take(10_000)] == [1000, 1170]
    assert (retransmission.used_bytes, retransmission.drops) == (0, 2)
