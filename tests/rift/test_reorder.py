from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import ConfigError
from wavry.memory import MemoryBudget
from wavry.rift import InsertResult, ReorderBuffer
from wavry.rift.sequence import unwrap

WRAP = 2**32


def name_of(packet_id: int) -> bytes:
    return b"packet %d" % (packet_id % WRAP)


class Model:
    """The window in its simplest words: a dictionary of unwrapped ids."""

    def __init__(self, window_size: int, start: int) -> None:
        self.window_size = window_size
        self.head = start
        self.held: dict[int, bytes] = {}

    def insert(self, position: int) -> InsertResult:
        if position < self.head:
            return InsertResult.TOO_OLD
        self.skip_to(position - self.window_size + 1)
        if position in self.held:
            return InsertResult.DUPLICATE
        self.held[position] = name_of(position)
        return InsertResult.STORED

    def flush(self) -> list[bytes]:
        ready = []
        while self.head in self.held:
            ready.append(self.held.pop(self.head))
            self.head += 1
        return ready

    def skip_to(self, position: int) -> None:
        self.head = max(self.head, position)
        self.held = {key: data for key, data in self.held.items() if key >= self.head}


starts = st.one_of(st.integers(0, WRAP - 1), st.integers(WRAP - 40, WRAP - 1), st.integers(0, 40))
steps = st.lists(
    st.tuples(st.sampled_from(["insert", "insert", "insert", "flush", "skip", "pass"]), st.integers(-30, 60)),
    max_size=60,
)


def test_it_says_whether_all_of_some_packets_are_held() -> None:
    window = ReorderBuffer(16, start=2**32 - 3)
    for packet_id in (2**32 - 2, 2**32 - 1, 0, 2):
        window.insert(packet_id, b"x")
    assert window.holds(2**32 - 2, 3)
    assert window.holds(2, 1)
    assert not window.holds(2**32 - 2, 4)
    assert not window.holds(2**32 - 3, 2)
    assert not window.holds(2**32 - 2, 70_000)
    assert not ReorderBuffer(16).holds(0, 1)


@given(window_size=st.integers(1, 40), start=starts, steps=steps)
def test_the_window_does_what_a_dictionary_of_big_integers_does(
    window_size: int, start: int, steps: list[tuple[str, int]]
) -> None:
    window = ReorderBuffer(window_size, start=start)
    model = Model(window_size, start)
    for step, offset in steps:
        position = model.head + offset
        packet_id = position % WRAP
        if step == "insert":
            assert window.insert(packet_id, name_of(position)) is model.insert(position)
        elif step == "flush":
            assert window.flush_ordered() == model.flush()
        elif step == "skip":
            window.skip_to(packet_id)
            model.skip_to(position)
        elif window.pass_through(packet_id):
            assert offset == 0
            assert not model.held
            model.head += 1
        held = sorted(model.held)
        assert window.occupancy == len(held) <= window_size
        assert window.size_bytes == sum(map(len, model.held.values()))
        assert window.next_present == (held[0] % WRAP if held else None)
        assert window.first_missing == (model.head % WRAP if held and held[0] != model.head else None)
    assert window.flush_ordered() == model.flush()


@given(start=starts, count=st.integers(1, 50), seed=st.integers(0, 1000))
def test_any_order_within_the_window_comes_out_in_order(start: int, count: int, seed: int) -> None:
    ids = [(start + offset) % WRAP for offset in range(count)]
    shuffled = random.Random(seed).sample(ids, count)
    window = ReorderBuffer(64, start=start)
    flushed: list[bytes] = []
    for packet_id in shuffled:
        assert window.insert(packet_id, name_of(packet_id)) is InsertResult.STORED
        flushed += window.flush_ordered()
    assert flushed == [name_of(packet_id) for packet_id in ids]
    assert window.occupancy == window.size_bytes == 0


def test_the_first_packet_sets_the_start_and_an_earlier_one_may_still_move_it_back() -> None:
    window = ReorderBuffer(8)
    window.insert(501, b"second")
    assert window.insert(500, b"first") is InsertResult.STORED
    assert window.flush_ordered() == [b"first", b"second"]
    assert window.insert(499, b"late") is InsertResult.TOO_OLD
    assert window.too_old == 1


