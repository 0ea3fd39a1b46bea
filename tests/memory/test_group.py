from __future__ import annotations

from dataclasses import dataclass

from wavry.memory import HolderGroup, MemoryBudget


@dataclass
class Held:
    used_bytes: int = 0
    high_water_bytes: int = 0
    drops: int = 0
    cap_bytes: int = 100
    policy: str = "nothing gives way"


def test_the_cap_of_all_there_can_be_is_known_before_the_first_comes() -> None:
    budget = MemoryBudget()
    group = HolderGroup(4, 100, "the oldest give way")
    budget.register("queues", group, policy=group.policy)
    (entry,) = budget.entries()
    assert (entry.cap_bytes, entry.used_bytes, entry.policy) == (400, 0, "the oldest give way")


def test_members_are_added_up() -> None:
    group = HolderGroup(4, 100, "")
    group.add(Held(10, 30, 1))
    group.add(Held(20, 40, 2))
    assert (group.used_bytes, group.high_water_bytes, group.drops) == (30, 70, 3)


def test_what_has_gone_leaves_its_peak_and_its_drops() -> None:
    group = HolderGroup(4, 100, "")
    first, second = Held(10, 30, 1), Held(20, 40, 2)
    group.add(first)
    group.add(second)
    group.remove(first)
    group.remove(first)
    assert (group.used_bytes, group.high_water_bytes, group.drops) == (20, 70, 3)
    second.high_water_bytes = 90
    assert group.high_water_bytes == 90
