"""What viewers' reports become, honest and other ones."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec import structs

from wavry.rift import Feedback, Receiver, Sender
from wavry.server.figures.stages import StageLatencies
from wavry.server.figures.traffic import UNKNOWN, Link, Traffic

QUIET = Receiver().make_feedback(0.0)


@dataclass
class SenderCounts:
    """Of a sender, what a link reads."""

    packets_sent: int = 0
    bytes_sent: int = 0
    drops: int = 0
    is_stalled: bool = False


def joined(traffic: Traffic, sent: int = 0) -> tuple[Link, SenderCounts]:
    counts = SenderCounts(sent)
    return traffic.join(counts, now=0.0), counts  # type: ignore[arg-type]


def said(**fields: object) -> Feedback:
    return structs.replace(QUIET, **fields)


def test_rates_are_of_the_last_seconds() -> None:
    link, sender = joined(Traffic())
    assert link.rates(now=0.2) == UNKNOWN
    for second in range(1, 60):
        link.frames_sent += 60 if second > 20 else 30
        sender.bytes_sent += 125_000 if second > 20 else 1000
        sender.packets_sent += 1000
        lost = 10 * min(second, 30)
        link.note_feedback(
            said(packets_received=1000 * second - lost, packets_lost=lost, packets_repaired=lost // 2), now=second
        )
        link.sample(now=float(second))
        if second == 20:
            rates = link.rates(now=20.0)
            assert rates.frames_per_s == pytest.approx(30)
            assert rates.loss == pytest.approx(0.01)
            assert rates.loss_after_repair == pytest.approx(0.005)
    rates = link.rates(now=59.0)
    assert rates.frames_per_s == pytest.approx(60)
    assert rates.bitrate_bps == pytest.approx(1e6)
    assert rates.loss == rates.loss_after_repair == 0.0


def test_a_viewer_can_not_have_lost_more_than_it_was_sent() -> None:
    link, _ = joined(Traffic(), sent=100)
    link.note_feedback(said(packets_received=2**63 - 1, packets_lost=2**63 - 1, packets_repaired=2**63 - 1), now=0.0)
    counts = link.counts()
    assert (counts.packets_received, counts.packets_lost, counts.packets_repaired) == (100, 100, 100)


def test_counts_never_go_back_whatever_is_reported_and_whoever_leaves() -> None:
    traffic = Traffic()
    first, _ = joined(traffic, sent=50)
    second, _ = joined(traffic, sent=70)
    first.note_feedback(said(packets_lost=9, packets_repaired=4), now=0.0)
    second.note_feedback(said(packets_lost=3), now=0.0)
    before = traffic.counts()
    first.note_feedback(said(packets_lost=2, packets_repaired=0), now=1.0)
    assert traffic.counts() == before
    traffic.leave(first)
    traffic.leave(first)
    assert traffic.counts() == before
    third, _ = joined(traffic)
    assert (third.number, traffic.sessions, len(traffic.links)) == (3, 3, 2)
    assert traffic.counts().packets_lost == 12


def test_the_fullest_window_of_the_last_second_stays_to_be_seen() -> None:
    link, _ = joined(Traffic())
    link.note_feedback(said(reorder_permille=700, fec_pending_groups=3), now=0.0)
    link.note_feedback(said(reorder_permille=0, fec_pending_groups=0), now=0.05)
    seen = [link.reorder_occupancy]
    for second in (1.0, 2.0):
        link.sample(now=second)
        seen.append(link.reorder_occupancy)
    assert seen == [0.7, 0.7, 0.0]
    assert link.fec_pending_groups == 0


def test_a_window_at_its_bound_is_counted_once_until_it_has_room_again() -> None:
    link, _ = joined(Traffic())
    for permille in (950, 1000, 990, 300, 901):
        link.note_feedback(said(reorder_permille=permille), now=0.0)
    assert link.counts().reorder_full == 2


def test_a_stall_counts_once_for_as_long_as_it_lasts() -> None:
    link, sender = joined(Traffic())
    for second, is_stalled in enumerate((False, True, True, False, True)):
        sender.is_stalled = is_stalled
        link.sample(now=float(second))
    assert link.counts().stalls == 2


def test_an_older_client_says_nothing_and_nothing_is_made_up() -> None:
    traffic = Traffic()
    traffic.stages = StageLatencies()
    link, _ = joined(traffic)
    link.note_feedback(said(reorder_permille=None, fec_pending_groups=None), now=0.0)
    assert (link.reorder_occupancy, link.fec_pending_groups) == (None, None)
    assert traffic.stages.recent("network", now=0.0) is None


def test_latencies_of_viewers_are_kept_and_no_number_is_too_large() -> None:
    traffic = Traffic()
    stages = traffic.stages = StageLatencies()
    link, _ = joined(traffic)
    for at in range(20):
        link.note_feedback(said(network_us=2000, decode_us=4000, capture_to_decoded_us=9000), now=float(at))
    link.note_feedback(said(network_us=2**32 - 1), now=19.0)
    assert stages.recent("decode", now=19.0) == {"p50": 4.0, "p95": 4.0}
    assert stages.recent("playout", now=19.0) is None
    assert stages.histograms["network"].count == 21
    assert stages.histograms["network"].total_ms == pytest.approx(20 * 2 + 100_000)
    assert stages.recent("network", now=30.0) is None
    link.note_feedback(said(network_us=2**32 - 1), now=30.0)
    assert stages.recent("network", now=30.0) == {"p50": 100_000.0, "p95": 100_000.0}


def test_a_real_sender_counts_as_a_link_reads_it() -> None:
    assert Link(1, 0.0, Sender(), Traffic()).counts() == Traffic().counts()
