"""When a pool gives buffers back that it does not need."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.storage import Clock, CountedStorage
from wavry.memory import FrameBufferPool
from wavry.memory.working_set import IDLE_S


def pool_of(size: int, clock: Clock, storages: type[CountedStorage] = CountedStorage) -> FrameBufferPool:
    return FrameBufferPool(100, size, allocate=storages, clock=clock)


def lend_at_once(pool: FrameBufferPool, count: int) -> None:
    for lease in [pool.acquire() for _ in range(count)]:
        lease.release()


def test_surplus_goes_after_three_idle_seconds_and_the_first_buffer_stays(
    clock: Clock, storages: type[CountedStorage]
) -> None:
    pool = pool_of(3, clock, storages)
    lend_at_once(pool, 3)
    clock.advance(IDLE_S - 0.001)
    pool.trim()
    assert storages.open == 3
    clock.advance(0.001)
    assert pool.trim() is None
    assert (storages.open, pool.trimmed, pool.used_bytes, pool.cap_bytes) == (1, 2, 100, 300)
    clock.advance(1e6)
    pool.trim()
    assert storages.open == 1


def test_trim_says_when_to_come_again(clock: Clock) -> None:
    pool = pool_of(2, clock)
    assert pool.trim() is None
    lend_at_once(pool, 2)
    clock.advance(1.0)
    assert pool.trim() == IDLE_S - 1.0
    pool.acquire().release()
    assert pool.trim() == IDLE_S - 1.0
    pool.acquire().release()
    assert pool.trim() == IDLE_S, "in turn, the second buffer would just have been lent"


def test_loans_and_returns_trim_too(clock: Clock, storages: type[CountedStorage]) -> None:
    pool = pool_of(3, clock, storages)
    lend_at_once(pool, 3)
    clock.advance(IDLE_S)
    lease = pool.acquire()
    assert storages.open == 1
    lease.release()
    held = pool.acquire()
    other = pool.acquire()
    clock.advance(IDLE_S)
    other.release()
    assert storages.open == 2, "it was in use a moment ago"
    clock.advance(2 * IDLE_S)
    pool.trim()
    assert storages.open == 1
    held.data[0] = 1  # what is lent is never freed
    held.release()


def test_a_stream_allocates_nothing_after_its_first_frames_whatever_hiccups_it_has(clock: Clock) -> None:
    pool = pool_of(3, clock)
    lend_at_once(pool, 3)
    for number in range(60 * 60 * 10):
        clock.advance(1 / 60)
        lend_at_once(pool, 3 if number % 1000 == 999 else 1)
        pool.trim()
    assert (pool.allocated, pool.trimmed) == (3, 0)


def test_a_screen_that_is_only_looked_at_every_two_seconds_keeps_one_buffer_and_never_makes_another(
    clock: Clock,
) -> None:
    pool = pool_of(2, clock)
    lend_at_once(pool, 2)
    for _ in range(1000):
        clock.advance(1.0)
        pool.trim()
        clock.advance(1.0)
        lend_at_once(pool, 1)
    assert pool.memory_usage().available_buffers == 1
    assert (pool.allocated, pool.trimmed) == (2, 1)


def test_a_buffer_that_is_wanted_again_and_again_is_kept_longer_each_time(clock: Clock) -> None:
    pool = pool_of(2, clock)
    for _ in range(24 * 60 * 12):  # a day of two at once, every five seconds
        lend_at_once(pool, 2)
        for _ in range(5):
            clock.advance(1.0)
            pool.trim()
    assert pool.allocated <= 4
    for _ in range(300):
        clock.advance(1.0)
        pool.trim()
    assert pool.memory_usage().available_buffers == 1, "but not for ever"
    lend_at_once(pool, 2)
    clock.advance(IDLE_S)
    pool.trim()
    assert pool.memory_usage().available_buffers == 1, "after a real rest, three seconds are enough again"


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 3)), max_size=60))
def test_no_use_breaks_the_bounds(steps: list[tuple[float, int]]) -> None:
    class Fresh(CountedStorage):
        open = 0

    clock = Clock()
    pool = pool_of(3, clock, Fresh)
    for seconds, count in steps:
        clock.advance(seconds)
        lend_at_once(pool, count)
        pool.trim()
        assert Fresh.open == pool.memory_usage().available_buffers <= 3
        assert not pool.acquired or Fresh.open >= 1
    pool.close()
    assert Fresh.open == 0
