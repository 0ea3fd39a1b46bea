"""The memory behind one buffer of a pool."""

from __future__ import annotations

import mmap
from typing import Protocol


class Storage(Protocol):
    """Bytes that a pool may lend, for example a shared-memory segment."""

    @property
    def view(self) -> memoryview:
        """All of it, writable."""

    def close(self) -> None:
        """Give it back to the system. Called once, when nobody borrows it, on whichever thread gave it back."""


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
