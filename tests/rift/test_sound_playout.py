from __future__ import annotations

from statistics import median

import pytest

from network.conditions import LinkConditions
from network.loss import BurstLoss, RandomLoss
from network.profiles import PROFILES
from tests.support.sound_link import FRAME_S, FRAME_US, SoundRun, opus
from wavry.errors import ConfigError
from wavry.rift.sound import PullKind, SoundPacket, SoundPlayout, SoundPlayoutConfig

LAN = PROFILES["lan"]


def packet(packet_id: int, *, at_us: int | None = None, flags: int = 0) -> SoundPacket:
    return SoundPacket(packet_id, packet_id * FRAME_US if at_us is None else at_us, opus(packet_id), flags=flags)


def playing(ids: range) -> tuple[SoundPlayout, float]:
    """A playout that has just played all of these but the last, and when the last is pulled."""
    playout = SoundPlayout()
    now = 0.0
    for packet_id in ids:
        now = packet_id * FRAME_S + 0.010
        playout.add(packet(packet_id), now=now)
        pull = playout.pull(now=now + playout.hold_s)
    assert pull.kind is PullKind.PLAY
    return playout, now + playout.hold_s + FRAME_S


def test_on_a_lan_every_block_is_played_once_in_order_and_20_ms_are_enough() -> None:
    run = SoundRun(LAN)
    heard = run.run(10)
    assert heard.numbers == list(range(heard.numbers[0], heard.numbers[-1] + 1))
    assert heard.after(0.1).count(PullKind.PLAY) == len(heard.after(0.1).pulls)
    assert max(heard.after(5).delays_ms) < 20  # 5 of them pass until the block is whole
    assert 0.004 <= run.playout.hold_s < 0.007


def test_the_hold_grows_with_jitter_and_shrinks_when_it_is_over() -> None:
    calm = SoundRun(LinkConditions(latency_s=0.010))
    calm.run(10)
    rough = SoundRun(LinkConditions(latency_s=0.010, jitter_s=0.008))
    rough.run(10)
    assert rough.playout.hold_s > calm.playout.hold_s + 0.008
    rough.link.conditions = calm.link.conditions
    rough.run(15)
    assert rough.playout.hold_s < calm.playout.hold_s + 0.002


def test_jitter_is_not_heard_once_it_is_known() -> None:
    run = SoundRun(LinkConditions(latency_s=0.030, jitter_s=0.008))
    run.run(4)
    heard = run.run(30)
    assert heard.count(PullKind.PLAY) > 0.998 * len(heard.pulls)
    assert max(heard.gaps(), default=0) <= 2


@pytest.mark.parametrize("drift", [200e-6, -200e-6, 5e-4, -5e-4])
def test_a_sound_card_that_runs_quick_or_slow_is_followed(drift: float) -> None:
    run = SoundRun(LAN, drift=drift)
    run.run(60)
    early = run.run(10)
    run.run(200)
    late = run.run(10)
    assert late.gaps() == early.gaps() == []
    assert abs(median(late.delays_ms) - median(early.delays_ms)) < 4
    assert run.playout.drops == 0
    assert median(speed for *_, speed in late.pulls) == pytest.approx(1 / (1 + drift), abs=30e-6)


def test_a_sound_card_that_is_far_too_slow_is_followed_block_by_block() -> None:
    run = SoundRun(LAN, drift=-3e-3)
    run.run(60)
    heard = run.run(30)
    assert run.playout.spliced > 30
    assert max(heard.delays_ms) - min(heard.delays_ms) < 10
    assert run.playout.drops == 0


def test_a_pitch_is_never_changed_by_more_than_a_thousandth() -> None:
    run = SoundRun(LinkConditions(latency_s=0.010, jitter_s=0.030))
    run.run(10)
    run.link.conditions = LAN
    speeds = [speed for *_, speed in run.run(30).pulls]
    assert max(speeds) > 1.0005
    assert max(abs(speed - 1) for speed in speeds) <= 0.001


def test_a_delay_that_is_too_long_is_taken_out_two_blocks_at_once() -> None:
    run = SoundRun(LAN)
    run.run(10)
    run.playout.extra_hold_s = 0.040
    run.run(20)
    long_ms = median(run.run(1).delays_ms)
    run.playout.extra_hold_s = 0.0
    heard = run.run(5)
    merged = [pull for _, pull, _ in heard.pulls if pull.merged is not None]
    assert 4 <= len(merged) <= 8
    assert all(pull.packet and pull.merged and pull.packet.packet_id == pull.merged.packet_id + 1 for pull in merged)
    assert heard.gaps() == []
    assert median(run.run(1).delays_ms) < long_ms - 25


def test_without_drift_hardly_anything_is_stretched() -> None:
    run = SoundRun(LAN)
    run.run(60)
    assert max(abs(speed - 1) for *_, speed in run.run(10).pulls) < 50e-6


def test_a_sound_card_that_pulls_four_blocks_at_once_gets_them() -> None:
    run = SoundRun(LAN, burst=4)
    run.run(5)
    heard = run.run(20)
    assert heard.gaps() == []
    assert run.playout.hold_s < 0.016  # 7.5 of them for the burst


@pytest.mark.parametrize("loss", [RandomLoss(0.05), BurstLoss(0.03, 2, 2)], ids=["random 5 %", "bursts of 2, 3 %"])
def test_losses_on_a_quick_link_are_repaired_before_they_are_heard(loss: RandomLoss | BurstLoss) -> None:
    run = SoundRun(LinkConditions(latency_s=0.005, loss=loss))
    run.run(5)
    heard = run.run(60)
    assert run.receiver.stats.packets_repaired > 200
    assert heard.count(PullKind.CONCEAL) < 0.005 * len(heard.pulls)
    assert max(heard.gaps(), default=0) * FRAME_S <= 0.020


