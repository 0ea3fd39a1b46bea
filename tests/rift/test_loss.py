from __future__ import annotations

import random
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.rift.loss import JitterMeter, LossTracker

if TYPE_CHECKING:
    from collections.abc import Callable


@given(
    start=st.sampled_from([0, 2**32 - 30, 12345]),
    kept=st.sets(st.integers(0, 100), min_size=1),
    again=st.lists(st.integers(0, 100), max_size=20),
    seed=st.integers(0, 99),
)
def test_every_packet_is_counted_once_in_any_order(start: int, kept: set[int], again: list[int], seed: int) -> None:
    tracker = LossTracker(start)
    arrivals = [*kept, *(each for each in again if each in kept)]
    random.Random(seed).shuffle(arrivals)
    for offset in arrivals:
        tracker.record((start + offset) % 2**32)
    assert tracker.received == len(kept)
    assert tracker.duplicate == len(arrivals) - len(kept)
    assert tracker.expected == max(kept) + 1
    assert tracker.lost == max(kept) + 1 - len(kept)
    assert tracker.highest_packet_id == (start + max(kept)) % 2**32


def test_without_a_known_start_counting_begins_with_the_first_packet() -> None:
    tracker = LossTracker()
    assert (tracker.highest_packet_id, tracker.expected, tracker.lost) == (0, 0, 0)
    for packet_id in (70, 71, 73):
        tracker.record(packet_id)
    assert (tracker.received, tracker.expected, tracker.lost) == (3, 4, 1)


@pytest.mark.parametrize("record", [LossTracker.record, LossTracker.record_repaired])
def test_an_id_far_behind_costs_no_memory(record: Callable[[LossTracker, int], int]) -> None:
    tracker = LossTracker(0)
    tracker.record(2**31 - 2)
    tracemalloc.start()
    try:
        record(tracker, 0)
        assert tracemalloc.get_traced_memory()[1] < 2000
    finally:
        tracemalloc.stop()
    assert tracker.duplicate == 1


def test_what_was_repaired_is_no_longer_lost_and_what_comes_late_was_not() -> None:
    tracker = LossTracker(0)
    assert tracker.record(3) == 3
    assert tracker.record_repaired(1) == 0
    tracker.record_repaired(1)
    assert (tracker.received, tracker.lost, tracker.repaired, tracker.duplicate) == (1, 3, 1, 1)
    tracker.record(1)
    assert (tracker.received, tracker.lost, tracker.repaired) == (2, 2, 0)
    assert tracker.record_repaired(5) == 1
    assert (tracker.expected, tracker.repaired) == (6, 1)


def test_parity_tells_of_packets_that_never_came() -> None:
    tracker = LossTracker(0)
    assert tracker.note_sent(4) == 5
    assert (tracker.expected, tracker.lost, tracker.note_sent(4)) == (5, 5, 0)
    assert tracker.record(5) == 0
    assert tracker.lost == 5


def test_a_gap_longer_than_the_history_still_counts_as_lost() -> None:
    tracker = LossTracker(0)
    tracker.record(0)
    tracker.record(100_000)
    assert tracker.lost == 99_999
    tracker.record(50)
    assert (tracker.received, tracker.duplicate) == (2, 1)


def test_a_restart_elsewhere_is_no_loss() -> None:
    tracker = LossTracker(0)
    tracker.record(0)
    tracker.record(2)
    tracker.restart()
    tracker.record(2**30)
    assert (tracker.received, tracker.expected, tracker.lost) == (3, 4, 1)


def test_frames_that_arrive_as_they_were_captured_have_no_jitter() -> None:
    meter = JitterMeter()
    for frame in range(10):
        meter.record(frame * 10_000, first_arrival_at=5.0 + frame * 0.01)
    assert meter.jitter_us == pytest.approx(0.0, abs=0.01)


def test_jitter_moves_by_a_sixteenth_of_the_deviation() -> None:
    meter = JitterMeter()
    meter.record(0, first_arrival_at=1.0)
    meter.record(10_000, first_arrival_at=1.0116)
    assert meter.jitter_us == pytest.approx(100.0)
