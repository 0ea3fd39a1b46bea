"""Room in the heaps, touched before it is needed.

CPython's allocator of small objects (Objects/obmalloc.c) takes arenas of 1 MB from the system, the C library's a heap
that grows, and a page of either becomes resident when the first object lies there. How much a stream holds in its
fullest moment only shows after minutes, so a quiet host seemed to grow: by 143 kB in 13 minutes, each step smaller than
the last. Room that was touched before is what such moments take; RSS tells of leaks alone then.
"""

from __future__ import annotations

import ctypes
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


_HEAP_ROOM_BYTES = 256 * 1024
"""Less than what `keep_heap_top` lets the heap keep."""


def touch_heap_room() -> bool:
    """Take a block of the C library's heap, write to it and give it back: 0.1 ms.

    Returns:
        Whether there was one.
    """
    try:
        library = ctypes.CDLL(None)
        library.malloc.restype = ctypes.c_void_p
        block = library.malloc(ctypes.c_size_t(_HEAP_ROOM_BYTES))
        if not block:
            return False
        ctypes.memset(block, 1, _HEAP_ROOM_BYTES)
        library.free(ctypes.c_void_p(block))
    except (AttributeError, OSError, TypeError):
        return False
    return True


def touch_room() -> None:
    """Make room for a stream's fullest moments, once its usual ones have been there."""
    touch_small_object_room()
    touch_heap_room()
