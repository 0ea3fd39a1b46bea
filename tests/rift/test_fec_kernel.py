from __future__ import annotations

import subprocess
import sys

import pytest

_HEAP_GROWTH = """
from wavry.memory.metrics import heap_bytes
from wavry.rift.fec.kernel import weigh
from wavry.rift.fec.packets import ParityFamily

def weigh_sizes(sizes, sums):
    for size in sizes:
        weigh([bytes(size)] * 4, range(9, 9 + sums), ParityFamily.SLIDING, 9 + sums)

weigh_sizes([8], 1)
weigh_sizes([8], 4)
before = heap_bytes()
weigh_sizes(range(16, 1000), 1)
weigh_sizes(range(16, 250), 4)
print("unknown" if before is None else heap_bytes() - before)
"""


def test_packets_of_all_sizes_leave_nothing_behind() -> None:
    """In a process of its own; numpy kept a block of each size, and seven in the end, 3.6 MB."""
    grown = subprocess.run([sys.executable, "-c", _HEAP_GROWTH], check=True, capture_output=True, text=True).stdout
    if grown.strip() == "unknown":
        pytest.skip("this C library does not tell")
    assert int(grown) < 250_000  # glibc itself keeps seven blocks of each of 64 sizes for a thread
