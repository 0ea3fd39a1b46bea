"""Whether somebody wants what a stage makes: what its thread waits for, and what gets it out of its source."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Interruptible(Protocol):
        """Something that a thread waits in."""

        def interrupt(self) -> None:
            """Make whoever waits return soon; callable from any thread, also when nobody waits."""


class Demand:
    """Switched on and off from any thread, and stopped for good; looked at by the stage's thread."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._source: Interruptible | None = None
        self.starts = 0
        """How often it was switched on: off and on again, unnoticed by the stage's thread, is a start all the same."""

    # From other threads.

    def want(self, wanted: bool) -> None:
        """Switch on or off."""
        if wanted:
            self.starts += 1
            self._wanted.set()
        else:
            self._wanted.clear()
            self._interrupt()

    def stop(self) -> None:
        """Switch off for good."""
        self._stopped.set()
        self._wanted.set()  # `wait` returns
        self._interrupt()

    def _interrupt(self) -> None:
        with self._lock:
            if self._source is not None:
                self._source.interrupt()

    # On the stage's thread.

    @property
    def is_on(self) -> bool:
        """Whether there is somebody to work for."""
        return self._wanted.is_set() and not self._stopped.is_set()

    @property
    def is_stopped(self) -> bool:
        """Whether there is nothing to do any more."""
        return self._stopped.is_set()

    def wait(self) -> None:
        """Wait until it is on or stopped."""
        self._wanted.wait()

    def pause(self, seconds: float) -> None:
        """Let time pass, less if it is stopped."""
        self._stopped.wait(seconds)

    @contextmanager
    def interrupts(self, source: Interruptible) -> Iterator[None]:
        """Within the block, interrupt `source` when it is switched off. Ask `is_on` only within it."""
        with self._lock:
            self._source = source
        try:
            yield
        finally:
            with self._lock:
                self._source = None
