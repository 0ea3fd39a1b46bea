from __future__ import annotations

import pytest

from wavry.client.sound.lipsync import LipSync


def settle(sound_ms: float, picture_ms: float, *, turns: int = 100) -> tuple[LipSync, float]:
    """Let sound and pictures take so long, and what is held be added; return how far apart they end."""
    lipsync = LipSync()
    for turn in range(turns):
        for block in range(100):
            at_us = turn * 500_000 + block * 5000
            lipsync.note_sound(at_us, at_us + round(sound_ms * 1000 + lipsync.sound_hold_s * 1e6))
        for frame in range(30):
            at_us = turn * 500_000 + frame * 16_667
            lipsync.note_picture(at_us, at_us + round(picture_ms * 1000 + lipsync.picture_hold_s * 1e6))
        lipsync.adjust()
    assert lipsync.offset_ms is not None
    return lipsync, lipsync.offset_ms


def test_sound_and_picture_that_are_close_are_left_alone() -> None:
    lipsync, offset_ms = settle(30, 15)
    assert (lipsync.sound_hold_s, lipsync.picture_hold_s) == (0, 0)
    assert offset_ms == pytest.approx(15, abs=0.1)


def test_early_sound_waits_for_the_picture() -> None:
    lipsync, offset_ms = settle(20, 50)
    assert lipsync.sound_hold_s == pytest.approx(0.030, abs=0.002)
    assert lipsync.picture_hold_s == 0
    assert abs(offset_ms) < 2


def test_an_early_picture_waits_only_until_nobody_notices() -> None:
    lipsync, offset_ms = settle(50, 15)
    assert lipsync.picture_hold_s == pytest.approx(0.015, abs=0.002)
    assert lipsync.sound_hold_s == 0
    assert offset_ms == pytest.approx(20, abs=2)


@pytest.mark.parametrize(("sound_ms", "picture_ms", "hold_s"), [(20, 500, (0.04, 0)), (500, 20, (0, 0.02))])
def test_nothing_waits_longer_than_it_may(sound_ms: float, picture_ms: float, hold_s: tuple[float, float]) -> None:
    lipsync, _ = settle(sound_ms, picture_ms)
    assert (lipsync.sound_hold_s, lipsync.picture_hold_s) == pytest.approx(hold_s)


def test_the_distance_of_the_clocks_does_not_matter() -> None:
    assert settle(30 + 1e9, 15 + 1e9)[1] == pytest.approx(15, abs=0.1)


def test_holds_change_by_two_milliseconds_a_turn() -> None:
    lipsync, _ = settle(20, 60, turns=3)
    assert lipsync.sound_hold_s == pytest.approx(0.006)


def test_without_sound_or_picture_nothing_is_held_or_known() -> None:
    lipsync = LipSync()
    lipsync.note_picture(0, 500_000)
    lipsync.adjust()
    assert lipsync.offset_ms is None
    assert (lipsync.sound_hold_s, lipsync.picture_hold_s) == (0, 0)


def test_another_connection_begins_without_holds() -> None:
    lipsync, _ = settle(20, 60)
    lipsync.restart()
    assert lipsync.offset_ms is None
    assert lipsync.sound_hold_s == 0
