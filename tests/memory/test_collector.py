from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from wavry.memory.collector import exempt_survivors

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.collect()


class Cycle:
    collected = 0

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        Cycle.collected += 1


def test_what_is_alive_is_not_looked_at_again() -> None:
    kept = [Cycle()]
    exempt_survivors()
    assert not any(each is kept[0] for each in gc.get_objects())


def test_garbage_of_before_is_collected_not_kept_for_ever() -> None:
    before = Cycle.collected
    Cycle()
    exempt_survivors()
    assert Cycle.collected == before + 1


def test_garbage_of_afterwards_is_still_found() -> None:
    exempt_survivors()
    before = Cycle.collected
    Cycle()
    gc.collect()
    assert Cycle.collected == before + 1
