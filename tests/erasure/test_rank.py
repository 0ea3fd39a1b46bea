"""Which packets a set of equations determines."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from erasure.rank import Equations


def test_a_block_repairs_as_many_as_it_has_parity_whichever_they_are() -> None:
    for missing in combinations(range(8), 3):
        equations = Equations()
        for packet in set(range(8)) - set(missing):
            equations.learn(packet)
        assert [equations.add(range(8)) for _ in range(2)] == [[], []]
        assert sorted(equations.add(range(8))) == list(missing)


def test_one_parity_less_repairs_nothing_until_one_of_them_comes() -> None:
    equations = Equations()
    equations.learn(0)
    assert equations.add(range(3)) == []
    assert equations.learn(2) == [1]


def test_windows_that_overlap_repair_together() -> None:
    equations = Equations()
    for packet in (0, 1, 4, 5):
        equations.learn(packet)
    assert equations.add(range(4)) == []  # 2 and 3 are missing
    assert sorted(equations.add(range(2, 6))) == [2, 3]


def test_a_part_may_be_determined_while_the_rest_is_not() -> None:
    equations = Equations()
    assert equations.add(range(3)) == []
    assert equations.add([0]) == [0]
    assert equations.learn(1) == [2]


def test_what_comes_twice_or_is_known_tells_nothing() -> None:
    equations = Equations()
    equations.learn(0)
    assert equations.add([0]) == []
    assert equations.learn(0) == []


def test_what_is_forgotten_is_not_repaired() -> None:
    equations = Equations()
    equations.add([0, 1])
    equations.forget_before(1)
    assert equations.learn(1) == []
    assert equations.add([0, 2]) == []
    assert equations.add([2]) == [2]


@given(
    windows=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6)), max_size=14),
    order=st.permutations(range(24)),
    lost=st.sets(st.integers(0, 9)),
)
def test_the_order_of_arrival_changes_nothing(windows: list[tuple[int, int]], order: list[int], lost: set[int]) -> None:
    items: list[int | range] = [packet for packet in range(10) if packet not in lost]
    items += [range(first, min(10, first + length)) for first, length in windows]
    known = []
    for arrivals in (items, [items[place] for place in order if place < len(items)]):
        equations = Equations()
        found: set[int] = set()
        for item in arrivals:
            found.update(equations.add(item) if isinstance(item, range) else [item, *equations.learn(item)])
        known.append(found)
    assert known[0] == known[1]
    useful = [window for window in items if isinstance(window, range) and set(window) & lost]
    assert len(known[0] & lost) <= len(useful)
