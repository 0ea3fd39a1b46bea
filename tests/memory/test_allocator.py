from __future__ import annotations

import subprocess
import sys

import pytest

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is asked of the kernel is Linux's")

HUGE = """
import mmap, sys
from wavry.memory.allocator import refuse_huge_pages
if sys.argv[1] == "refuse":
    assert refuse_huge_pages()
area = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
area.madvise(mmap.MADV_HUGEPAGE)
for offset in range(0, len(area), 4 << 20):
    area[offset] = 1
rollup = dict(line.split(":", 1) for line in open("/proc/self/smaps_rollup").read().splitlines()[1:])
print(rollup["AnonHugePages"].split()[0])
"""

FREED = """
from wavry.memory.allocator import return_free_memory
from wavry.memory.metrics import resident_bytes
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
blocks = [libc.malloc(100_000) for _ in range(500)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
pin = libc.malloc(100_000)  # at the top of the heap, so that freeing alone can't shrink it
for block in blocks:
    libc.free(block)
before = resident_bytes()
assert return_free_memory()
print(before - resident_bytes())
"""


MAPPED = """
import ctypes, sys
from wavry.memory.allocator import map_large_blocks
from wavry.memory.metrics import _mallinfo2
if sys.argv[1] == "map":
    assert map_large_blocks()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.free(libc.malloc(9_000_000))  # glibc takes this as a sign that it should keep such blocks from now on
before = _mallinfo2()().hblks
libc.malloc(8_000_000)
print(_mallinfo2()().hblks - before)
"""


THREADS = """
import ctypes, sys, threading
from wavry.memory.allocator import share_one_arena
if sys.argv[1] == "share":
    assert share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
blocks = []
thread = threading.Thread(target=lambda: blocks.append(libc.malloc(1000)))
thread.start()
thread.join()
heaps = [line.split()[0].split("-") for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]")]
print(int(any(int(begin, 16) <= blocks[0] < int(end, 16) for begin, end in heaps)))
"""


def run(code: str, *arguments: str) -> int:
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return int(done.stdout)


@needs_linux
def test_a_process_that_refuses_huge_pages_gets_none() -> None:
    assert run(HUGE, "refuse") == 0


@needs_linux
def test_freed_memory_between_live_blocks_goes_back_to_the_system() -> None:
    assert run(FREED) > 40_000_000


@needs_linux
def test_a_large_block_has_a_mapping_of_its_own_even_after_another_was_freed() -> None:
    assert run(MAPPED, "map") == 1
    assert run(MAPPED, "let be") == 0  # or there would be nothing to ask for


@needs_linux
@pytest.mark.parametrize(("how", "in_the_one_heap"), [("share", 1), ("leave", 0)])
def test_threads_share_one_heap_when_asked_to(how: str, in_the_one_heap: int) -> None:
    assert run(THREADS, how) == in_the_one_heap
