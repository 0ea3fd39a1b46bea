"""Frames per second: what the controller takes from a slow link and a slow viewer, and gives back."""

from __future__ import annotations

from itertools import pairwise

from tests.support.delta import CONFIG, REPORT_S, Feeder, at_work
from wavry.rift.delta import DeliveryFeedback, Delta, DeltaConfig
from wavry.rift.delta.frame_rate import FrameRateRule


def test_the_frame_rate_falls_by_steps_and_comes_back() -> None:
    feeder = Feeder(Delta(DeltaConfig(ceiling_bps=20e6, start_bps=8e6, reserved_bps=0, smooth_bps=4e6)))
    feeder.run(0.5)
    seen = [feeder.delta.decision.target_fps]
    for _ in range(round(12 / REPORT_S)):
        feeder.report(queue_s=0.3)
        seen.append(feeder.delta.decision.target_fps)
    steps = [fps for before, fps in pairwise(seen) if fps != before]
    assert (seen[0], steps) == (60, [45, 30])
    feeder.now += 20
    seen = [feeder.run(0.1).target_fps for _ in range(300)]
    steps = [fps for before, fps in pairwise(seen) if fps != before]
    assert steps == [45, 60]


def test_a_viewer_that_is_behind_gets_fewer_frames_not_fewer_bits() -> None:
    feeder = at_work()
    before = feeder.delta.decision
    decision = feeder.delta.update(DeliveryFeedback(packets=(), is_playout_behind=True), feeder.now)
    assert (before.target_fps, decision.target_fps) == (60, 45)
    assert decision.target_bitrate_bps == before.target_bitrate_bps


def frame_rates_of(rule: FrameRateRule, seconds: float, *, is_behind: bool, begin: float) -> list[int]:
    """Let the viewer be behind or not for a while; return the frame rates that were taken."""
    seen = [rule.fps]
    for tick in range(round(seconds * 40)):
        rule.follow_viewer(is_behind, begin + tick / 40)
        seen.append(rule.fps)
    return [fps for before, fps in pairwise(seen) if fps != before]


def test_a_viewer_that_stays_behind_loses_a_step_each_two_seconds_and_gets_them_back_one_each_ten() -> None:
    rule = FrameRateRule(60, 4e6)
    assert frame_rates_of(rule, 1.9, is_behind=True, begin=0) == [45]
    assert frame_rates_of(rule, 60, is_behind=True, begin=1.9) == [30]
    assert frame_rates_of(rule, 9.9, is_behind=False, begin=61.9) == []
    assert frame_rates_of(rule, 9, is_behind=False, begin=71.8) == [45]
    assert frame_rates_of(rule, 60, is_behind=False, begin=80.8) == [60]


def test_a_viewer_that_falls_behind_at_each_rise_is_tried_more_and_more_rarely() -> None:
    rule = FrameRateRule(60, 4e6)
    raised_at = []
    for tick in range(40 * 1000):
        before = rule.fps
        rule.follow_viewer(before == 60, tick / 40)
        if rule.fps > before:
            raised_at.append(tick / 40)
    pauses = [round(later - earlier) for earlier, later in pairwise(raised_at)]
    assert pauses == [20, 40, 80, 160, 160, 160, 160, 160][: len(pauses)]
    assert len(pauses) >= 6


def test_of_a_slow_link_and_a_slow_viewer_the_lower_frame_rate_holds() -> None:
    rule = FrameRateRule(60, 4e6)
    for tick in range(40):
        rule.follow_rate(3e6, tick / 40)
    assert rule.fps == 45
    assert frame_rates_of(rule, 1, is_behind=True, begin=1) == [30]
    assert frame_rates_of(rule, 60, is_behind=False, begin=2) == [45]


def test_a_smaller_picture_deserves_all_its_frames_at_a_lower_rate() -> None:
    rules = [FrameRateRule(60, 4e6), FrameRateRule(60, 4e6)]
    rules[1].set_smooth_bps(1e6)
    for tick in range(40):
        for rule in rules:
            rule.follow_rate(1e6, tick / 40)
    assert [rule.fps for rule in rules] == [30, 60]


def test_silence_takes_no_frames_since_it_says_nothing_of_the_link_that_comes_back() -> None:
    feeder = at_work()
    feeder.delta.note_sent(1000, feeder.now)
    for _ in range(12):
        due = feeder.delta.next_timer
        assert due is not None
        decision = feeder.delta.handle_timer(due)
    assert decision.target_bitrate_bps == CONFIG.floor_bps
    assert decision.target_fps == 60
