"""Times of samples out of measurements that jitter."""

from __future__ import annotations

import random
from itertools import pairwise

from wavry.capture.sound.timing import SampleClock

RATE = 48_000
PIECE = 240


def test_jitter_of_measurements_is_smoothed_away() -> None:
    noise = random.Random(6)
    clock = SampleClock(RATE)
    stamps = [clock.stamp(PIECE, index * 5_000 + noise.randrange(4_000)) for index in range(4_000)]
    steps = [later - earlier for earlier, later in pairwise(stamps[400:])]
    assert max(steps) - min(steps) < 200
    assert clock.jumps == 0


def test_a_device_whose_clock_runs_slow_is_followed() -> None:
    clock = SampleClock(RATE)
    true_piece_us = 5_000 * 1.001  # a thousand ppm, five times what sound cards are off by
    for index in range(10_000):
        stamp = clock.stamp(PIECE, round(index * true_piece_us))
    assert abs(stamp - index * true_piece_us) < 500


def test_a_gap_is_a_jump_and_not_smoothed() -> None:
    clock = SampleClock(RATE)
    for index in range(100):
        clock.stamp(PIECE, index * 5_000)
    assert clock.stamp(PIECE, 2_000_000) == 2_000_000
    assert clock.stamp(PIECE, 2_005_000) == 2_005_000
    assert clock.jumps == 1