@pytest.mark.parametrize("seed", range(3))
def test_on_lte_with_5_percent_loss_20_seconds_have_at_most_3_gaps_above_20_ms(seed: int) -> None:
    lte = PROFILES["lte"]
    run = SoundRun(
        LinkConditions(
            latency_s=lte.latency_s,
            jitter_s=lte.jitter_s,
            loss=RandomLoss(0.05),
            reordered_share=lte.reordered_share,
            reordering_s=lte.reordering_s,
        ),
        seed=seed,
    )
    run.run(3)
    assert sum(gap * FRAME_S > 0.020 for gap in run.run(20).gaps()) <= 3, f"seed {seed}"
    assert run.playout.hold_s < 0.1


def test_after_a_pause_of_the_network_playing_is_on_time_again() -> None:
    run = SoundRun(LAN)
    run.run(5)
    before = median(run.run(2).delays_ms)
    run.link.conditions = LinkConditions(latency_s=0.300)
    run.run(1)
    run.link.conditions = LAN
    run.run(60)
    assert median(run.run(5).delays_ms) < before + 4


def test_silence_is_no_loss_and_costs_no_time() -> None:
    run = SoundRun(LAN, is_sounding=lambda number: number // 200 % 2 == 0)
    run.run(0.1)
    heard = run.run(20)
    assert heard.count(PullKind.CONCEAL) == 0
    assert heard.count(PullKind.SILENCE) == pytest.approx(0.5 * len(heard.pulls), rel=0.05)
    assert max(heard.after(5).delays_ms) < 20
    assert run.receiver.stats.packets_lost == 0


def test_a_block_that_is_missing_is_made_up_with_the_help_of_the_next() -> None:
    playout, now = playing(range(5))
    playout.add(packet(6), now=now)
    pull = playout.pull(now=now)
    assert pull.kind is PullKind.CONCEAL
    assert pull.packet is not None
    assert pull.packet.packet_id == 6
    assert playout.pull(now=now + FRAME_S).kind is PullKind.PLAY
    playout.add(packet(5), now=now + FRAME_S)
    assert (playout.concealed, playout.late) == (1, 1)


def test_one_lost_block_is_made_up_once_even_if_nothing_else_is_here() -> None:
    playout, now = playing(range(5))
    assert playout.pull(now=now).kind is PullKind.CONCEAL
    playout.add(packet(6), now=now + 0.001)
    assert playout.pull(now=now + FRAME_S).kind is PullKind.PLAY
    assert playout.concealed == 1


def test_a_pause_is_covered_up_for_60_ms_and_then_there_is_silence() -> None:
    playout, now = playing(range(5))
    kinds = [playout.pull(now=now + pull * FRAME_S).kind for pull in range(14)]
    assert kinds == [PullKind.CONCEAL] * 12 + [PullKind.SILENCE] * 2


def test_sound_that_is_far_too_late_is_dropped_until_it_is_not() -> None:
    playout, now = playing(range(5))
    for packet_id in range(5, 35):
        playout.add(packet(packet_id), now=packet_id * FRAME_S + 0.010)
    pull = playout.pull(now=now + 29 * FRAME_S)  # the sound card stood still meanwhile
    assert pull.packet is not None
    assert pull.packet.packet_id == 34
    assert playout.drops == 29


def test_a_break_that_nothing_announced_is_silence_until_its_end_is_due() -> None:
    playout, now = playing(range(5))
    playout.add(packet(5, at_us=5 * FRAME_US + 100_000), now=now + 0.090)
    assert playout.pull(now=now + 0.090).kind is PullKind.SILENCE
    assert playout.pull(now=now + 0.100).kind is PullKind.PLAY


def test_sound_waits_for_a_late_picture_but_not_for_ever() -> None:
    run = SoundRun(LAN)
    run.run(5)
    before = median(run.run(1).delays_ms)
    run.playout.extra_hold_s = 0.500
    assert run.playout.extra_hold_s == 0.040
    run.run(30)
    assert median(run.run(5).delays_ms) == pytest.approx(before + 40, abs=4)


def test_what_waits_is_bounded_and_the_oldest_give_way() -> None:
    playout = SoundPlayout(SoundPlayoutConfig(limit_packets=20))
    for packet_id in range(100):
        playout.add(packet(packet_id), now=0.0)
    assert playout.drops == 80
    assert playout.used_bytes <= playout.high_water_bytes <= playout.cap_bytes
    pull = playout.pull(now=10.0)
    assert pull.packet is None or pull.packet.packet_id >= 80


def test_packets_from_another_place_begin_anew() -> None:
    playout, now = playing(range(5))
    later_us = 5 * FRAME_US
    for number in range(20):
        playout.add(packet(100_000 + number, at_us=later_us + number * FRAME_US), now=now + number * FRAME_S)
        pull = playout.pull(now=now + number * FRAME_S + 0.020)
    assert pull.packet is not None
    assert pull.packet.packet_id > 100_000


@pytest.mark.parametrize(
    ("field", "value"),
    [("frame_us", 0), ("min_hold_ms", -1), ("max_hold_ms", 2000), ("late_limit_ms", 1), ("limit_packets", 1)],
)
def test_settings_out_of_range_are_refused(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=field):
        SoundPlayoutConfig(**{field: value})
