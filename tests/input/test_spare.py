from __future__ import annotations

from wavry.input.scrolling import Notches
from wavry.input.x11_spare import READ_BY_S, Slot, SpareKeys


def test_each_character_gets_a_key_and_then_a_shifted_one() -> None:
    spare = SpareKeys([8, 9], levels=2)
    assert [spare.lend(each, now=0.0) for each in "abc"] == [Slot(8, 0), Slot(9, 0), Slot(8, 1)]
    assert (spare.symbols(8), spare.symbols(9), spare.symbols(10)) == (["a", "c"], ["b", "b"], [])
    assert spare.slot_of("b", now=1.0) == Slot(9, 0)
    assert spare.slot_of("x", now=1.0) is None


def test_the_least_recently_used_gives_way_when_its_last_press_has_been_read() -> None:
    spare = SpareKeys([8, 9], levels=1)
    spare.lend("a", now=0.0)
    spare.lend("b", now=0.1)
    spare.slot_of("a", now=0.2)
    assert spare.wait_s(now=0.2) == 0.1 + READ_BY_S - 0.2
    assert spare.wait_s(now=0.5) == 0.0
    assert spare.lend("c", now=0.5) == Slot(9, 0)
    assert len(spare) == 2


def test_only_what_has_been_read_is_taken_back() -> None:
    spare = SpareKeys([8, 9], levels=1)
    spare.lend("a", now=0.0)
    spare.lend("b", now=1.0)
    assert spare.read_at == 1.0 + READ_BY_S
    assert spare.take_back(now=1.1) == {8}
    assert spare.bound_keycodes() == {9}
    assert spare.take_back(now=2.0) == {9}
    assert len(spare) == 0


def test_a_layout_that_is_full_lends_nothing() -> None:
    assert SpareKeys([], levels=2).wait_s(now=0.0) is None


def test_fractions_of_a_notch_come_together() -> None:
    wheel = Notches()
    assert [wheel.add(50, now=0.1 * step) for step in range(5)] == [0, 0, 1, 0, 1]
    assert wheel.add(-250, now=0.5) == -2
    assert wheel.add(-110, now=0.6) == -1


def test_another_direction_or_a_pause_begins_anew() -> None:
    wheel = Notches()
    assert wheel.add(119, now=0.0) == 0
    assert wheel.add(-119, now=0.1) == 0
    assert wheel.add(-1, now=0.2) == -1
    wheel.add(119, now=1.0)
    assert wheel.add(1, now=2.1) == 0
