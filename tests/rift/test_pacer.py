from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.rift.pacer import BURST_S, Pacer


def drain(pacer: Pacer, waiting_bytes: int, *, packet_bytes: int = 1000, now: float = 0.0) -> list[tuple[float, int]]:
    """Send what waits as soon as it may leave; return when how much left."""
    bursts: list[tuple[float, int]] = []
    while waiting_bytes > 0:
        burst = 0
        while waiting_bytes > 0 and pacer.room_bytes(now=now) > 0:
            pacer.note_sent(packet_bytes, now=now)
            waiting_bytes -= packet_bytes
            burst += packet_bytes
        bursts.append((now, burst))
        now = pacer.next_at(now=now)
    return bursts


def test_a_frame_leaves_at_the_rate_in_bursts() -> None:
    bursts = drain(Pacer(20e6, min_burst_bytes=0), 50_000)
    assert bursts[-1][0] == pytest.approx(50_000 * 8 / 20e6, abs=2 * BURST_S)
    assert all(later - earlier >= BURST_S * 0.99 for (earlier, _), (later, _) in pairwise(bursts))


def test_a_small_frame_after_a_pause_leaves_at_once() -> None:
    assert drain(Pacer(1e6, min_burst_bytes=10_000), 10_000) == [(0.0, 10_000)]


def test_what_was_borrowed_is_paid_back() -> None:
    pacer = Pacer(1e6, min_burst_bytes=0)
    pacer.note_sent(12_500, now=0.0)
    assert pacer.room_bytes(now=0.05) == 0
    assert pacer.next_at(now=0.05) == pytest.approx(0.1, abs=BURST_S)


def test_a_pause_saves_up_no_more_than_a_burst() -> None:
    pacer = Pacer(20e6, min_burst_bytes=3000)
    pacer.note_sent(5000, now=0.0)
    assert pacer.room_bytes(now=60.0) == 5000


def test_a_lower_rate_takes_back_what_was_saved_up() -> None:
    pacer = Pacer(100e6, min_burst_bytes=1000)
    pacer.rate_bps = 1e6
    assert pacer.room_bytes(now=0.0) == 1000


@given(rate_bps=st.floats(1e5, 1e9), sizes=st.lists(st.integers(1, 60_000), max_size=40), burst=st.integers(0, 40_000))
def test_no_more_leaves_in_any_time_than_the_rate_a_burst_and_a_packet(
    rate_bps: float, sizes: list[int], burst: int
) -> None:
    pacer = Pacer(rate_bps, min_burst_bytes=burst)
    now, sent = 0.0, 0
    for size in sizes:
        for at, size_bytes in drain(pacer, size, now=now):
            sent += size_bytes
            now = at
            most = rate_bps / 8 * (at + BURST_S) + burst + 1000
            assert sent <= most * 1.001
