from __future__ import annotations

import gc
import mmap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.aio import PATIENCE_S
from tests.support.storage import CountedStorage
from wavry.errors import BufferReleasedError, ConfigError, PoolExhaustedError
from wavry.memory import FrameBuffer, FrameBufferPool, MemoryUsage
from wavry.memory.storage import AnonymousStorage


def test_nothing_is_allocated_before_the_first_loan(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 3, allocate=storages)
    assert (storages.open, pool.memory_usage(), pool.reuse_rate) == (0, MemoryUsage(0, 0, 0), 0.0)


def test_a_buffer_that_came_back_is_lent_again() -> None:
    pool = FrameBufferPool(4096, 3)
    for value in range(10):
        with pool.acquire() as lease:
            assert lease.data[0] == max(0, value - 1)  # what the last user left
            lease.data[0] = value
    assert (pool.allocated, pool.acquired, pool.reuse_rate) == (1, 10, 0.9)
    pool.close()


def test_no_more_than_the_cap_is_lent(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 3, name="screens", allocate=storages)
    leases = [pool.acquire() for _ in range(3)]
    for _ in range(2):
        with pytest.raises(PoolExhaustedError, match="pool screens: all 3 buffers are in use"):
            pool.acquire()
    assert (storages.open, pool.drops, pool.used_bytes, pool.cap_bytes) == (3, 2, 300, 300)
    leases.pop().release()
    leases.append(pool.acquire())
    assert storages.open == 3
    for lease in leases:
        lease.release()
    assert pool.memory_usage() == MemoryUsage(0, 3, 300)


def test_high_water_stays_when_buffers_are_freed(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 3, allocate=storages)
    for lease in [pool.acquire(), pool.acquire()]:
        lease.release()
    pool.close()
    assert (pool.high_water_bytes, pool.used_bytes) == (200, 0)


def test_every_loan_has_an_id_of_its_own() -> None:
    pool = FrameBufferPool(100, 1)
    ids = []
    for _ in range(3):
        with pool.acquire() as lease:
            ids.append(lease.frame_id)
    assert len(set(ids)) == 3


def test_a_second_release_is_refused_and_harms_nobody() -> None:
    pool = FrameBufferPool(100, 1)
    first = pool.acquire()
    first.release()
    second = pool.acquire()
    with pytest.raises(BufferReleasedError):
        first.release()
    with pytest.raises(BufferReleasedError):
        pool.release(first.frame_id)
    assert pool.memory_usage().in_use_buffers == 1
    second.release()


def test_bytes_can_not_be_reached_through_a_loan_that_has_ended() -> None:
    pool = FrameBufferPool(100, 1)
    lease = pool.acquire()
    lease.release()
    with pytest.raises(BufferReleasedError):
        _ = lease.data


def test_leaving_the_with_block_after_a_release_is_fine() -> None:
    pool = FrameBufferPool(100, 1)
    with pool.acquire() as lease:
        lease.release()
    assert pool.memory_usage().in_use_buffers == 0


def test_a_forgotten_loan_comes_back_through_the_collector_and_is_counted(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 1, allocate=storages)
    lease = pool.acquire()
    del lease
    gc.collect()
    assert (pool.leaked, pool.memory_usage()) == (1, MemoryUsage(0, 1, 100))
    pool.acquire().release()
    assert (pool.leaked, storages.open) == (1, 1)


def test_a_loan_that_was_released_by_its_id_was_not_forgotten() -> None:
    pool = FrameBufferPool(100, 1)
    lease = pool.acquire()
    pool.release(lease.frame_id)
    del lease
    gc.collect()
    assert (pool.leaked, pool.memory_usage().in_use_buffers) == (0, 0)


