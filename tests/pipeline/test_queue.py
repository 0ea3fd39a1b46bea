from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.queues import make_queue
from wavry.errors import ConfigError
from wavry.pipeline import Overflow, QueueClosed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=Overflow)
def overflow(request: pytest.FixtureRequest) -> Overflow:
    policy = request.param
    assert isinstance(policy, Overflow)
    return policy


def test_items_come_out_in_the_order_they_went_in() -> None:
    queue = make_queue(Overflow.BLOCK, max_items=3)
    for item in (1, 2, 3):
        assert queue.put_nowait(item)
    assert [queue.get(), queue.get(), queue.get()] == [1, 2, 3]
    assert queue.get_nowait() is None


def test_a_full_blocking_queue_refuses_put_nowait_and_leaves_the_item_to_its_owner() -> None:
    discarded: list[int] = []
    queue = make_queue(Overflow.BLOCK, max_items=1, discard=discarded.append)
    assert queue.put_nowait(1)
    assert not queue.put_nowait(2)
    assert (discarded, queue.drops, queue.get(), queue.get_nowait()) == ([], 0, 1, None)


def test_drop_oldest_gives_up_as_many_as_the_newest_needs_in_bytes() -> None:
    discarded: list[int] = []
    queue = make_queue(Overflow.DROP_OLDEST, max_items=10, max_bytes=100, discard=discarded.append)
    for item in (30, 31, 32, 60):
        assert queue.put_nowait(item)
    assert discarded == [30, 31]
    assert (queue.drops, queue.used_bytes, len(queue)) == (2, 92, 2)
    assert [queue.get(), queue.get()] == [32, 60]


def test_drop_oldest_gives_up_the_oldest_when_there_are_too_many() -> None:
    discarded: list[int] = []
    queue = make_queue(Overflow.DROP_OLDEST, max_items=2, discard=discarded.append)
    for item in (1, 2, 3):
        queue.put_nowait(item)
    assert (discarded, queue.get(), queue.get()) == ([1], 2, 3)


def test_latest_wins_keeps_one_item_even_where_more_would_fit() -> None:
    discarded: list[int] = []
    queue = make_queue(Overflow.LATEST_WINS, max_items=5, discard=discarded.append)
    for item in (1, 2, 3):
        queue.put_nowait(item)
    assert (discarded, len(queue), queue.get(), queue.drops) == ([1, 2], 1, 3, 2)


def test_supersede_is_told_instead_of_discard() -> None:
    superseded: list[tuple[int, int]] = []
    discarded: list[int] = []
    queue = make_queue(
        Overflow.LATEST_WINS,
        discard=discarded.append,
        supersede=lambda newer, older: superseded.append((newer, older)),
    )
    queue.put_nowait(1)
    queue.put_nowait(2)
    queue.close()
    assert (superseded, discarded) == ([(2, 1)], [2])


def test_supersede_ends_before_a_consumer_can_see_the_newer_item() -> None:
    entered, go_on = threading.Event(), threading.Event()
    story: list[str] = []

    def supersede(newer: int, older: int) -> None:
        entered.set()
        go_on.wait(PATIENCE_S)
        story.append("superseded")

    queue = make_queue(Overflow.LATEST_WINS, supersede=supersede)
    queue.put_nowait(1)

    def consume() -> None:
        item = queue.get()
        story.append(f"got {item}")

    with ThreadPoolExecutor(2) as threads:
        producer = threads.submit(queue.put, 2)
        assert entered.wait(PATIENCE_S)
        consumer = threads.submit(consume)
        assert story == []
        go_on.set()
        producer.result(PATIENCE_S)
        consumer.result(PATIENCE_S)
    assert story == ["superseded", "got 2"]


def test_an_item_above_the_byte_bound_is_taken_when_the_queue_is_empty(overflow: Overflow) -> None:
    queue = make_queue(overflow, max_bytes=100)
    assert queue.put_nowait(250)
    assert (queue.used_bytes, queue.high_water_bytes, queue.cap_bytes) == (250, 250, 100)
    assert queue.get() == 250
    assert queue.used_bytes == 0


