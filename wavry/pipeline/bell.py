"""Wakes a thread that waits in poll, from any other thread."""

from __future__ import annotations

import os
import threading


class Bell:
    """An eventfd that may be rung at any time, also after it was closed. Linux only.

    Rings before the next `quiet` are one, and stick until then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a ring must not reach whatever file gets the number of a closed descriptor
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def fileno(self) -> int:
        """Return the descriptor that is readable while it rings; -1 once closed."""
        return self._descriptor

    def ring(self) -> None:
        """Wake the waiting thread. Any thread."""
        with self._lock:
            if self._descriptor >= 0:
                os.eventfd_write(self._descriptor, 1)

    def quiet(self) -> None:
        """Stop ringing; only when `fileno` is readable."""
        os.eventfd_read(self._descriptor)

    def close(self) -> None:
        """Free the descriptor. Idempotent."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)
