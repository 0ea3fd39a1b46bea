"""What other threads want from the capture thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Wishes:
    """Flags that any thread raises and the capture thread takes.

    Each flag is raised by plain assignment and lowered only by the capture thread, before it acts on it, so a wish
    raised meanwhile is served by the next round; the waking sticks until the capture thread has seen it.

    Args:
        wake: Ends the capture thread's waiting, now or the next time it waits. Must not block or raise.
    """

    __slots__ = ("_interrupted", "_wake", "_wants_buffer", "_wants_full_frame")

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._interrupted = False
        self._wants_full_frame = False
        self._wants_buffer = False

    def interrupt(self) -> None:
        """Ask for an early return. Any thread."""
        self._interrupted = True
        self._wake()

    def full_frame(self) -> None:
        """Ask for the whole picture. Any thread."""
        self._wants_full_frame = True
        self._wake()

    def buffer_returned(self) -> None:
        """Say that a buffer came back. Any thread; wakes only a source that waits for one."""
        if self._wants_buffer:
            self._wake()

    def take_interrupt(self) -> bool:
        """Return whether an interrupt was asked for since the last call."""
        if not self._interrupted:
            return False  # without writing, or a wish raised just now is lost
        self._interrupted = False
        return True

    def take_full_frame(self) -> bool:
        """Return whether the whole picture was asked for since the last call."""
        if not self._wants_full_frame:
            return False  # without writing, or a wish raised just now is lost
        self._wants_full_frame = False
        return True

    def want_buffer(self, wanted: bool) -> None:
        """Choose whether `buffer_returned` wakes. Raise it before the last look at the pool, or a buffer slips by."""
        self._wants_buffer = wanted
