"""Room for Python's small objects, touched before it is needed.

CPython's allocator (Objects/obmalloc.c) takes arenas of 1 MB from the system, and a page of one becomes resident when
the first object lies there. How many objects a stream holds in its fullest moment only shows after minutes, so a quiet
host seemed to grow: by 143 kB in 13 minutes, each step smaller than the last. Room that was touched before is what such
moments take; RSS tells of leaks alone then.
"""

from __future__ import annotations

import functools
import sys

_SIZES = range(48, 513, 16)
"""Of objects, one for each of the allocator's classes from the smallest `bytes` on."""

_BYTES_OF_EACH = 32 * 1024
"""Two of the allocator's pools; 0.95 MB for all classes together. A pool that is free serves any of them."""

_EMPTY_BYTES = sys.getsizeof(b"")


@functools.cache
def touch_small_object_room() -> bytes:
    """Make small objects of every size and free them again, once in a process: 1 ms.

    Returns:
        One of them, which is kept alive for ever: an arena without a living object would go back to the system.
    """
    room = [bytes(size - _EMPTY_BYTES) for size in _SIZES for _ in range(_BYTES_OF_EACH // size)]
    return room[-1]
