"""In processes of their own, whose memory nothing else has touched."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wavry.memory.metrics import heap_bytes
from wavry.memory.reserve import touch_small_object_room

_GROWTH = """
import sys
from wavry.memory.metrics import resident_bytes
from wavry.memory.reserve import touch_small_object_room
if sys.argv[1] == "touched":
    touch_small_object_room()
resident_bytes()
before = resident_bytes()
kept = [bytes(size) for size in range(16, 480, 16) for _ in range(32)]
print(resident_bytes() - before)
"""
"""240 kB of objects."""


def growth(how: str) -> int:
    command = [sys.executable, "-c", _GROWTH, how]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_objects_that_come_later_find_touched_room() -> None:
    assert growth("untouched") > 150_000
    assert growth("touched") < 40_000


def test_the_room_is_touched_once() -> None:
    assert touch_small_object_room() is touch_small_object_room()


_HEAP_GROWTH = """
import sys
from wavry.memory.allocator import keep_heap_top, map_large_blocks, share_one_arena
from wavry.memory.metrics import resident_bytes
from wavry.memory.reserve import touch_heap_room
map_large_blocks()
keep_heap_top()
share_one_arena()
start, filled = resident_bytes(), []
while resident_bytes() - start < 40_000:  # what start-up has freed is room, too
    filled.append(bytearray(20_000))
if sys.argv[1] == "touched":
    assert touch_heap_room()
before = resident_bytes()
kept = [bytearray(20_000) for _ in range(10)]
print(resident_bytes() - before)
"""


@pytest.mark.skipif(heap_bytes() is None, reason="another C library")
def test_larger_blocks_find_touched_room_in_the_heap() -> None:
    def growth(how: str) -> int:
        command = [sys.executable, "-c", _HEAP_GROWTH, how]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert growth("untouched") > 100_000
    assert growth("touched") < 40_000
