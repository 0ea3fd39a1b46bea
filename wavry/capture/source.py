"""What every source of pictures can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.media import Frame, Rect, Size
    from wavry.memory import FrameBufferPool


class FrameSource(Protocol):
    """Gives pictures when there is something new to show.

    Threads: `next_frame` and `close` belong to one capture thread (the source may be opened on another);
    `interrupt` and `request_full_frame` may be called from any thread, also after `close`. Frames are released
    from any thread.
    """

    name: str
    """`x11`, `mss`, `testcard` or `file`."""

    notes: list[str]
    """Why it is slower than it could be, or shows something else than was asked for. Bounded: a note is kept once."""

    @property
    def pool(self) -> FrameBufferPool:
        """Where the buffers come from, one pool for all sizes. Whoever drives the source trims it."""

    @property
    def area(self) -> Rect | None:
        """The part of the desktop that the pictures show, in its pixels; None where they show none. Any thread."""

    def size(self) -> Size:
        """Return the size of the next frame as far as known; width and height are even."""

    def next_frame(self, timeout: float) -> Frame | None:
        """Wait for something new to show.

        What changes while every buffer is lent, or while the frame rate forbids another frame, is not lost: it is
        in the next frame and in its damage.

        Args:
            timeout: Most seconds to wait; 0 looks once.

        Returns:
            A BGRA frame whose lease the caller owns, `stride == 4 * width`; None after `timeout` or `interrupt`.

        Raises:
            CaptureLostError: The screen or file went away. Only `close` makes sense afterwards.
        """

    def reclaim_with(self, reclaim: Callable[[], Frame | None]) -> None:
        """Say where to get a frame back that nobody has begun to use, for when every buffer is lent.

        Its buffer is brought up to date then, and its damage is in the next frame. `reclaim` is called on the capture
        thread, and returns None when there is no such frame.
        """

    def interrupt(self) -> None:
        """Make the call of `next_frame` that waits now, or the next one, return None at once."""

    def request_full_frame(self) -> None:
        """Make one of the next frames the whole picture (`damage` None), soon, even if nothing changes."""

    def close(self) -> None:
        """Free connection, descriptors and idle buffers; lent buffers go when they come back. Idempotent."""
