"""Blocks between two threads: order, times, what gives way."""

from __future__ import annotations

import threading
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from wavry.capture.sound.ring import BlockRing, ring_bytes

BLOCK_SAMPLES = 240
BLOCK_BYTES = BLOCK_SAMPLES * 2 * 2
US_PER_BLOCK = 5_000


def numbered(number: int) -> memoryview:
    return memoryview(bytes([number]) * BLOCK_BYTES)


def drain(ring: BlockRing) -> list[tuple[int, int]]:
    """Return the first byte and the time of all blocks that wait."""
    taken = []
    while (block := ring.take_nowait()) is not None:
        taken.append((block.samples[0], block.capture_us))
    return taken


def test_blocks_come_out_as_they_went_in() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    for number in range(5):
        ring.write(numbered(number), number * US_PER_BLOCK)
    assert drain(ring) == [(number, number * US_PER_BLOCK) for number in range(5)]


@given(st.lists(st.integers(1, 3 * BLOCK_SAMPLES), min_size=1, max_size=8))
def test_pieces_of_any_length_are_cut_into_blocks_with_times_that_go_on(pieces: list[int]) -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    got, written = bytearray(), 0
    data = memoryview(bytes(index // 4 % 251 for index in range(sum(pieces) * 4)))
    for samples in pieces:
        ring.write(data[written * 4 : (written + samples) * 4], written * 1_000_000 // 48_000)
        written += samples
        while (block := ring.take_nowait()) is not None:
            assert abs(block.capture_us - len(got) // 4 * 1_000_000 // 48_000) <= 1
            got += block.samples
    assert got == data[: len(got)]
    assert len(got) == written // BLOCK_SAMPLES * BLOCK_BYTES


def test_the_oldest_give_way_and_are_counted() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    for number in range(40):
        ring.write(numbered(number), number)
    kept = drain(ring)
    assert kept == [(number, number) for number in range(40 - len(kept), 40)]
    assert ring.overruns == ring.drops == 40 - len(kept) > 0
    assert ring.high_water_bytes <= ring.cap_bytes == ring_bytes(2, BLOCK_SAMPLES)


def test_a_block_in_hand_is_not_written_to_however_much_comes() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    ring.write(numbered(1), 1)
    block = ring.take_nowait()
    assert block is not None
    for number in range(2, 100):
        ring.write(numbered(number), number)
    assert bytes(block.samples) == bytes(numbered(1))


def test_a_block_that_is_half_full_is_forgotten_after_a_gap() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    ring.write(numbered(1)[: BLOCK_BYTES // 2], 0)
    ring.restart()
    ring.write(numbered(2), 700)
    assert drain(ring) == [(2, 700)]


def test_a_bell_ends_the_wait_once() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    ring.ring_bell()
    ring.ring_bell()
    assert ring.take(60.0) is None
    assert ring.take(0.0) is None


def test_a_waiting_consumer_is_woken_by_a_block() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)
    taken: list[int] = []

    def consume() -> None:
        while (block := ring.take(60.0)) is None:
            pass
        taken.append(block.samples[0])

    consumer = threading.Thread(target=consume)
    consumer.start()
    ring.write(numbered(7), 0)
    consumer.join()
    assert taken == [7]


def test_nothing_is_kept_per_block() -> None:
    ring = BlockRing(2, BLOCK_SAMPLES)

    def run(blocks: int) -> None:
        for number in range(blocks):
            ring.write(numbered(number % 200), number)
            if number % 3:
                ring.take_nowait()

    run(1_000)
    tracemalloc.start()
    try:
        run(100)
        before = tracemalloc.get_traced_memory()[0]
        run(5_000)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < BLOCK_BYTES
