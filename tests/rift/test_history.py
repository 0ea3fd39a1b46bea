from __future__ import annotations

import tracemalloc

import pytest

from wavry.rift.history import ENTRY_OVERHEAD_BYTES, SentHistory


def filled(count: int, *, first_id: int = 0, size: int = 100, limit_bytes: int = 1_000_000) -> SentHistory:
    history = SentHistory(limit_bytes, 1.0)
    for number in range(count):
        history.add((first_id + number) % 2**32, bytes([number % 256]) * size, now=number * 0.001)
    return history


@pytest.mark.parametrize("first_id", [0, 2**32 - 5])
def test_what_has_left_is_found_by_its_id(first_id: int) -> None:
    history = filled(10, first_id=first_id)
    for number in range(10):
        assert history.find((first_id + number) % 2**32, now=0.01) == bytes([number]) * 100


@pytest.mark.parametrize("unknown", [10, 2**32 - 1, 5000])
def test_what_never_left_is_not_found_and_counted(unknown: int) -> None:
    history = filled(10)
    assert history.find(unknown, now=0.01) is None
    assert history.drops == 1


def test_the_oldest_are_forgotten_when_it_is_full() -> None:
    history = filled(100, limit_bytes=10 * (100 + ENTRY_OVERHEAD_BYTES))
    assert history.find(89, now=0.1) is None
    assert history.find(90, now=0.1) is not None
    assert history.used_bytes == history.cap_bytes == history.high_water_bytes


def test_what_is_too_old_is_forgotten_though_there_is_room() -> None:
    history = filled(10)
    assert history.find(4, now=1.005) is None
    assert history.find(5, now=1.005) is not None


def test_one_datagram_larger_than_the_limit_leaves_nothing() -> None:
    history = filled(3, size=2000, limit_bytes=1000)
    assert (history.used_bytes, history.find(2, now=0.002)) == (0, None)


def test_ids_that_do_not_follow_start_the_history_again() -> None:
    history = filled(10)
    history.add(50, b"fifty", now=0.01)
    assert history.find(9, now=0.01) is None
    assert history.find(50, now=0.01) == b"fifty"
    assert history.used_bytes == 5 + ENTRY_OVERHEAD_BYTES


@pytest.mark.parametrize("size", [10, 1200])
def test_it_takes_no_more_memory_than_it_says(size: int) -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        history = filled(2000, size=size, limit_bytes=300_000)
        assert tracemalloc.get_traced_memory()[0] - before <= history.used_bytes + 1024
    finally:
        tracemalloc.stop()


def test_a_report_is_put_beside_what_was_sent() -> None:
    history = filled(4)
    history.add_parity(50)
    delivered, lost = history.match([(0, 7.0), (1, None), (2, 7.1), (3, 7.2), (4, 7.3)])
    assert delivered == [(0.0, 7.0, 100), (0.002, 7.1, 100), (0.003, 7.2, 150)]
    assert lost == 1


def test_each_packet_counts_once_however_often_a_viewer_tells_of_it() -> None:
    history = filled(4)
    history.match([(0, 7.0), (1, None)])
    assert history.match([(0, 7.0), (0, None), (1, 7.5)]) == ([(0.001, 7.5, 100)], 0)


def test_what_was_never_sent_is_not_believed() -> None:
    assert filled(4).match([(9, 7.0), (2**32 - 1, None)]) == ([], 0)
