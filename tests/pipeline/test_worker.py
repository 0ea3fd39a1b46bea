from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.aio import PATIENCE_S, in_loop
from wavry.errors import CaptureError
from wavry.pipeline import run_in_worker


def worker_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("test-")]


class Stage:
    """Runs until it is stopped, and can be made slow to stop."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.stops = 0
        self.stopped = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self.ended = False

    def run(self) -> None:
        self.started.set()
        assert self.stopped.wait(PATIENCE_S)
        assert self.may_end.wait(PATIENCE_S)
        self.ended = True

    def stop(self) -> None:
        self.stops += 1
        self.stopped.set()

    async def running(self) -> asyncio.Task[None]:
        task = asyncio.create_task(run_in_worker("test-stage", self.run, stop=self.stop))
        await asyncio.to_thread(self.started.wait, PATIENCE_S)
        return task


@in_loop
async def test_it_ends_when_the_function_returns_and_leaves_no_thread() -> None:
    names: list[str] = []
    await run_in_worker("test-stage", lambda: names.append(threading.current_thread().name), stop=lambda: None)
    assert (names, worker_threads()) == (["test-stage"], [])


@in_loop
async def test_an_exception_travels_to_the_task_that_waits() -> None:
    def run() -> None:
        raise CaptureError("the screen is gone")

    with pytest.raises(CaptureError, match="the screen is gone"):
        await run_in_worker("test-stage", run, stop=lambda: None)
    assert worker_threads() == []


@in_loop
async def test_an_exception_that_a_future_refuses_travels_too() -> None:
    def run() -> None:
        next(iter(()))

    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(RuntimeError, match="StopIteration"):
            await run_in_worker("test-stage", run, stop=lambda: None)


@in_loop
async def test_a_failing_stage_ends_the_group_and_every_other_stage() -> None:
    stage, started = Stage(), threading.Event()

    def fail() -> None:
        assert stage.started.wait(PATIENCE_S)
        started.set()
        raise CaptureError("gone")

    async def session() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(run_in_worker("test-stage", stage.run, stop=stage.stop))
            group.create_task(run_in_worker("test-failing", fail, stop=lambda: None))

    with pytest.raises(ExceptionGroup) as caught:
        await session()
    assert [str(error) for error in caught.value.exceptions] == ["gone"]
    assert (stage.ended, stage.stops, worker_threads()) == (True, 1, [])


@in_loop
async def test_cancelling_stops_the_function_and_waits_for_its_end() -> None:
    stage = Stage()
    task = await stage.running()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (stage.ended, stage.stops, worker_threads()) == (True, 1, [])


@in_loop
async def test_a_second_cancel_does_not_leave_the_thread_behind() -> None:
    stage = Stage()
    stage.may_end.clear()
    task = await stage.running()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        assert worker_threads() == ["test-stage"]
    stage.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (stage.ended, stage.stops, worker_threads()) == (True, 1, [])


@in_loop
async def test_an_exception_while_stopping_does_not_hide_the_cancellation() -> None:
    stopped, started = threading.Event(), threading.Event()

    def run() -> None:
        started.set()
        assert stopped.wait(PATIENCE_S)
        raise CaptureError("broken while it stopped")

    task = asyncio.create_task(run_in_worker("test-stage", run, stop=stopped.set))
    await asyncio.to_thread(started.wait, PATIENCE_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker_threads() == []


@in_loop
async def test_a_hundred_short_workers_leave_nothing() -> None:
    before = threading.active_count()
    await asyncio.gather(*(run_in_worker(f"test-{number}", lambda: None, stop=lambda: None) for number in range(100)))
    assert threading.active_count() == before
