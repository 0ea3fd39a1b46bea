"""The thread that takes frames, with a source that does as it is told."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import PATIENCE_S
from tests.support.storage import Clock, CountedStorage
from wavry.media import Frame, PixelFormat, Size
from wavry.memory import FrameBufferPool
from wavry.pipeline import BoundedQueue, Overflow
from wavry.server.capture_stage import CaptureStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StillSource:
    """A screen on which nothing happens; says each time that it was asked."""

    name = "still"

    def __init__(self, pool: FrameBufferPool) -> None:
        self.notes: list[str] = []
        self.pool = pool
        self.answers: queue.SimpleQueue[None] = queue.SimpleQueue()

    def size(self) -> Size:
        return Size(2, 2)

    def next_frame(self, timeout: float) -> Frame | None:
        self.answers.get(timeout=PATIENCE_S)
        return None

    def interrupt(self) -> None:
        self.answers.put(None)

    area = None

    def request_full_frame(self) -> None:
        pass

    def reclaim_with(self, reclaim: Callable[[], Frame | None]) -> None:
        self.reclaim = reclaim

    def close(self) -> None:
        self.pool.close()


class TrimmedPool(FrameBufferPool):
    """Tells each trim, with the time it asks to come again after."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(16, 2, allocate=CountedStorage, clock=clock)
        self.trims: queue.SimpleQueue[float | None] = queue.SimpleQueue()

    def trim(self, *, keep: int = 1) -> float | None:
        again = super().trim(keep=keep)
        self.trims.put(again)
        return again


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def running(source: StillSource) -> Iterator[CaptureStage]:
    frames: BoundedQueue[Frame] = BoundedQueue(
        "frames", max_items=1, max_bytes=100, overflow=Overflow.LATEST_WINS, size_of=lambda _: 16
    )
    stage = CaptureStage(source, lambda: source, frames, lambda *_: None)
    thread = threading.Thread(target=stage.run)
    thread.start()
    try:
        yield stage
    finally:
        stage.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def used_two_at_once(clock: Clock) -> TrimmedPool:
    pool = TrimmedPool(clock)
    for lease in [pool.acquire(), pool.acquire()]:
        lease.release()
    return pool


def test_a_screen_that_stands_still_gives_surplus_buffers_back(clock: Clock) -> None:
    pool = used_two_at_once(clock)
    source = StillSource(pool)
    with running(source) as stage:
        stage.watch(True)
        clock.advance(3.0)
        source.answers.put(None)  # the source has waited a second in vain
        while pool.trims.get(timeout=PATIENCE_S) is not None:
            source.answers.put(None)
        assert pool.memory_usage().available_buffers == 1


def test_a_host_that_nobody_watches_gives_all_its_buffers_back_and_then_sleeps(clock: Clock) -> None:
    pool = used_two_at_once(clock)
    clock.advance(3.0 - 0.001)
    source = StillSource(pool)
    with running(source):
        assert pool.trims.get(timeout=PATIENCE_S) == pytest.approx(0.001)
        clock.advance(0.001)
        while pool.trims.get(timeout=PATIENCE_S) is not None:
            pass
        assert pool.used_bytes == 0
        assert pool.trims.empty()


def test_the_source_may_take_a_frame_back_that_waits_for_the_encoder(clock: Clock) -> None:
    source = StillSource(TrimmedPool(clock))
    with running(source) as stage:
        lease = source.pool.acquire()
        frame = Frame(lease, Size(2, 2), 8, PixelFormat.BGRA, 0)
        stage.frames.put(frame)
        assert source.reclaim() is frame
        assert source.reclaim() is None
        frame.release()
