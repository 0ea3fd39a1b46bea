"""A pool of equal buffers with a hard cap.

Ownership, in three sentences: the pool owns the storage from its first use until `close`. `acquire` lends one
buffer, and whoever holds the `FrameBuffer` owns the loan and gives it back exactly once, from any thread. A loan
that is forgotten comes back when its `FrameBuffer` is collected, and is counted as leaked.

Nothing is allocated before the first `acquire`, and never more than `max_size` buffers.
"""

from __future__ import annotations

import mmap
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from wavry.errors import BufferReleasedError, ConfigError, PoolExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class MemoryUsage(NamedTuple):
    """What a pool holds at one moment."""

    in_use_buffers: int
    available_buffers: int
    total_bytes: int


class Storage(Protocol):
    """The memory behind one buffer, for example a shared-memory segment."""

    @property
    def view(self) -> memoryview:
        """All of it, writable."""

    def close(self) -> None:
        """Give it back to the system. Called once, when nobody borrows it."""


class AnonymousStorage:
    """Page-aligned private memory that goes back to the system when it is closed."""

    def __init__(self, size_bytes: int) -> None:
        self._mapping = mmap.mmap(-1, size_bytes)
        self.view = memoryview(self._mapping)

    def close(self) -> None:
        """Unmap, or leave it to the collector while somebody still looks at the bytes."""
        try:
            self.view.release()
            self._mapping.close()
        except BufferError:
            pass  # something made from the view is alive; the mapping goes with it


class FrameBuffer:
    """One buffer on loan. Use it as a context manager, or call `release` once."""

    __slots__ = ("__weakref__", "_pool", "frame_id", "storage")

    def __init__(self, pool: FrameBufferPool, frame_id: int, storage: Storage) -> None:
        self._pool: FrameBufferPool | None = pool
        self.frame_id = frame_id
        """Names this loan within its pool; never used again for another."""
        self.storage = storage
        """What lies behind it, for back ends that need its handle."""

    @property
    def data(self) -> memoryview:
        """All bytes of the buffer, writable, valid until the loan ends.

        Raises:
            BufferReleasedError: It has ended.
        """
        if self._pool is None:
            raise BufferReleasedError("of this buffer", self.frame_id)
        return self.storage.view

    def release(self) -> None:
        """End the loan.

        Raises:
            BufferReleasedError: It has ended before.
        """
        pool, self._pool = self._pool, None
        if pool is None:
            raise BufferReleasedError("of this buffer", self.frame_id)
        pool.release(self.frame_id)

    def __enter__(self) -> FrameBuffer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self.release()

    def __del__(self) -> None:
        if self._pool is not None:
            self._pool._take_back_leaked(self.frame_id)


class FrameBufferPool:
    """At most `max_size` buffers of `buffer_size_bytes`, lent and taken back.

    Args:
        buffer_size_bytes: Size of each; one 1920x1080 BGRA frame is 8_294_400.
        max_size: Most buffers alive, lent or idle. One per place a frame can be: being filled, waiting, being
            encoded.
        name: For messages and the budget.
        allocate: Makes the storage of one buffer; private memory unless a back end brings its own.

    Policy when all are lent: `acquire` raises `PoolExhaustedError`; the caller drops or waits.
    """

    policy = "refuse when all are lent"

    def __init__(
        self,
        buffer_size_bytes: int,
        max_size: int = 3,
        *,
        name: str = "frames",
        allocate: Callable[[int], Storage] = AnonymousStorage,
    ) -> None:
        if buffer_size_bytes <= 0:
            raise ConfigError("buffer_size_bytes", buffer_size_bytes, "more than 0")
        if max_size <= 0:
            raise ConfigError("max_size", max_size, "more than 0")
        self.buffer_size_bytes = buffer_size_bytes
        self.max_size = max_size
        self.name = name
        self._allocate = allocate
        self._lock = threading.RLock()  # the collector may find a forgotten loan while this thread holds it
        self._available: deque[Storage] = deque(maxlen=max_size)
        self._in_use: dict[int, Storage] = {}
        self._next_frame_id = 0
        self._high_water_buffers = 0
        self._closed = False
        self.acquired = 0
        self.allocated = 0
        self.drops = 0
        """How often `acquire` had to refuse."""
        self.leaked = 0
        """Loans that were forgotten and came back through the collector."""

    def acquire(self) -> FrameBuffer:
        """Lend a buffer; its bytes are whatever the last user left.

        Raises:
            PoolExhaustedError: All are lent, or the pool is closed.
        """
        with self._lock:
            if self._available:
                storage = self._available.pop()  # the last one used is the one in the caches
            elif not self._closed and len(self._in_use) < self.max_size:
                storage = self._allocate(self.buffer_size_bytes)
                self.allocated += 1
            else:
                self.drops += 1
                raise PoolExhaustedError(self.name, self.max_size)
            frame_id = self._next_frame_id
            self._next_frame_id += 1
            self._in_use[frame_id] = storage
            self.acquired += 1
            live = len(self._in_use) + len(self._available)
            self._high_water_buffers = max(self._high_water_buffers, live)
        return FrameBuffer(self, frame_id, storage)

    def release(self, frame_id: int) -> None:
        """Take a buffer back. `FrameBuffer.release` is the usual way.

        Raises:
            BufferReleasedError: No buffer of that id is lent.
        """
        with self._lock:
            storage = self._in_use.pop(frame_id, None)
            if storage is None:
                raise BufferReleasedError(self.name, frame_id)
            if not self._closed:
                self._available.append(storage)
                return
        storage.close()

    def _take_back_leaked(self, frame_id: int) -> None:
        with self._lock:
            if frame_id not in self._in_use:
                return  # it was released through the pool, by its id
            self.leaked += 1
            self.release(frame_id)

    def close(self) -> None:
        """Free what is idle now and what is lent as it comes back; nothing is lent any more."""
        with self._lock:
            self._closed = True
            idle = list(self._available)
            self._available.clear()
        for storage in idle:
            storage.close()

    def memory_usage(self) -> MemoryUsage:
        """Return how many buffers are lent and idle, and their bytes together."""
        with self._lock:
            in_use, available = len(self._in_use), len(self._available)
        return MemoryUsage(in_use, available, (in_use + available) * self.buffer_size_bytes)

    @property
    def reuse_rate(self) -> float:
        """The share of `acquire` calls that needed no allocation; 0.0 before the first."""
        return 1 - self.allocated / self.acquired if self.acquired else 0.0

    @property
    def cap_bytes(self) -> int:
        """Most the pool can hold."""
        return self.max_size * self.buffer_size_bytes

    @property
    def used_bytes(self) -> int:
        """What it holds now, lent and idle."""
        return self.memory_usage().total_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_water_buffers * self.buffer_size_bytes
