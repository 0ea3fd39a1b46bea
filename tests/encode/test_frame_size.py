from __future__ import annotations

import pytest

from wavry.encode.frame_size import FrameSizeControl

TARGET_BPS = 6e6
FRAME_BYTES = 12_500
"""A sixtieth of the target."""


def test_what_leaves_within_two_frame_times_changes_nothing() -> None:
    sizes = FrameSizeControl(60)
    for turn in range(100):
        assert sizes.bitrate_bps(TARGET_BPS, now=turn / 60) == TARGET_BPS
        sizes.note(0 if turn % 2 else 2 * FRAME_BYTES)


def test_a_unit_of_four_frame_times_halves_the_next_which_comes_at_once() -> None:
    sizes = FrameSizeControl(60)
    sizes.bitrate_bps(TARGET_BPS, now=0)
    sizes.note(4 * FRAME_BYTES)
    assert sizes.bitrate_bps(TARGET_BPS, now=0) == pytest.approx(TARGET_BPS / 2)


def test_it_is_over_when_the_link_has_caught_up() -> None:
    sizes = FrameSizeControl(60)
    sizes.bitrate_bps(TARGET_BPS, now=0)
    sizes.note(6 * FRAME_BYTES)
    aims = [sizes.bitrate_bps(TARGET_BPS, now=turn / 60) for turn in range(6)]
    assert aims == sorted(aims)
    assert aims[3] < TARGET_BPS
    assert aims[5] == TARGET_BPS


def test_however_large_a_unit_was_a_quarter_of_the_rate_is_left() -> None:
    sizes = FrameSizeControl(60)
    sizes.bitrate_bps(TARGET_BPS, now=0)
    sizes.note(1000 * FRAME_BYTES)
    assert sizes.bitrate_bps(TARGET_BPS, now=0.1) == TARGET_BPS / 4
