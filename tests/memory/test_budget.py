from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.support.aio import PATIENCE_S
from wavry.memory import BudgetEntry, FrameBufferPool, MemoryBudget


def test_entries_tell_what_each_holder_says_now_in_the_order_of_their_names() -> None:
    budget = MemoryBudget()
    frames, pictures = FrameBufferPool(100, 2), FrameBufferPool(10, 1)
    budget.register("frames", frames, policy=frames.policy)
    budget.register("encode.picture", pictures, policy="none")
    with frames.acquire():
        assert budget.entries() == [
            BudgetEntry(name="encode.picture", cap_bytes=10, used_bytes=0, high_water_bytes=0, drops=0, policy="none"),
            BudgetEntry(
                name="frames",
                cap_bytes=200,
                used_bytes=100,
                high_water_bytes=100,
                drops=0,
                policy="refuse when all are lent",
            ),
        ]
    assert budget.cap_bytes == 210


def test_close_takes_out_one_registration_and_may_be_repeated() -> None:
    budget = MemoryBudget()
    pool = FrameBufferPool(100, 2)
    first = budget.register("frames", pool, policy="a")
    budget.register("frames", pool, policy="a")
    first.close()
    first.close()
    assert [entry.name for entry in budget.entries()] == ["frames"]


def test_an_entry_stands_in_json_by_its_fields() -> None:
    budget = MemoryBudget()
    registration = budget.register("frames", FrameBufferPool(100, 2), policy="p")
    assert registration.snapshot().as_dict() == {
        "name": "frames", "cap_bytes": 200, "used_bytes": 0, "high_water_bytes": 0, "drops": 0, "policy": "p",
    }  # fmt: skip


def test_threads_may_register_and_ask_at_once() -> None:
    budget = MemoryBudget()
    start = threading.Barrier(5)

    def come_and_go(number: int) -> None:
        pool = FrameBufferPool(1, 1)
        start.wait(PATIENCE_S)
        for _ in range(200):
            registration = budget.register(f"holder.{number}", pool, policy="p")
            assert f"holder.{number}" in [entry.name for entry in budget.entries()]
            registration.close()

    with ThreadPoolExecutor(5) as threads:
        for done in [threads.submit(come_and_go, number) for number in range(5)]:
            done.result(PATIENCE_S)
    assert budget.entries() == []
