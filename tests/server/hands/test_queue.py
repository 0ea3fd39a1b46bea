from __future__ import annotations

import pytest

from wavry.pipeline import QueueClosed
from wavry.rift.input.events import (
    ButtonPressed,
    KeyPressed,
    KeyReleased,
    PadAxes,
    PointerMoved,
    PointerMovedBy,
    TextTyped,
)
from wavry.server.hands.queue import MAX_BYTES, MAX_EVENTS, Deed, HandsQueue


def filled(*events: object) -> HandsQueue:
    queue = HandsQueue(max_releases=8)
    for event in events:
        assert queue.put(Deed(0, event))  # type: ignore[arg-type]
    return queue


def drained(queue: HandsQueue) -> list[object]:
    return [deed.event for _ in range(len(queue)) if (deed := queue.get(0)) is not None]


def test_motion_supersedes_motion_and_passes_nothing_else() -> None:
    queue = filled(
        PointerMoved(1, 1), PointerMoved(2, 2), ButtonPressed(1), PointerMoved(3, 3), PointerMovedBy(1, -1),
        PointerMovedBy(2, 5), PadAxes(1, (1,) * 6), PadAxes(1, (2,) * 6), PadAxes(2, (3,) * 6),
    )  # fmt: skip
    assert drained(queue) == [
        PointerMoved(2, 2), ButtonPressed(1), PointerMoved(3, 3), PointerMovedBy(3, 4), PadAxes(1, (2,) * 6),
        PadAxes(2, (3,) * 6),
    ]  # fmt: skip


def test_a_full_queue_takes_releases_and_nothing_else() -> None:
    queue = filled(*[KeyPressed(4, "")] * MAX_EVENTS)
    assert not queue.put(Deed(0, KeyPressed(5, "")))
    assert queue.put(Deed(0, KeyReleased(4)))
    assert (len(queue), queue.drops) == (MAX_EVENTS + 1, 1)
    assert drained(queue)[-1] == KeyReleased(4)
    assert queue.used_bytes == 0


def test_text_is_bounded_in_bytes() -> None:
    queue = HandsQueue(max_releases=8)
    while queue.put(Deed(0, TextTyped("x" * 1024))):
        pass
    assert MAX_BYTES * 0.99 < queue.used_bytes <= MAX_BYTES < queue.cap_bytes
    assert queue.high_water_bytes == queue.used_bytes


def test_who_waits_can_be_woken_and_hears_of_the_end() -> None:
    queue = HandsQueue(max_releases=8)
    queue.wake()
    assert queue.put(Deed(0, KeyReleased(4)))
    assert queue.get() == Deed(0, KeyReleased(4))
    assert queue.get() is None
    queue.close()
    assert not queue.put(Deed(0, KeyReleased(4)))
    with pytest.raises(QueueClosed):
        queue.get()
