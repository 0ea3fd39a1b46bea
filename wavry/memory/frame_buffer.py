"""The loan of one buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from wavry.memory.pool import FrameBufferPool
    from wavry.memory.storage import Storage


class FrameBuffer:
    """One buffer on loan. Use it as a context manager, or call `release` once."""

    __slots__ = ("__weakref__", "_is_lent", "_pool", "frame_id", "storage")

    def __init__(self, pool: FrameBufferPool, frame_id: int, storage: Storage) -> None:
        self._pool = pool
        self._is_lent = True
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
        if not self._is_lent:
            raise self._pool.released_error(self.frame_id)
        return self.storage.view

    def release(self) -> None:
        """End the loan.

        Raises:
            BufferReleasedError: It has ended before.
        """
        self._is_lent = False
        self._pool.release(self.frame_id)

    def __enter__(self) -> FrameBuffer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_lent:
            self.release()

    def __del__(self) -> None:
        if self._is_lent:
            self._pool.take_back_forgotten(self.frame_id)
