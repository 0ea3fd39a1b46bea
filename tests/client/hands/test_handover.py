from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from tests.support.aio import in_loop, until
from wavry.client.hands.deeds import (
    ButtonPressed,
    Deed,
    KeyPressed,
    LookedAway,
    PadAxes,
    PadPlugged,
    PointerAt,
    PointerMoved,
    TextEntered,
)
from wavry.client.hands.handover import Handover

if TYPE_CHECKING:
    from collections.abc import Sequence


class Taken:
    """What comes out on the loop."""

    def __init__(self) -> None:
        self.batches: list[list[Deed]] = []
        self.handover = Handover(self._take)
        self.handover.open(asyncio.get_running_loop())

    def _take(self, deeds: Sequence[Deed]) -> None:
        self.batches.append(list(deeds))

    @property
    def deeds(self) -> list[Deed]:
        return [deed for batch in self.batches for deed in batch]


@in_loop
async def test_deeds_of_another_thread_come_in_order() -> None:
    taken = Taken()
    wanted = [TextEntered(str(number)) for number in range(200)]

    def do() -> None:
        for each in wanted:
            taken.handover.post(each)

    thread = threading.Thread(target=do)
    thread.start()
    await until(lambda: len(taken.deeds) == len(wanted))
    thread.join()
    assert taken.deeds == wanted
    taken.handover.close()


@in_loop
async def test_motion_is_merged_and_stays_on_its_side_of_a_click() -> None:
    taken = Taken()
    for each in (PointerAt(1, 1), PointerAt(2, 2), ButtonPressed(1), PointerAt(3, 3), PointerAt(4, 4)):
        taken.handover.post(each)
    for _ in range(3):
        taken.handover.post(PointerMoved(1, -2))
    taken.handover.post(PadAxes(0, (1,) * 6))
    taken.handover.post(PadAxes(1, (2,) * 6))
    taken.handover.post(PadAxes(1, (3,) * 6))
    await until(lambda: taken.batches)
    assert taken.deeds == [
        PointerAt(2, 2),
        ButtonPressed(1),
        PointerAt(4, 4),
        PointerMoved(3, -6),
        PadAxes(0, (1,) * 6),
        PadAxes(1, (3,) * 6),
    ]
    taken.handover.close()


@in_loop
async def test_motion_waits_for_the_loop_to_look_by_itself_and_a_key_does_not() -> None:
    taken = Taken()
    wakings = 0
    loop = asyncio.get_running_loop()
    wake = loop.call_soon_threadsafe

    def count(*arguments: object) -> asyncio.Handle:
        nonlocal wakings
        wakings += 1
        return wake(*arguments)  # type: ignore[arg-type] # as it came

    loop.call_soon_threadsafe = count  # type: ignore[method-assign, assignment] # to see who is woken
    taken.handover.post(PointerAt(0, 0))
    await until(lambda: taken.batches)
    for place in range(1, 100):
        taken.handover.post(PointerAt(place, 0))
    assert wakings == 1
    taken.handover.post(KeyPressed(4, "a"))
    taken.handover.post(KeyPressed(5, "b"))
    assert wakings == 2
    await until(lambda: len(taken.batches) == 2)
    assert taken.batches[1] == [PointerAt(99, 0), KeyPressed(4, "a"), KeyPressed(5, "b")]
    taken.handover.post(PointerAt(100, 0))
    await until(lambda: len(taken.batches) == 3)
    assert wakings == 2
    taken.handover.close()


@in_loop
async def test_a_loop_that_does_not_look_has_everything_let_go_but_knows_all_pads() -> None:
    taken = Taken()
    handover = taken.handover
    handover.post(PadPlugged(0, "a pad"))
    for _ in range(10_000):
        handover.post(KeyPressed(4, "a"))
        assert handover.used_bytes <= handover.cap_bytes
    await until(lambda: taken.batches)
    plugged, away, *rest = taken.deeds
    assert (plugged, away) == (PadPlugged(0, "a pad"), LookedAway())
    assert set(rest) == {KeyPressed(4, "a")}
    assert len(rest) + 1 + handover.drops >= 10_000
    assert handover.high_water_bytes == handover.cap_bytes
    handover.close()


@in_loop
async def test_without_a_loop_deeds_go_nowhere() -> None:
    taken = Taken()
    taken.handover.close()
    taken.handover.post(KeyPressed(4, "a"))
    await asyncio.sleep(0)
    assert (taken.batches, taken.handover.used_bytes) == ([], 0)
