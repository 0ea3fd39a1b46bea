"""The frame of sources that look on a clock rather than being told."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from wavry.capture.wishes import Wishes
from wavry.clock import monotonic
from wavry.memory import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.capture.buffers import PictureBuffers
    from wavry.media import Frame, Rect, Size
    from wavry.memory import FrameBufferPool


class ClockedSource(ABC):
    """A `FrameSource` that tries for a frame whenever one is due.

    When every buffer is in use, a frame that is due waits until one comes back.

    Args:
        name: Of the source.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[str] = []
        self._bell = threading.Event()
        self._wishes = Wishes(self._bell.set)
        self._number = 0
        self._buffers: PictureBuffers

    @property
    def pool(self) -> FrameBufferPool:
        """The pool, one for all sizes."""
        return self._buffers.pool

    @property
    def area(self) -> Rect | None:
        """The captured part of the desktop, if it is one."""
        return None

    def size(self) -> Size:
        """Return the size of the next picture."""
        return self._buffers.size

    def next_frame(self, timeout: float) -> Frame | None:
        """Wait until a picture is due and there is something new in it; see `FrameSource`."""
        deadline = monotonic() + timeout
        while not self._wishes.take_interrupt():
            now = monotonic()
            is_due = self._due_at(now) <= now
            if is_due and self._has_buffer():
                frame = self._take_frame(now)
                if frame is not None:
                    self._number += 1
                    checkpoint("capture_frame_acquired")
                    return frame
                is_due = False
                now = monotonic()
            if now >= deadline:
                return None
            self._bell.wait((deadline if is_due else min(deadline, self._due_at(now))) - now)
            self._bell.clear()
        return None

    def _has_buffer(self) -> bool:
        """Whether there is a buffer to draw into; if not, the next one that comes back rings."""
        self._wishes.want_buffer(True)
        has_room = self._buffers.has_room()
        if has_room:
            self._wishes.want_buffer(False)
        return has_room

    def reclaim_with(self, reclaim: Callable[[], Frame | None]) -> None:
        """Say where to get a frame back that nobody has begun to use; see `FrameSource`."""
        self._buffers.reclaim = reclaim

    def interrupt(self) -> None:
        """End the waiting of `next_frame`. Any thread."""
        self._wishes.interrupt()

    def request_full_frame(self) -> None:
        """Have the whole picture delivered in its next slot. Any thread."""
        self._wishes.full_frame()

    @abstractmethod
    def close(self) -> None:
        """Free everything that is not lent. Idempotent."""

    @abstractmethod
    def _due_at(self, now: float) -> float:
        """Return when the next try is due, in monotonic seconds."""

    @abstractmethod
    def _take_frame(self, now: float) -> Frame | None:
        """Use up the slot that is due, and return a picture if there is a new one and a buffer for it.

        Raises:
            CaptureLostError: There will be no more pictures.
        """
