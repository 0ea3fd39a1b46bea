"""Shared memory that the X server writes pictures into.

A memfd, so that nothing has a name that could outlive the process: after a kill -9 the kernel frees it with the last
of the two mappings. (SysV segments need an IPC_RMID at the right moment, and do not cross containers.)
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Segment:
    """One buffer that both sides have mapped; a `Storage` for `FrameBufferPool`.

    Args:
        size_bytes: Its size.
        attach: Hands a descriptor to the server, which takes it over, and returns the server's name for it.
        retire: Told that name when the segment is freed; may be called on any thread.
    """

    def __init__(self, size_bytes: int, attach: Callable[[int], int], retire: Callable[[int], None]) -> None:
        descriptor = os.memfd_create("wavry-capture", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, size_bytes)
            self._mapping = mmap.mmap(descriptor, size_bytes)
            self.server_id = attach(os.dup(descriptor))
        finally:
            os.close(descriptor)
        self._retire = retire
        self.view = memoryview(self._mapping)

    def close(self) -> None:
        """Unmap here and have the server do the same; waits for the collector while somebody still looks."""
        self._retire(self.server_id)
        try:
            self.view.release()
            self._mapping.close()
        except BufferError:
            pass  # an array made from the view is alive; the mapping goes with it