def test_nothing_joins_an_item_above_the_byte_bound() -> None:
    queue = make_queue(Overflow.BLOCK, max_bytes=100)
    queue.put_nowait(250)
    assert not queue.put_nowait(1)


def test_put_waits_for_room_and_get_makes_it() -> None:
    queue = make_queue(Overflow.BLOCK, max_items=1)
    queue.put_nowait(1)
    done = threading.Event()

    def produce() -> None:
        queue.put(2)
        done.set()

    with ThreadPoolExecutor(1) as threads:
        producer = threads.submit(produce)
        assert not done.is_set()
        assert queue.get(PATIENCE_S) == 1
        assert queue.get(PATIENCE_S) == 2
        producer.result(PATIENCE_S)


def test_close_releases_a_producer_that_waits_and_discards_its_item() -> None:
    discarded: list[int] = []
    queue = make_queue(Overflow.BLOCK, max_items=1, discard=discarded.append)
    queue.put_nowait(1)
    with ThreadPoolExecutor(1) as threads:
        producer = threads.submit(queue.put, 2)
        queue.close()
        with pytest.raises(QueueClosed):
            producer.result(PATIENCE_S)
    assert sorted(discarded) == [1, 2]


@pytest.mark.usefixtures("restless_threads")
def test_what_is_made_when_it_is_wanted_is_taken_at_once() -> None:
    queue = make_queue(Overflow.BLOCK, max_bytes=10_000)
    made = 0

    def produce() -> None:
        nonlocal made
        while True:
            queue.wait_until_wanted()
            made += 1
            queue.put(made)

    with ThreadPoolExecutor(1) as threads:
        producer = threads.submit(produce)
        for number in range(1, 1000):
            assert (queue.get(PATIENCE_S), made) == (number, number)
        queue.close()
        with pytest.raises(QueueClosed):
            producer.result(PATIENCE_S)


@in_loop
async def test_a_coroutine_that_waits_wants_an_item() -> None:
    queue = make_queue(Overflow.BLOCK)
    wanted = asyncio.create_task(asyncio.to_thread(queue.wait_until_wanted))
    consumer = asyncio.create_task(queue.aget())
    await wanted
    queue.put_nowait(1)
    assert await consumer == 1


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads that take turns a thousand times as often."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_no_item_is_lost_between_producers_that_wait_for_the_same_room() -> None:
    queue = make_queue(Overflow.BLOCK, max_items=1, max_bytes=10_000)
    taken: list[int | None] = []

    def produce(first: int) -> None:
        for item in range(first, first + 500):
            queue.put(item)

    with ThreadPoolExecutor(4) as threads:
        producers = [threads.submit(produce, first) for first in (0, 500, 1000, 1500)]
        taken.extend(queue.get(PATIENCE_S) for _ in range(2000))
        for producer in producers:
            producer.result(PATIENCE_S)
    assert sorted(item for item in taken if item is not None) == list(range(2000))


def test_finish_gives_what_waits_and_then_ends() -> None:
    discarded: list[int] = []
    queue = make_queue(Overflow.BLOCK, discard=discarded.append)
    queue.put_nowait(1)
    queue.finish()
    with pytest.raises(QueueClosed):
        queue.put_nowait(2)
    assert discarded == [2]
    assert queue.get() == 1
    with pytest.raises(QueueClosed, match="queue test is closed"):
        queue.get()


def test_close_discards_what_waits_and_may_be_repeated(overflow: Overflow) -> None:
    discarded: list[int] = []
    queue = make_queue(overflow, discard=discarded.append)
    queue.put_nowait(1)
    queue.close()
    queue.close()
    assert (discarded, queue.used_bytes, len(queue)) == ([1], 0, 0)
    with pytest.raises(QueueClosed):
        queue.get()