def test_the_collector_may_find_a_forgotten_loan_while_the_pool_is_at_work() -> None:
    """A collection can start at any allocation, also at one under the pool's own lock."""
    cycles: list[dict[str, object]] = []

    def allocate(size_bytes: int) -> CountedStorage:
        cycles.clear()
        gc.collect()
        return CountedStorage(size_bytes)

    pool = FrameBufferPool(100, 2, allocate=allocate)
    cycle: dict[str, object] = {"lease": pool.acquire()}
    cycle["self"] = cycle
    cycles.append(cycle)
    del cycle
    thread = threading.Thread(target=lambda: pool.acquire().release(), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the pool waits for itself"
    assert (pool.leaked, pool.memory_usage().in_use_buffers) == (1, 0)
    assert pool.memory_usage().available_buffers <= 2


def test_close_frees_what_is_idle_now_and_what_is_lent_as_it_comes_back(storages: type[CountedStorage]) -> None:
    pool = FrameBufferPool(100, 3, allocate=storages)
    lent, idle = pool.acquire(), pool.acquire()
    idle.release()
    pool.close()
    pool.close()
    assert storages.open == 1
    with pytest.raises(PoolExhaustedError):
        pool.acquire()
    lent.data[0] = 1  # still ours
    lent.release()
    assert (storages.open, pool.memory_usage()) == (0, MemoryUsage(0, 0, 0))


def test_a_failed_allocation_takes_no_place() -> None:
    fails = [True]

    def allocate(size_bytes: int) -> CountedStorage:
        if fails.pop() if fails else False:
            raise OSError("no memory")
        return CountedStorage(size_bytes)

    pool = FrameBufferPool(100, 1, allocate=allocate)
    with pytest.raises(OSError, match="no memory"):
        pool.acquire()
    pool.acquire().release()
    assert (pool.acquired, pool.allocated) == (1, 1)


def test_threads_share_a_pool_without_ever_sharing_a_buffer() -> None:
    pool = FrameBufferPool(64, 3)
    start = threading.Barrier(6)

    def work(mark: int) -> int:
        start.wait(PATIENCE_S)
        refused = 0
        for _ in range(500):
            try:
                lease = pool.acquire()
            except PoolExhaustedError:
                refused += 1
                continue
            with lease:
                lease.data[:] = bytes([mark]) * 64
                assert lease.data.tobytes() == bytes([mark]) * 64
        return refused

    with ThreadPoolExecutor(6) as threads:
        refused = sum(threads.map(work, range(1, 7)))
    assert pool.acquired + refused == 6 * 500
    assert pool.drops == refused
    assert pool.allocated <= 3
    assert pool.memory_usage().in_use_buffers == 0


def test_a_loan_may_come_back_from_another_thread() -> None:
    pool = FrameBufferPool(64, 1)
    lease = pool.acquire()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lease.release).result(PATIENCE_S)
    assert pool.memory_usage() == MemoryUsage(0, 1, 64)


def test_storage_is_page_aligned_and_goes_back_to_the_system() -> None:
    storage = AnonymousStorage(10_000)
    assert np.frombuffer(storage.view, np.uint8).ctypes.data % mmap.PAGESIZE == 0
    mapping = storage._mapping
    storage.close()
    assert mapping.closed


@pytest.mark.parametrize("look", [memoryview, lambda view: np.frombuffer(view, np.uint8)], ids=["view", "array"])
def test_closing_a_pool_waits_for_nobody_who_still_looks_at_the_bytes(look: type[memoryview]) -> None:
    pool = FrameBufferPool(4096, 1)
    lease = pool.acquire()
    seen = look(lease.data)
    lease.release()
    pool.close()
    assert seen[0] == 0  # no crash: the mapping lives as long as somebody looks


@pytest.mark.parametrize(("size", "count"), [(0, 1), (-1, 1), (1, 0)])
def test_a_pool_of_nothing_is_refused(size: int, count: int) -> None:
    with pytest.raises(ConfigError):
        FrameBufferPool(size, count)


def test_a_loan_names_the_storage_behind_it(storages: type[CountedStorage]) -> None:
    with FrameBufferPool(8, 1, allocate=storages).acquire() as lease:
        assert isinstance(lease, FrameBuffer)
        assert isinstance(lease.storage, storages)
        assert lease.data is lease.storage.view