def test_the_start_does_not_move_back_further_than_the_window() -> None:
    window = ReorderBuffer(8)
    window.insert(7, b"seven")
    assert window.insert(WRAP - 1, b"before") is InsertResult.TOO_OLD
    assert window.insert(0, b"zero") is InsertResult.STORED


def test_the_id_one_past_the_window_slides_it_and_leaves_no_stale_packet() -> None:
    window = ReorderBuffer(4, start=0)
    for packet_id in (0, 1, 3):
        window.insert(packet_id, name_of(packet_id))
    assert window.insert(4, b"four") is InsertResult.STORED
    assert window.drops == 1
    assert window.flush_ordered() == [b"packet 1"]
    window.skip_to(3)
    assert window.flush_ordered() == [b"packet 3", b"four"]
    assert window.flush_ordered() == []


def test_a_duplicate_keeps_the_first() -> None:
    window = ReorderBuffer(4, start=0)
    window.insert(1, b"first")
    assert window.insert(1, b"second") is InsertResult.DUPLICATE
    window.skip_to(1)
    assert window.flush_ordered() == [b"first"]
    assert window.duplicates == 1


def test_data_that_is_not_bytes_is_copied() -> None:
    window = ReorderBuffer(4)
    scratch = bytearray(b"kept")
    window.insert(0, memoryview(scratch))
    scratch[:] = b"gone"
    assert window.flush_ordered() == [b"kept"]


@pytest.mark.parametrize("forged", [3000, 2**20, 2**31 - 1, 2**31, WRAP - 3000])
def test_one_forged_far_id_changes_nothing(forged: int) -> None:
    window = ReorderBuffer(64, start=0)
    window.insert(1, b"one")
    assert window.insert(forged, b"forged") is InsertResult.SUSPECT
    assert window.insert(forged, b"forged again") is InsertResult.DUPLICATE
    assert window.insert(0, b"zero") is InsertResult.STORED
    assert window.flush_ordered() == [b"zero", b"one"]


@pytest.mark.parametrize("first", [10_000, WRAP - 10_000, 2**31])
@pytest.mark.parametrize("step", [1, 5, -1])
def test_a_peer_that_really_went_elsewhere_is_followed_after_two_packets(first: int, step: int) -> None:
    window = ReorderBuffer(64, start=0)
    window.insert(1, b"old")
    assert window.insert(first, b"a") is InsertResult.SUSPECT
    assert window.insert(first + step, b"b") is InsertResult.RESTARTED
    assert window.occupancy == 2
    assert window.next_present == min(first, first + step)
    window.flush_ordered()
    window.skip_to(max(first, first + step) + 1)
    assert window.insert(max(first, first + step) + 1, b"c") is InsertResult.STORED
    assert window.flush_ordered() == [b"c"]


def test_two_far_ids_that_do_not_belong_together_change_nothing() -> None:
    window = ReorderBuffer(64, start=0)
    for far in (10_000, 20_000, 2**31, 40_000):
        assert window.insert(far, b"far") is InsertResult.SUSPECT
    assert window.insert(0, b"zero") is InsertResult.STORED


def test_skipping_to_a_suspect_takes_it_in() -> None:
    window = ReorderBuffer(64, start=0)
    window.insert(10_000, b"far")
    window.skip_to(10_000)
    assert window.flush_ordered() == [b"far"]


def test_when_bytes_run_out_the_oldest_give_way() -> None:
    window = ReorderBuffer(16, max_bytes=6_000, start=0)
    for packet_id in range(1, 8):
        window.insert(packet_id, bytes(1000))
        assert window.used_bytes <= 6_000
    assert window.drops == 3
    assert window.next_present == 4
    assert window.insert(3, b"") is InsertResult.TOO_OLD


def test_when_bytes_run_out_the_oldest_may_be_the_newcomer() -> None:
    window = ReorderBuffer(16, max_bytes=6_000, start=0)
    for packet_id in range(1, 5):
        window.insert(packet_id, bytes(1000))
    assert window.insert(0, bytes(1000)) is InsertResult.DROPPED
    assert len(window.flush_ordered()) == 4