def test_wake_returns_a_waiting_get_without_an_item() -> None:
    queue = make_queue(Overflow.LATEST_WINS)
    with ThreadPoolExecutor(1) as threads:
        consumer = threads.submit(queue.get)
        queue.wake()
        assert consumer.result(PATIENCE_S) is None


def test_wake_without_a_waiter_is_kept_for_the_next_get_and_only_for_that() -> None:
    queue = make_queue(Overflow.LATEST_WINS)
    queue.wake()
    assert queue.get() is None
    queue.put_nowait(1)
    assert queue.get() == 1


def test_an_item_comes_before_a_wake() -> None:
    queue = make_queue(Overflow.LATEST_WINS)
    queue.put_nowait(1)
    queue.wake()
    assert queue.get() == 1


def test_get_gives_up_after_its_timeout() -> None:
    assert make_queue(Overflow.BLOCK).get(0.0) is None


def test_a_queue_without_room_is_refused() -> None:
    with pytest.raises(ConfigError):
        make_queue(Overflow.BLOCK, max_items=0)
    with pytest.raises(ConfigError):
        make_queue(Overflow.BLOCK, max_bytes=0)


@in_loop
async def test_a_coroutine_gets_what_a_thread_puts() -> None:
    queue = make_queue(Overflow.BLOCK, max_items=3, max_bytes=10_000)

    def produce() -> None:
        for item in range(300):
            queue.put(item)
        queue.finish()

    producer = asyncio.create_task(asyncio.to_thread(produce))
    async with asyncio.timeout(PATIENCE_S):
        assert [await queue.aget() for _ in range(300)] == list(range(300))
        await producer
    with pytest.raises(QueueClosed):
        await queue.aget()


@in_loop
async def test_a_thread_gets_what_a_coroutine_puts() -> None:
    queue = make_queue(Overflow.BLOCK, max_items=3, max_bytes=10_000)
    items = iter(range(1, 100))
    waiting = next(items)

    def all_are_in() -> bool:
        nonlocal waiting
        while queue.put_nowait(waiting):
            following = next(items, None)
            if following is None:
                return True
            waiting = following
        return False

    async with asyncio.TaskGroup() as group:
        consumer = group.create_task(asyncio.to_thread(lambda: [queue.get(PATIENCE_S) for _ in range(99)]))
        await until(all_are_in)
    assert consumer.result() == list(range(1, 100))


@in_loop
async def test_cancelling_aget_loses_nothing() -> None:
    queue = make_queue(Overflow.BLOCK)
    getter = asyncio.create_task(queue.aget())
    await asyncio.sleep(0)
    queue.put_nowait(1)  # wakes the getter ...
    getter.cancel()  # ... which is cancelled before it runs
    with pytest.raises(asyncio.CancelledError):
        await getter
    assert await queue.aget() == 1


@in_loop
async def test_a_cancelled_aget_does_not_take_the_next_ones_wake_up_with_it() -> None:
    queue = make_queue(Overflow.BLOCK)
    first = asyncio.create_task(queue.aget())
    await asyncio.sleep(0)
    second = asyncio.create_task(queue.aget())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    queue.put_nowait(1)
    async with asyncio.timeout(PATIENCE_S):
        assert await second == 1
    assert first.cancelled()


@in_loop
async def test_close_ends_a_coroutine_that_waits() -> None:
    queue = make_queue(Overflow.BLOCK)
    getter = asyncio.create_task(queue.aget())
    await asyncio.sleep(0)
    queue.close()
    with pytest.raises(QueueClosed):
        await getter


def test_a_put_after_the_consumers_loop_has_ended_is_harmless() -> None:
    queue = make_queue(Overflow.BLOCK)
    loop = asyncio.new_event_loop()
    getter = loop.create_task(queue.aget())
    loop.run_until_complete(asyncio.sleep(0))
    getter.cancel()
    waiter = queue._async_waiter
    loop.run_until_complete(asyncio.gather(getter, return_exceptions=True))
    loop.close()
    queue._async_waiter = waiter  # as if the loop had ended without running the getter once more
    assert queue.put_nowait(1)
    assert queue.get() == 1
