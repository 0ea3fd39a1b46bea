"""A queue between two stages, bounded in items and bytes, with a policy that has a name.

Threads and the event loop may stand on either side: `put` and `get` are for threads, `put_nowait` and `aget` for
coroutines; `put_nowait` and `wake` work from anywhere. `size_of`, `discard` and `supersede` run under the queue's
lock, so that a consumer never sees an item before it has taken over from the older ones; they must be quick.

Ownership: an item belongs to the queue from a successful put until it is taken. What the queue gives up, to make
room or at `close`, goes to `discard`, so that leases find their way home.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

from wavry.errors import ConfigError, WavryError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Overflow(Enum):
    """What happens when an item comes and there is no room."""

    BLOCK = "the producer waits"
    DROP_OLDEST = "the oldest are discarded"
    LATEST_WINS = "the newest supersedes all that wait"


class QueueClosed(WavryError):  # noqa: N818 - an end, not a fault
    """The queue is closed and will give nothing more."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"queue {self.name} is closed"


class BoundedQueue(Generic[T]):
    """First in, first out, at most `max_items` and `max_bytes`.

    Args:
        name: For the budget and for messages.
        max_items: Most items that wait; 1 with `LATEST_WINS`.
        max_bytes: Most bytes that wait. A single item above it is still taken when the queue is empty, so
            choose `max_bytes` no smaller than the largest item.
        overflow: The policy.
        size_of: Bytes of one item.
        discard: Told of every item that will not be taken, on the thread that caused it.
        supersede: Called as `supersede(newer, older)` instead of `discard(older)` when `newer` pushes it out.
    """

    def __init__(
        self,
        name: str,
        *,
        max_items: int,
        max_bytes: int,
        overflow: Overflow,
        size_of: Callable[[T], int],
        discard: Callable[[T], None] | None = None,
        supersede: Callable[[T, T], None] | None = None,
    ) -> None:
        if max_items <= 0 or max_bytes <= 0:
            raise ConfigError(f"queue {name}", (max_items, max_bytes), "more than 0 items and bytes")
        self.name = name
        self.overflow = overflow
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._discard = discard
        self._supersede = supersede
        self._items: deque[T] = deque(maxlen=max_items)
        self._bytes = 0
        self._high_water_bytes = 0
        self._drops = 0
        self._closed = False
        self._wake_pending = False
        self._is_getting = False
        """Whether a thread waits in `get`."""
        self._condition = threading.Condition()
        self._async_waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None

    # The producer's side.

    def put(self, item: T) -> None:
        """Add an item; with `BLOCK`, wait for room. For threads.

        Raises:
            QueueClosed: It is closed; the item is discarded.
        """
        size = self._size_of(item)
        with self._condition:
            if self.overflow is Overflow.BLOCK:
                self._condition.wait_for(lambda: self._closed or self._has_room(size))
            taken = self._offer(item, size)  # still under the lock, so that nobody else takes the room
        if not taken:
            self._refuse(item)

    def wait_until_wanted(self) -> None:
        """Wait until the consumer waits for an item, so that what is put next does not. For threads.

        Raises:
            QueueClosed: It is closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._is_getting or self._async_waiter is not None)
            if self._closed:
                raise QueueClosed(self.name)

    def put_nowait(self, item: T) -> bool:
        """Add an item without waiting, from any thread or the loop.

        Returns:
            False if the policy is `BLOCK` and there is no room; the item then still belongs to the caller.

        Raises:
            QueueClosed: It is closed; the item is discarded.
        """
        size = self._size_of(item)
        with self._condition:
            closed, taken = self._closed, self._offer(item, size)
        if closed:
            self._refuse(item)
        return taken

    def _offer(self, item: T, size: int) -> bool:
        """Take an item if that is possible now. Under the lock."""
        if self._closed or not self._make_room(size, item):
            return False
        self._items.append(item)
        self._bytes += size
        self._high_water_bytes = max(self._high_water_bytes, self._bytes)
        self._notify()
        return True

    def _refuse(self, item: T) -> None:
        if self._discard is not None:
            self._discard(item)
        raise QueueClosed(self.name)

    def _has_room(self, size: int) -> bool:
        return not self._items or (len(self._items) < self._max_items and self._bytes + size <= self._max_bytes)

    def _make_room(self, size: int, item: T) -> bool:
        if self.overflow is Overflow.BLOCK:
            return self._has_room(size)
        while self._items and (self.overflow is Overflow.LATEST_WINS or not self._has_room(size)):
            older = self._pop()
            self._drops += 1
            if self._supersede is not None:
                self._supersede(item, older)
            elif self._discard is not None:
                self._discard(older)
        return True

    # The consumer's side.

    def get(self, timeout: float | None = None) -> T | None:
        """Wait for an item and take it. For threads; one consumer.

        Returns:
            None when `timeout` seconds passed, or `wake` was called.

        Raises:
            QueueClosed: It is closed and empty.
        """
        with self._condition:
            if not self._items:
                self._is_getting = True
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._items or self._closed or self._wake_pending, timeout)
                self._is_getting = False
            self._wake_pending = False
            return self._take()

    async def aget(self) -> T:
        """Wait for an item and take it. For a coroutine; one consumer, safe to cancel.

        Raises:
            QueueClosed: It is closed and empty.
        """
        loop = asyncio.get_running_loop()
        while True:
            with self._condition:
                item = self._take()
                if item is not None:
                    return item
                future: asyncio.Future[None] = loop.create_future()
                self._async_waiter = (loop, future)
                self._condition.notify_all()
            try:
                await future
            finally:
                with self._condition:
                    if self._async_waiter is not None and self._async_waiter[1] is future:
                        self._async_waiter = None  # only one's own: another `aget` may wait by now

    def get_nowait(self) -> T | None:
        """Take an item if there is one."""
        with self._condition:
            return self._pop_and_notify() if self._items else None

    def _take(self) -> T | None:
        if self._items:
            return self._pop_and_notify()
        if self._closed:
            raise QueueClosed(self.name)
        return None

    def _pop(self) -> T:
        item = self._items.popleft()
        self._bytes -= self._size_of(item)
        return item

    def _pop_and_notify(self) -> T:
        item = self._pop()
        if self.overflow is Overflow.BLOCK:
            self._condition.notify_all()
        return item

    def _notify(self) -> None:
        self._is_getting = False  # who waited has something to take
        self._condition.notify_all()
        if self._async_waiter is not None:
            (loop, future), self._async_waiter = self._async_waiter, None
            try:
                loop.call_soon_threadsafe(_finish, future)
            except RuntimeError:
                pass  # the loop has ended; nobody waits there any more

    # Both sides.

    def wake(self) -> None:
        """Make a waiting `get` return at once, with an item or None; if none waits, the next."""
        with self._condition:
            self._wake_pending = True
            self._condition.notify_all()

    def finish(self) -> None:
        """Take nothing more, but still give what waits; then it is closed. Any thread."""
        with self._condition:
            self._closed = True
            self._notify()

    def close(self) -> None:
        """Take and give nothing more; what waits is discarded. Any thread, any number of times."""
        with self._condition:
            self._closed = True
            left = list(self._items)
            self._items.clear()
            self._bytes = 0
            self._notify()
        if self._discard is not None:
            for item in left:
                self._discard(item)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def cap_bytes(self) -> int:
        """Most bytes that wait."""
        return self._max_bytes

    @property
    def used_bytes(self) -> int:
        """Bytes that wait now."""
        return self._bytes

    @property
    def high_water_bytes(self) -> int:
        """Most bytes that have waited."""
        return self._high_water_bytes

    @property
    def drops(self) -> int:
        """Items given up by the policy."""
        return self._drops


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
