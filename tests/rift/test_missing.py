from __future__ import annotations

import pytest

from wavry.rift.missing import MAX_MISSING, MissingPackets

RTT_S = 0.06
DEADLINE_S = 0.18


def asked(missing: MissingPackets, now: float) -> list[int]:
    return missing.take_due(now=now, rtt_s=RTT_S, deadline_s=DEADLINE_S)


def test_a_hole_is_asked_for_at_once_when_nothing_else_can_fill_it() -> None:
    missing = MissingPackets()
    missing.note(8, 3, now=1.0, grace_s=0.0)
    assert asked(missing, 1.0) == [5, 6, 7]
    assert asked(missing, 1.0) == []


def test_parity_is_given_its_time() -> None:
    missing = MissingPackets()
    missing.note(8, 1, now=1.0, grace_s=0.004)
    assert asked(missing, 1.0) == []
    assert missing.next_due_at == pytest.approx(1.004)
    missing.arrived(7, now=1.003, is_late=False)
    assert missing.next_due_at is None


def test_the_question_is_repeated_once_per_round_trip_while_an_answer_is_of_use() -> None:
    missing = MissingPackets()
    missing.note(8, 1, now=1.0, grace_s=0.0)
    times: list[float] = []
    now = 1.0
    while (due := missing.next_due_at) is not None:
        now = max(now, due)
        if asked(missing, now):
            times.append(now - 1.0)
    assert times == pytest.approx([0, 0.083])  # a third would be answered at 0.226


def test_nothing_is_asked_for_that_would_come_too_late() -> None:
    missing = MissingPackets()
    missing.note(8, 1, now=1.0, grace_s=0.0)
    assert missing.take_due(now=1.0, rtt_s=0.2, deadline_s=DEADLINE_S) == []
    assert missing.next_due_at is None


def test_it_learns_how_long_overtaken_packets_take() -> None:
    missing = MissingPackets()
    missing.note(8, 1, now=1.0, grace_s=0.0)
    assert asked(missing, 1.0) == [7]
    missing.arrived(7, now=1.009, is_late=True)
    missing.note(20, 1, now=2.0, grace_s=0.0)
    assert missing.next_due_at == pytest.approx(2.009)


def test_a_packet_that_was_sent_again_teaches_nothing_about_overtaking() -> None:
    missing = MissingPackets()
    missing.note(8, 1, now=1.0, grace_s=0.0)
    missing.arrived(7, now=1.06, is_late=False)
    missing.note(20, 1, now=2.0, grace_s=0.0)
    assert missing.next_due_at == 2.0


def test_an_outage_is_not_asked_for() -> None:
    missing = MissingPackets()
    missing.note(1000, MAX_MISSING + 1, now=1.0, grace_s=0.0)
    assert len(missing) == 0
    missing.note(2000, MAX_MISSING, now=1.0, grace_s=0.0)
    missing.note(2001, 1, now=1.0, grace_s=0.0)
    assert (len(missing), missing.next_due_at) == (0, None)


def test_what_is_given_up_is_not_asked_for() -> None:
    missing = MissingPackets()
    missing.note(3, 6, now=1.0, grace_s=0.0)  # ids wrap
    missing.forget_before(1)
    assert asked(missing, 1.0) == [1, 2]
    assert 2 in missing
    assert 2**32 - 1 not in missing
