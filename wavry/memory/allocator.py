"""What may be asked of the C library and the kernel about memory."""

from __future__ import annotations

import ctypes
import functools
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@functools.cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        function: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return function


def return_free_memory() -> bool:
    """Give freed pages back to the system; for after something large was closed, not for every frame.

    glibc keeps what lies between live blocks: a closed 1080p x264 leaves all of its 28 MB resident until this is
    called. That call took 2 ms.

    Returns:
        Whether this C library knows how.
    """
    trim = _malloc_trim()
    if trim is None:
        return False
    trim(0)
    return True


_M_MMAP_THRESHOLD = -3
_MAPPED_BYTES = 4 * 1024 * 1024
"""Above a converted picture of 1080p (3.1 MB), made anew for each frame: a mapping would cost it 760 page faults."""


def map_large_blocks() -> bool:
    """Have blocks above 4 MiB in mappings of their own, which go back to the system when freed; for a program's start.

    glibc begins at 128 KiB, and goes up to 32 MB as larger blocks are freed. After that the planes of closed encoders
    lie between live ones: over 40 changes of the screen's size a host's RSS at 1080p was anywhere from 135 to 147 MB,
    with this from 133 to 138 MB. At 1 MiB it was 131.5 MB each time, and 6000 page faults a second.

    Returns:
        Whether this C library knows how.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES) == 1)
    except (AttributeError, OSError, TypeError):
        return False


_M_TRIM_THRESHOLD = -1
_KEPT_TOP_BYTES = 2 * 1024 * 1024
"""Above two tiles of a 1080p picture that is converted (1.5 MB). With 512 KiB half a screen that scrolled took 2900 to
26 500 page faults a second, and now none."""


def keep_heap_top() -> bool:
    """Have the heap keep up to 2 MiB that are free at its end; for a program's start.

    glibc gives them back from 128 KiB on, and takes them again for the next larger frame.

    Returns:
        Whether this C library knows how.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, _KEPT_TOP_BYTES) == 1)
    except (AttributeError, OSError, TypeError):
        return False


_M_ARENA_MAX = -8


def share_one_arena() -> bool:
    """Have all threads share one heap; for a program's start, before its threads.

    glibc gives each thread a heap of its own, and what one frees another can't use: a host at 1080p holds 137.5 MB
    that way, 130.5 with one heap. The encoder's threads take nothing from it while they work, so none waits.

    Returns:
        Whether this C library knows how.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1) == 1)
    except (AttributeError, OSError, TypeError):
        return False


_PR_SET_THP_DISABLE = 41


def refuse_huge_pages() -> bool:
    """Have this process's memory in small pages only (Linux, prctl(2)); for the start of a program.

    x264 asks for huge pages, so each of its dozen planes is rounded up to 2 MB: 34.3 MB at 1080p, 27.8 without, and a
    picture takes as long either way (4.4 ms, differing less than two runs do).

    Returns:
        Whether the kernel agreed.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0)
    except (AttributeError, OSError):
        return False
