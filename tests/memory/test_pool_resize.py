"""One pool through all sizes of a screen."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.storage import CountedStorage
from wavry.errors import ConfigError, PoolExhaustedError
from wavry.memory import FrameBufferPool, MemoryUsage

if TYPE_CHECKING:
    from wavry.memory import FrameBuffer


def test_a_resize_frees_what_is_idle_at_once_and_what_is_lent_as_it_comes_back(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 3, allocate=storages)
    lent, idle = pool.acquire(), pool.acquire()
    idle.release()
    pool.resize(400)
    assert (storages.open, pool.used_bytes) == (1, 100)
    lent.data[99] = 7  # still ours
    with pool.acquire() as new:
        assert len(new.data) == 400
        assert pool.memory_usage() == MemoryUsage(2, 0, 500)
    lent.release()
    assert (storages.open, pool.memory_usage()) == (1, MemoryUsage(0, 1, 400))


def test_old_buffers_count_until_they_are_back(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 2, allocate=storages)
    old = [pool.acquire(), pool.acquire()]
    pool.resize(10)
    assert pool.cap_bytes == 200
    with pytest.raises(PoolExhaustedError):
        pool.acquire()
    old.pop().release()
    assert pool.cap_bytes == 110
    new = pool.acquire()
    assert (pool.used_bytes, storages.open) == (110, 2)
    old.pop().release()
    new.release()
    assert (pool.used_bytes, pool.cap_bytes, pool.high_water_bytes) == (10, 20, 200)


def test_a_size_that_came_back_does_not_bring_old_buffers_back(storages: type[CountedStorage]) -> None:
    """Whoever resized has forgotten what they held."""
    pool = FrameBufferPool(100, 2, allocate=storages)
    lent = pool.acquire()
    pool.resize(200)
    pool.resize(100)
    lent.release()
    assert storages.open == 0


def test_the_same_size_changes_nothing(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 2, allocate=storages)
    pool.acquire().release()
    pool.resize(100)
    pool.acquire().release()
    assert (pool.allocated, storages.open) == (1, 1)


def test_no_size_at_all_is_refused() -> None:
    with pytest.raises(ConfigError):
        FrameBufferPool(100).resize(0)


def test_a_closed_pool_stays_empty_through_a_resize(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 2, allocate=storages)
    lent = pool.acquire()
    pool.close()
    pool.resize(200)
    lent.release()
    assert storages.open == 0


@given(st.lists(st.one_of(st.sampled_from(["acquire", "release"]), st.integers(1, 1000)), max_size=60))
def test_whatever_happens_the_cap_holds(steps: list[str | int]) -> None:
    class Fresh(CountedStorage):
        open = 0

    pool = FrameBufferPool(100, 3, allocate=Fresh)
    lent: list[FrameBuffer] = []
    for step in steps:
        if isinstance(step, int):
            pool.resize(step)
        elif step == "release":
            if lent:
                lent.pop(0).release()
        elif len(lent) < 3:
            lent.append(pool.acquire())
            assert len(lent[-1].data) == pool.buffer_size_bytes
        usage = pool.memory_usage()
        assert Fresh.open == usage.in_use_buffers + usage.available_buffers <= 3
        assert usage.total_bytes <= pool.cap_bytes
    for lease in lent:
        lease.release()
    assert all(one.frame_id < other.frame_id for one, other in pairwise(lent))
    assert pool.cap_bytes == 3 * pool.buffer_size_bytes