def test_a_packet_larger_than_everything_is_dropped() -> None:
    window = ReorderBuffer(16, max_bytes=6_000, start=0)
    window.insert(0, b"small")
    assert window.insert(1, bytes(6_000)) is InsertResult.DROPPED
    assert window.flush_ordered() == [b"small"]


def test_the_gap_remembers_when_the_first_packet_behind_it_came() -> None:
    window = ReorderBuffer(16, start=0)
    assert not window.has_gap
    window.insert(5, b"five", now=1.0)
    window.insert(1, b"one", now=2.0)
    window.insert(2, b"two", now=3.0)
    assert window.gap_since == 1.0
    window.insert(0, b"zero", now=4.0)
    assert not window.has_gap
    assert window.pop() == (b"zero", 4.0)
    window.flush_ordered()
    assert window.first_missing == 3
    assert window.gap_since == 1.0
    window.skip_to(5)
    assert window.gap_since is None


def test_in_order_packets_pass_through_only_while_nothing_is_held() -> None:
    window = ReorderBuffer(16)
    assert window.pass_through(WRAP - 1)
    assert not window.pass_through(5)
    assert window.pass_through(0)
    window.insert(2, b"two")
    assert not window.pass_through(1)
    window.insert(1, b"one")
    assert window.flush_ordered() == [b"one", b"two"]
    assert window.pass_through(3)


@pytest.mark.parametrize("max_bytes", [20_000, 100_000])
@pytest.mark.parametrize("largest", [0, 100, 1500, 30_000])
def test_real_memory_stays_under_the_cap_whatever_comes(max_bytes: int, largest: int) -> None:
    dice = random.Random(largest)
    now, position = 0.0, 0
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        window = ReorderBuffer(4096, max_bytes=max_bytes)
        for _ in range(6000):
            now += 0.001
            position += dice.choice([1, 1, 1, 1, 2, -3, -40, 900]) if dice.random() < 0.99 else dice.getrandbits(32)
            window.insert(position % WRAP, dice.randbytes(dice.randint(0, largest)), now=now)
            if dice.random() < 0.003:
                window.flush_ordered()
                window.skip_to(unwrap(position % WRAP, near=position) - dice.randint(0, 2000))
            assert tracemalloc.get_traced_memory()[0] - before <= max_bytes
            assert window.used_bytes <= max_bytes
        assert window.drops > 0
        assert window.used_bytes <= window.high_water_bytes <= window.cap_bytes
    finally:
        tracemalloc.stop()


def test_it_says_how_near_it_is_to_whichever_bound_is_nearer() -> None:
    by_packets = ReorderBuffer(8)
    assert by_packets.fullness == 0
    for packet_id in (1, 2, 4, 5):
        by_packets.insert(packet_id, name_of(packet_id))
    by_packets.insert(0, name_of(0))
    by_packets.flush_ordered()
    assert by_packets.fullness == 2 / 8
    by_bytes = ReorderBuffer(1000, max_bytes=100_000)
    by_bytes.insert(0, b"first")
    by_bytes.flush_ordered()
    for packet_id in range(2, 60):
        by_bytes.insert(packet_id, bytes(4000))
    assert by_bytes.drops
    assert 0.9 < by_bytes.fullness <= 1


def test_the_window_registers_in_the_budget() -> None:
    budget = MemoryBudget()
    window = ReorderBuffer(1000)
    budget.register("rift.reorder", window, policy=window.policy)
    window.insert(0, bytes(1000))
    entry = budget.entries()[0]
    assert entry.cap_bytes == 2_000_000
    assert entry.used_bytes == 1024 + 1000 * 16 + 1000 + 64


@pytest.mark.parametrize(("window_size", "max_bytes"), [(0, 1), (1, 0)])
def test_a_window_of_nothing_is_refused(window_size: int, max_bytes: int) -> None:
    with pytest.raises(ConfigError):
        ReorderBuffer(window_size, max_bytes)
