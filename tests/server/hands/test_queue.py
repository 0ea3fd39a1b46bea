from __future__ import annotations

import pytest

from wavry.pipeline import QueueClosed
from wavry.rift.input.events import (
    ButtonPressed,
    KeyPressed,
    KeyReleased,
    PadAxes,
    PadButtons,
    PointerMoved,
    PointerMovedBy,
    TextTyped,
)
from wavry.server.hands.queue import MAX_CHARACTERS, MAX_EVENTS, Deed, HandsQueue


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


def test_text_is_bounded_in_characters() -> None:
    queue = filled(*[TextTyped("x" * 32)] * (MAX_CHARACTERS // 32))
    assert not queue.put(Deed(0, TextTyped("x")))
    assert queue.put(Deed(0, ButtonPressed(1)))
    assert queue.high_water_bytes == queue.used_bytes <= queue.cap_bytes
    drained(queue)
    assert queue.put(Deed(0, TextTyped("x")))


def test_a_pads_buttons_are_never_left_as_they_were_and_take_no_more_room() -> None:
    queue = filled(*[KeyPressed(4, "")] * MAX_EVENTS)
    for buttons in (1, 3, 0):
        assert queue.put(Deed(0, PadButtons(2, buttons)))
    assert queue.put(Deed(1, PadButtons(2, 7)))
    assert len(queue) == MAX_EVENTS + 2
    assert drained(queue)[-2:] == [PadButtons(2, 0), PadButtons(2, 7)]
    assert queue.used_bytes == 0


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
