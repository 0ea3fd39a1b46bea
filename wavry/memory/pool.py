"""A pool of equal buffers with a hard cap.

Ownership, in three sentences: the pool owns the storage from its first use until it is surplus or the pool is closed.
`acquire` lends one buffer, and whoever holds the `FrameBuffer` owns the loan and gives it back exactly once, from any
thread. A loan that is forgotten comes back when its `FrameBuffer` is collected, and is counted as leaked.

Nothing is allocated before the first `acquire`, and never are more than `max_size` buffers alive. What a quiet pool
does not need is freed (`WorkingSet`), whenever a buffer is lent or comes back and at each `trim`; the first one stays,
unless who trims wants none kept.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from wavry.clock import monotonic
from wavry.errors import BufferReleasedError, ConfigError, PoolExhaustedError
from wavry.memory.frame_buffer import FrameBuffer
from wavry.memory.sites import LoanSites, is_wanted
from wavry.memory.storage import AnonymousStorage, Storage
from wavry.memory.working_set import WorkingSet

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class PoolOverflow(Enum):
    """What happens when a buffer is wanted and all are lent.

    One policy is all that the stages need: whoever wants a buffer has something better to do than to wait, and a newer
    picture soon.
    """

    REFUSE = "refuse when all are lent"
    """`acquire` raises `PoolExhaustedError`; the caller drops the picture, or adds its changes to the next one."""


class MemoryUsage(NamedTuple):
    """What a pool holds at one moment."""

    in_use_buffers: int
    available_buffers: int
    total_bytes: int


class _Loan(NamedTuple):
    storage: Storage
    size_bytes: int
    generation: int


class FrameBufferPool:
    """At most `max_size` buffers of `buffer_size_bytes`, lent and taken back. Any thread.

    `resize` begins a new generation. Idle buffers of the old one are freed at once, lent ones when they come back, and
    until then they count: never are more than `max_size` buffers alive, of whatever size.

    Args:
        buffer_size_bytes: Size of each; one 1920x1080 BGRA frame is 8_294_400.
        max_size: Most buffers alive, lent or idle. One per place a frame can be: being filled, waiting, being
            encoded.
        name: For messages and the budget.
        allocate: Makes the storage of one buffer; private memory unless a back end brings its own.
        overflow: What happens when all are lent.
        clock: Monotonic seconds; tests bring their own.
        debug: Remember where each buffer was taken, and say so of those that are forgotten or released twice. None
            looks at `WAVRY_DEBUG_POOLS` and Python's development mode.
    """

    def __init__(
        self,
        buffer_size_bytes: int,
        max_size: int = 3,
        *,
        name: str = "frames",
        allocate: Callable[[int], Storage] = AnonymousStorage,
        overflow: PoolOverflow = PoolOverflow.REFUSE,
        clock: Callable[[], float] = monotonic,
        debug: bool | None = None,
    ) -> None:
        _check("buffer_size_bytes", buffer_size_bytes)
        _check("max_size", max_size)
        self.buffer_size_bytes = buffer_size_bytes
        self.max_size = max_size
        self.name = name
        self.overflow = overflow
        self._allocate = allocate
        self._clock = clock
        self._lock = threading.RLock()  # the collector may find a forgotten loan while this thread holds it
        self._available: deque[Storage] = deque(maxlen=max_size)  # of the present generation
        self._in_use: dict[int, _Loan] = {}
        self._working_set = WorkingSet(max_size)
        self._sites = LoanSites() if (is_wanted() if debug is None else debug) else None
        self._generation = 0
        self._next_frame_id = 0
        self._high_water_bytes = 0
        self._closed = False
        self._leak_to_report: str | None = None
        self.acquired = 0
        self.allocated = 0
        self.trimmed = 0
        """Buffers freed because nobody needed them."""
        self.drops = 0
        """How often `acquire` had to refuse."""
        self.leaked = 0
        """Loans that were forgotten and came back through the collector."""

    def acquire(self) -> FrameBuffer:
        """Lend a buffer; its bytes are whatever the last user left.

        Raises:
            PoolExhaustedError: All are lent, or the pool is closed.
        """
        now = self._clock()
        with self._lock:
            surplus = self._take_surplus(now, len(self._in_use) + 1)
            if self._available:
                storage = self._available.pop()  # the last one used is the one in the caches
            elif not self._closed and len(self._in_use) < self.max_size:
                storage = self._allocate(self.buffer_size_bytes)
                self.allocated += 1
                self._high_water_bytes = max(self._high_water_bytes, self.used_bytes + self.buffer_size_bytes)
                self._working_set.on_allocate(now)
            else:
                self.drops += 1
                raise PoolExhaustedError(self.name, self.max_size)
            frame_id = self._next_frame_id
            self._next_frame_id += 1
            self._in_use[frame_id] = _Loan(storage, self.buffer_size_bytes, self._generation)
            self._working_set.on_acquire(now)
            self.acquired += 1
            if self._sites is not None:
                self._sites.note_taken(frame_id)
        _close_all(surplus)
        if self._leak_to_report is not None:
            self._report_leak()
        return FrameBuffer(self, frame_id, storage)

    def release(self, frame_id: int) -> None:
        """Take a buffer back. `FrameBuffer.release` is the usual way.

        Raises:
            BufferReleasedError: No buffer of that id is lent.
        """
        now = self._clock()
        with self._lock:
            loan = self._in_use.pop(frame_id, None)
            if loan is None:
                raise self.released_error(frame_id)
            self._working_set.on_release(len(self._in_use) + 1, now)
            if self._sites is not None:
                self._sites.note_released(frame_id)
            if self._closed or loan.generation != self._generation:
                surplus = [loan.storage]
            else:
                self._available.append(loan.storage)
                surplus = self._take_surplus(now, 1)
        _close_all(surplus)

    def trim(self, *, keep: int = 1) -> float | None:
        """Free what was not needed for a while, for moments when nothing is lent or comes back.

        Args:
            keep: So many stay; 0 when nobody will want one soon.

        Returns:
            Seconds after which there may be more to free; None if there is not while nobody touches the pool.
        """
        now = self._clock()
        with self._lock:
            surplus = self._take_surplus(now, keep)
            alive = len(self._available) + len(self._in_use)
            again_at = self._working_set.surplus_at(alive) if self._available and alive > keep else None
        _close_all(surplus)
        if self._leak_to_report is not None:
            self._report_leak()
        return None if again_at is None else max(0.0, again_at - now)

    def resize(self, buffer_size_bytes: int) -> None:
        """Lend buffers of another size from now on; the old ones retire. Nothing happens if it is the same.

        Raises:
            ConfigError: The size is not above 0.
        """
        _check("buffer_size_bytes", buffer_size_bytes)
        with self._lock:
            if buffer_size_bytes == self.buffer_size_bytes:
                return
            self.buffer_size_bytes = buffer_size_bytes
            self._generation += 1
            idle = list(self._available)
            self._available.clear()
        _close_all(idle)

    def close(self) -> None:
        """Free what is idle now and what is lent as it comes back; nothing is lent any more."""
        with self._lock:
            self._closed = True
            idle = list(self._available)
            self._available.clear()
        _close_all(idle)
        if self._leak_to_report is not None:
            self._report_leak()

    def _take_surplus(self, now: float, keep: int) -> list[Storage]:
        """Take out idle buffers beyond the working set and beyond `keep`, the longest idle first. Under the lock."""
        surplus: list[Storage] = []
        alive = len(self._available) + len(self._in_use)
        while alive > keep and self._available and self._working_set.surplus_at(alive) <= now:
            surplus.append(self._available.popleft())
            self._working_set.on_free(now)
            self.trimmed += 1
            alive -= 1
        return surplus

    # Loans that went wrong.

    def released_error(self, frame_id: int) -> BufferReleasedError:
        """Return what to raise when a loan is used that has ended."""
        with self._lock:
            return BufferReleasedError(self.name, frame_id, "" if self._sites is None else self._sites.story(frame_id))

    def take_back_forgotten(self, frame_id: int) -> None:
        """Take back a forgotten loan. Runs wherever the collector does, so it only notes what `_report_leak` says."""
        with self._lock:
            if frame_id not in self._in_use:
                return  # it was released through the pool, by its id
            self.leaked += 1
            if self.leaked & (self.leaked - 1) == 0:  # the 1st, 2nd, 4th, 8th: one a frame must not fill a log
                self._leak_to_report = "" if self._sites is None else self._sites.taken_at(frame_id)
            self.release(frame_id)

    def _report_leak(self) -> None:
        site, self._leak_to_report = self._leak_to_report, None
        if site is not None:
            hint = f"the last was taken at {site}" if site else "WAVRY_DEBUG_POOLS=1 says where they were taken"
            logger.warning("pool %s: %d buffers were forgotten and came back; %s", self.name, self.leaked, hint)

    # What it holds.

    @property
    def policy(self) -> str:
        """The overflow policy in words, for the budget."""
        return self.overflow.value

    def memory_usage(self) -> MemoryUsage:
        """Return how many buffers are lent and idle, and their bytes together."""
        with self._lock:
            return MemoryUsage(len(self._in_use), len(self._available), self.used_bytes)

    @property
    def is_exhausted(self) -> bool:
        """Whether `acquire` would refuse now."""
        with self._lock:
            return self._closed or len(self._in_use) >= self.max_size

    @property
    def reuse_rate(self) -> float:
        """The share of `acquire` calls that needed no allocation; 0.0 before the first."""
        return 1 - self.allocated / self.acquired if self.acquired else 0.0

    @property
    def cap_bytes(self) -> int:
        """Most the pool can hold: what is lent of older generations, and the places left at the present size."""
        with self._lock:
            retired = [loan.size_bytes for loan in self._in_use.values() if loan.generation != self._generation]
            return sum(retired) + (self.max_size - len(retired)) * self.buffer_size_bytes

    @property
    def used_bytes(self) -> int:
        """What it holds now, lent and idle."""
        with self._lock:
            lent = sum(loan.size_bytes for loan in self._in_use.values())
            return lent + len(self._available) * self.buffer_size_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held, at any size."""
        return self._high_water_bytes


def _check(field: str, value: int) -> None:
    if value <= 0:
        raise ConfigError(field, value, "more than 0")


def _close_all(storages: list[Storage]) -> None:
    for storage in storages:
        storage.close()
