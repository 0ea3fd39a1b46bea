from __future__ import annotations

import ctypes
import gc
import mmap
import sys
from pathlib import Path

import pytest

from wavry.memory.metrics import heap_bytes, measure_memory

_STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not _STATM.exists(), reason="only Linux tells it there")
def test_sizes_are_those_of_the_kernel() -> None:
    def kernel() -> tuple[float, float]:
        virtual, resident = (int(pages) * mmap.PAGESIZE / 1e6 for pages in _STATM.read_text().split()[:2])
        return virtual, resident

    with mmap.mmap(-1, 64_000_000) as block:
        for offset in range(0, len(block), mmap.PAGESIZE):
            block[offset] = 1  # resident only when touched
        virtual, resident = kernel()
        metrics = measure_memory()
    assert metrics.vms_mb == pytest.approx(virtual, abs=2)
    assert metrics.rss_mb == pytest.approx(resident, abs=2)
    assert metrics.rss_mb > 64


def test_heap_bytes_follow_what_c_code_allocates() -> None:
    before = heap_bytes()
    if before is None:
        pytest.skip("this C library has no mallinfo2")
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    blocks = [libc.malloc(ctypes.c_size_t(size)) for size in [32 * 1024 * 1024] + [1000] * 10_000]
    during = heap_bytes()
    for block in blocks:
        libc.free(ctypes.c_void_p(block))
    after = heap_bytes()
    assert during is not None
    assert after is not None
    assert during - before == pytest.approx(32 * 1024 * 1024 + 10_000_000, rel=0.05)
    assert after < before + 1_000_000


def test_allocation_count_follows_live_python_objects() -> None:
    before = measure_memory().allocation_count
    kept = [object() for _ in range(10_000)]
    assert measure_memory().allocation_count - before >= 10_000
    assert len(kept) == 10_000
    assert abs(measure_memory().allocation_count - sys.getallocatedblocks()) < 1000


def test_what_is_not_known_is_none_and_what_is_passed_in_stays() -> None:
    unknown = measure_memory().as_dict()
    assert unknown["gpu_memory_mb"] is None
    assert unknown["pending_fec_groups"] is None
    known = measure_memory(
        buffer_pool_utilization=0.5, reorder_buffer_occupancy=0.25, pending_fec_groups=0, quic_send_buffer_bytes=7
    ).as_dict()
    assert (known["buffer_pool_utilization"], known["reorder_buffer_occupancy"]) == (0.5, 0.25)
    assert (known["pending_fec_groups"], known["quic_send_buffer_bytes"]) == (0, 7)


def test_measuring_again_leaves_nothing_for_the_collector() -> None:
    measure_memory()
    gc.collect()
    gc.disable()
    try:
        measure_memory()
        assert gc.collect() == 0
    finally:
        gc.enable()
