"""The process's memory at one moment, in the seed document's words."""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_MB = 1_000_000
_PAGE_BYTES = mmap.PAGESIZE
_HAS_PROC = sys.platform == "linux"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMetrics:
    """What a process holds. A field that can't be known here is None, never a guess."""

    rss_mb: float
    """Resident set size in MB (10**6 bytes)."""

    vms_mb: float
    """Virtual size in MB."""

    pss_mb: float | None
    """Resident size with shared pages divided among their users, in MB; None where the system does not tell."""

    uss_mb: float | None
    """Pages that nobody else has, in MB: what would come back if the process ended."""

    allocation_count: int
    """Live blocks of Python's own allocator (`sys.getallocatedblocks`)."""

    heap_bytes: int | None
    """Bytes in use in the C library's heap (`mallinfo2`, glibc 2.33 and later)."""

    gpu_memory_mb: float | None
    """Memory of a GPU in use by this process; None where there is none to ask."""

    buffer_pool_utilization: float | None
    """Lent buffers over all buffers of the frame pools."""

    reorder_buffer_occupancy: float | None
    """Packets in the reorder window over its size; on a host that of the fullest of its viewers, as they say."""

    pending_fec_groups: int | None
    """FEC groups that wait for completion; on a host those of all its viewers, as they say. None where nobody says."""

    quic_send_buffer_bytes: int | None
    """Everything that waits to be sent, anywhere."""

    def as_dict(self) -> dict[str, object]:
        """Return the metrics as they stand in JSON."""
        return asdict(self)


class _Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


@functools.cache
def _mallinfo2() -> Callable[[], _Mallinfo2] | None:
    """Return glibc's function; once, for each `CDLL` is 40 objects in a cycle."""
    try:
        function = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return None
    function.restype = _Mallinfo2
    return cast("Callable[[], _Mallinfo2]", function)


def heap_bytes() -> int | None:
    """Return the bytes in use in the C heap: in arenas and in mappings of their own."""
    mallinfo2 = _mallinfo2()
    if mallinfo2 is None:
        return None
    info = mallinfo2()
    return int(info.uordblks + info.hblkhd)


def resident_bytes() -> int:
    """Return the resident set size of this process. 15 µs on Linux, where no library is needed for it."""
    return _sizes()[1]


def _sizes() -> tuple[int, int]:
    """Return virtual and resident size in bytes."""
    if _HAS_PROC:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            virtual, resident, _ = file.read().split(b" ", 2)
        return int(virtual) * _PAGE_BYTES, int(resident) * _PAGE_BYTES
    import psutil

    info = psutil.Process().memory_info()
    return info.vms, info.rss


@dataclass(frozen=True, slots=True)
class SharedUse:
    """How much of a process's resident memory is its own (Linux, smaps_rollup)."""

    pss_bytes: int
    """Own pages, and of shared ones its share."""

    uss_bytes: int
    """Pages that nobody else has."""


def shared_use() -> SharedUse | None:
    """Return PSS and USS of this process; None where the system does not tell. About 1 ms: not for every frame."""
    try:
        with open("/proc/self/smaps_rollup", "rb", buffering=0) as file:
            fields = dict(line.split(b":", 1) for line in file.read().splitlines()[1:])
    except OSError:
        return None
    kilobytes = {name: int(value.split()[0]) for name, value in fields.items()}
    uss = kilobytes[b"Private_Clean"] + kilobytes[b"Private_Dirty"]
    return SharedUse(kilobytes[b"Pss"] * 1024, uss * 1024)


def measure_memory(
    *,
    buffer_pool_utilization: float | None = None,
    reorder_buffer_occupancy: float | None = None,
    pending_fec_groups: int | None = None,
    quic_send_buffer_bytes: int | None = None,
    shared: SharedUse | None = None,
) -> MemoryMetrics:
    """Measure this process; what its parts know of themselves is passed in.

    Costs 1 to 2 ms, or 0.1 where somebody has looked lately and passes `shared`.
    """
    virtual, resident = _sizes()
    shared = shared or shared_use()
    return MemoryMetrics(
        rss_mb=round(resident / _MB, 3),
        vms_mb=round(virtual / _MB, 3),
        pss_mb=None if shared is None else round(shared.pss_bytes / _MB, 3),
        uss_mb=None if shared is None else round(shared.uss_bytes / _MB, 3),
        allocation_count=sys.getallocatedblocks(),
        heap_bytes=heap_bytes(),
        gpu_memory_mb=None,
        buffer_pool_utilization=buffer_pool_utilization,
        reorder_buffer_occupancy=reorder_buffer_occupancy,
        pending_fec_groups=pending_fec_groups,
        quic_send_buffer_bytes=quic_send_buffer_bytes,
    )
