from __future__ import annotations

from wavry.decode.backlog import BacklogWatch

FRAME_S = 1 / 60


def test_a_decoder_whose_queue_is_empty_now_and_then_is_not_behind() -> None:
    watch = BacklogWatch()
    assert not any(watch.is_behind(0 if frame % 14 == 0 else 16, now=frame * FRAME_S) for frame in range(600))


def test_a_decoder_is_behind_when_more_waits_at_every_look_for_a_quarter_of_a_second() -> None:
    watch = BacklogWatch()
    seen = [watch.is_behind(1 + frame, now=frame * FRAME_S) for frame in range(60)]
    assert (seen.index(True), all(seen[17:])) == (16, True)


def test_a_decoder_is_not_behind_any_more_once_its_queue_was_empty() -> None:
    watch = BacklogWatch()
    watch.is_behind(2, now=0)
    assert watch.is_behind(16, now=1)
    assert not watch.is_behind(0, now=1.1)
    assert not watch.is_behind(16, now=1.2)


def test_a_burst_and_then_nothing_is_no_reason_to_be_behind() -> None:
    """When the screen stands still after it, the next look comes with a report."""
    watch = BacklogWatch()
    watch.is_behind(10, now=0)
    assert not watch.is_behind(0, now=1)
