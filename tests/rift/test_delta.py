"""The controller, fed by hand: every known fault of the family it comes from is a test here."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating import delta_page
from tests.support.delta import CONFIG, OFFSET_S, REPORT_S, Feeder, at_work
from wavry.errors import ConfigError
from wavry.rift.delta import DeliveryFeedback, Delta, DeltaConfig, State
from wavry.rift.delta.states import RULES, TRANSITIONS, TUNING, Signal


def test_the_table_says_where_every_signal_leads_from_every_state() -> None:
    assert set(TRANSITIONS) == set(RULES) == set(State)
    for row in TRANSITIONS.values():
        assert set(row) == set(Signal)


def test_the_page_in_docs_is_that_of_the_tables() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "delta.md"
    assert page.read_text(encoding="utf-8") == delta_page.page(), "run python scripts/draw_delta.py"


def test_every_state_but_the_first_can_be_reached() -> None:
    reached = {state for row in TRANSITIONS.values() for state in row.values()}
    assert reached | {State.STARTING} == set(State)


# The known faults of the original, in the order of their list.


def test_losses_that_come_with_a_queue_lower_the_rate_and_leave_the_redundancy() -> None:
    feeder = at_work()
    before = feeder.delta.decision
    for _ in range(40):
        feeder.report(queue_s=0.012)  # a short buffer that is full: below the target, so only losses tell
        feeder.report(queue_s=0.012, lost=2)
    assert feeder.delta.decision.target_bitrate_bps < before.target_bitrate_bps * 0.9
    assert feeder.delta.decision.redundancy == before.redundancy == TUNING.least_redundancy


def test_losses_without_a_queue_raise_the_redundancy_and_leave_the_budget() -> None:
    feeder = at_work()
    before_bps = feeder.delta.budget_bps
    decision = feeder.run(4, lost=4)
    assert feeder.delta.budget_bps >= before_bps
    assert decision.redundancy == pytest.approx(4 / 44 * TUNING.loss_margin + TUNING.loss_extra, abs=0.01)
    assert decision.window_frames == 4
    assert decision.target_bitrate_bps * (1 + decision.redundancy) <= feeder.delta.budget_bps * 1.000001


def test_redundancy_ends_ten_seconds_after_the_last_loss() -> None:
    feeder = at_work()
    feeder.run(1, lost=4)
    assert feeder.run(8).redundancy > TUNING.least_redundancy
    decision = feeder.run(3)
    assert (decision.redundancy, decision.window_frames) == (TUNING.least_redundancy, 1)


def test_random_loss_does_not_become_congestion_because_the_queue_is_sometimes_long() -> None:
    feeder = at_work()
    feeder.run(5, lost=4)
    before_bps = feeder.delta.budget_bps
    for _ in range(40):
        feeder.report(lost=4)
        feeder.report(queue_s=0.008, lost=4)
    assert min(feeder.rates[-80:]) >= before_bps


@pytest.mark.parametrize("rtt_s", [0.005, 0.03, 0.1, 0.6])
def test_a_rising_queue_is_noticed_before_it_is_too_long_at_any_round_trip(rtt_s: float) -> None:
    feeder = Feeder(rtt_s=rtt_s)
    feeder.run(1)
    seen = []
    for step in range(12):
        feeder.report(queue_s=0.002 * step)
        seen.append(feeder.delta.state)
    assert State.RISING in seen
    assert State.CONGESTED not in seen[: seen.index(State.RISING)]


@pytest.mark.parametrize("packets", [1, 2, 40])
def test_one_late_packet_changes_nothing(packets: int) -> None:
    feeder = at_work()
    feeder.run(1, used=0.9)
    before_bps = feeder.delta.budget_bps
    feeder.report(packets=max(packets, 6), outlier_s=0.17)
    for _ in range(20):
        feeder.report(packets=packets)
    assert min(feeder.rates[-21:]) > before_bps * 0.9


def test_a_link_that_stood_still_for_170_ms_and_let_everything_through_costs_less_than_a_tenth() -> None:
    feeder = at_work()
    feeder.run(1, used=0.9)
    before_bps = feeder.delta.budget_bps
    feeder.report(queue_s=0.17)
    feeder.run(0.5)
    assert min(feeder.rates[-21:]) > before_bps * 0.9


def test_a_queue_is_cut_once_per_round_trip_to_about_85_percent_of_what_was_acknowledged() -> None:
    feeder = Feeder(rtt_s=0.3)
    feeder.run(1, used=0.9)
    before_bps = feeder.delta.budget_bps
    acknowledged_bps = before_bps * 0.9
    feeder.run(0.3, queue_s=0.035, used=0.9)
    cuts = [later / earlier for earlier, later in pairwise(feeder.rates) if later < earlier]
    assert len(cuts) == 1
    assert feeder.delta.budget_bps == pytest.approx(acknowledged_bps * TUNING.cut, rel=0.08)


def carry(feeder: Feeder, link_bps: float, seconds: float, *, queue_s: float, blocked: bool = True) -> None:
    """Report that the link carries so much of what waits for it."""
    for _ in range(round(seconds / REPORT_S)):
        if blocked:
            feeder.delta.note_blocked(feeder.now)
        feeder.report(queue_s=queue_s, used=link_bps / feeder.delta.budget_bps)


def cut_once(feeder: Feeder, link_bps: float, *, blocked: bool = True) -> float:
    """Let the link carry less until the first cut, and the round trip grow; return the rate before."""
    feeder.run(0.5)
    before_bps = feeder.delta.budget_bps
    while feeder.delta.budget_bps == before_bps:
        carry(feeder, link_bps, REPORT_S, queue_s=0.1, blocked=blocked)
    feeder.waiting_s = 0.5
    return before_bps


def test_a_cut_that_left_too_much_is_corrected_before_the_long_round_trip_is_over() -> None:
    feeder = at_work()
    before_bps = cut_once(feeder, 2e6)
    assert feeder.delta.budget_bps >= before_bps * TUNING.least_cut
    carry(feeder, 2e6, 0.4, queue_s=0.15)
    assert 2e6 * TUNING.cut <= feeder.delta.budget_bps <= 2e6 * 1.2


def test_who_sends_little_is_not_brought_down_to_it_by_the_queue_of_others() -> None:
    feeder = at_work()
    before_bps = cut_once(feeder, 1e6, blocked=False)
    carry(feeder, 1e6, 0.4, queue_s=0.15, blocked=False)
    assert feeder.delta.budget_bps >= before_bps * TUNING.least_cut


def test_after_a_pause_in_the_reports_their_rate_is_not_taken_for_that_of_the_link() -> None:
    feeder = at_work()
    before_bps = cut_once(feeder, 8e6)
    feeder.now += 0.4
    carry(feeder, 8e6, 0.1, queue_s=0.15)
    assert feeder.delta.budget_bps >= before_bps * TUNING.least_cut


def test_a_very_long_queue_is_cut_deeper_but_never_below_70_percent_at_once() -> None:
    feeder = at_work()
    feeder.run(1, queue_s=0.3, used=0.95)
    cuts = [later / earlier for earlier, later in pairwise(feeder.rates) if later < earlier]
    assert len(cuts) > 3
    assert min(cuts) >= TUNING.least_cut * RULES[State.DRAINING].budget - 1e-9
    assert sorted(cuts)[1] >= TUNING.least_cut - 1e-9  # the smallest is the beginning of draining


def test_a_still_desktop_for_a_minute_proves_nothing() -> None:
    feeder = at_work()
    feeder.run(2, used=0.95)
    proved_bps = max(feeder.rates) * 0.95
    feeder.run(60, used=0.01)
    assert feeder.delta.state is State.LIMITED
    assert feeder.delta.budget_bps <= proved_bps * 1.000001
    assert feeder.delta.budget_bps > proved_bps * 0.7


def test_who_waits_for_the_window_is_not_idle() -> None:
    feeder = at_work()
    for _ in range(20):
        feeder.delta.note_blocked(feeder.now)
        feeder.report(used=0.7)
    assert feeder.delta.state is not State.LIMITED
    assert feeder.delta.budget_bps > feeder.rates[0]


def test_a_queue_of_ours_that_stands_for_long_is_drained_and_not_forgotten() -> None:
    feeder = at_work()
    states = []
    for _ in range(round(30 / REPORT_S)):
        feeder.report(queue_s=0.0 if feeder.delta.state is State.DRAINING else 0.012, used=0.7)
        states.append(feeder.delta.state)
    assert State.DRAINING in states
    assert State.COMPETING not in states
    assert feeder.delta.queue_delay_s == pytest.approx(0.012, abs=0.001)


def test_a_queue_that_stays_while_draining_is_not_ours_and_takes_no_more_of_our_rate() -> None:
    feeder = at_work()
    feeder.run(2.5, queue_s=0.08, used=0.95)
    assert feeder.delta.state is State.COMPETING
    before_bps = feeder.delta.budget_bps
    feeder.run(1, queue_s=0.08, used=0.95)
    assert feeder.delta.budget_bps > before_bps


def test_nobody_competes_in_a_queue_that_is_not_worth_waiting_in() -> None:
    feeder = at_work()
    states = set()
    for _ in range(round(6 / REPORT_S)):
        feeder.report(queue_s=0.5)
        states.add(feeder.delta.state)
    assert State.DRAINING in states
    assert State.COMPETING not in states


@pytest.mark.parametrize("is_blocked", [True, False])
def test_while_the_queue_is_too_long_no_more_is_encoded_than_is_acknowledged_unless_little_is_sent_by_choice(
    is_blocked: bool,
) -> None:
    feeder = at_work()
    shares = []
    for _ in range(round(0.5 / REPORT_S)):
        if is_blocked:
            feeder.delta.note_blocked(feeder.now)
        decision = feeder.report(queue_s=0.1, used=0.2)
        if feeder.delta.state is State.CONGESTED:
            shares.append(decision.target_bitrate_bps * (1 + decision.redundancy) / feeder.delta.budget_bps)
    assert (min(shares) < 0.5, min(shares) > 0.99) == (is_blocked, not is_blocked)


def test_parity_is_part_of_the_budget() -> None:
    feeder = at_work()
    for lost in (0, 4, 20, 40):
        decision = feeder.run(1, lost=lost)
        spent_bps = decision.target_bitrate_bps * (1 + decision.redundancy)
        assert spent_bps <= max(feeder.delta.budget_bps, CONFIG.floor_bps * 1.5) * 1.000001


def test_sound_and_control_are_part_of_the_budget() -> None:
    delta = Delta(DeltaConfig(start_bps=4e6, reserved_bps=1e6))
    decision = delta.decision
    assert decision.target_bitrate_bps * (1 + decision.redundancy) == pytest.approx(3e6)


# Silence.


def test_without_reports_the_rate_halves_down_to_the_floor_and_never_grows() -> None:
    feeder = at_work()
    rates = []
    for step in range(1000):
        feeder.delta.note_sent(1000, feeder.now + step / 10)
        rates.append(feeder.delta.handle_timer(feeder.now + step / 10).target_bitrate_bps)
    assert all(later <= earlier for earlier, later in pairwise(rates))
    assert rates[-1] == CONFIG.floor_bps
    assert feeder.delta.congestion_window_bytes(0.03) == TUNING.min_window_bytes


def test_silence_of_a_sender_that_sends_nothing_means_nothing() -> None:
    feeder = at_work()
    before_bps = feeder.delta.budget_bps
    assert feeder.delta.next_timer is None
    feeder.delta.handle_timer(feeder.now + 3600)
    assert feeder.delta.budget_bps == before_bps


def test_after_silence_the_rate_comes_back() -> None:
    feeder = at_work()
    feeder.run(1, used=0.95)
    before_bps = feeder.delta.budget_bps
    feeder.delta.note_sent(1000, feeder.now)
    for step in range(30):
        feeder.delta.handle_timer(feeder.now + step / 10)
    assert feeder.delta.budget_bps < before_bps / 8
    feeder.now += 3
    feeder.report()
    assert feeder.delta.budget_bps == pytest.approx(before_bps / 2, rel=0.1)
    feeder.run(4)
    assert feeder.delta.budget_bps > before_bps * 0.9


def test_a_silence_that_ends_with_a_queue_brings_nothing_back() -> None:
    feeder = at_work()
    feeder.delta.note_sent(1000, feeder.now)
    for step in range(30):
        feeder.delta.handle_timer(feeder.now + step / 10)
    silent_bps = feeder.delta.budget_bps
    feeder.now += 3
    feeder.run(0.2, queue_s=0.3)
    assert feeder.delta.budget_bps <= silent_bps * 1.1


# What the peer can do.


@given(
    arrivals=st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20), min_size=1, max_size=40
    ),
    lost=st.integers(0, 10_000),
)
@settings(max_examples=60)
def test_no_arrival_times_raise_the_rate_above_one_and_a_half_times_what_was_acknowledged(
    arrivals: list[list[float]], lost: int
) -> None:
    feeder = Feeder()
    feeder.run(0.2)
    acknowledged: list[tuple[float, int]] = []
    for times in arrivals:
        before_bps = feeder.delta.budget_bps
        packets = []
        for index, arrived_at in enumerate(times):
            sent_at = feeder.now + index * REPORT_S / len(times)
            feeder.delta.note_sent(1000, sent_at)
            packets.append((sent_at, arrived_at, 1000))
        feeder.now += REPORT_S
        feeder.delta.update(DeliveryFeedback(packets=packets, lost_packets=lost), feeder.now)
        acknowledged.append((feeder.now, 1000 * len(times)))
        if feeder.delta.budget_bps > before_bps and feeder.now > 100 + TUNING.rate_window_s + 0.2:
            window = [size for at, size in acknowledged if feeder.now - at <= TUNING.rate_window_s]
            assert feeder.delta.budget_bps <= TUNING.headroom * sum(window) * 8 / TUNING.rate_window_s * 1.01


def test_reports_held_back_and_given_all_at_once_prove_no_more_than_their_sending_rate() -> None:
    feeder = Feeder(Delta(DeltaConfig(ceiling_bps=1e9, start_bps=5e6, reserved_bps=0)))
    packets = []
    for step in range(2000):  # 2 s at 5 Mbit/s
        feeder.delta.note_sent(625, feeder.now + step / 1000)
        packets.append((feeder.now + step / 1000, OFFSET_S + step / 1000, 625))
    feeder.now += 2.0
    for begin in range(0, 2000, 10):
        feeder.delta.update(DeliveryFeedback(packets=packets[begin : begin + 10]), feeder.now + begin / 1e4)
    assert feeder.delta.budget_bps <= 5e6 * TUNING.headroom * 1.01


number = st.floats(allow_nan=True, allow_infinity=True)
feedback = st.builds(
    DeliveryFeedback,
    packets=st.lists(st.tuples(st.floats(-10, 1000), number, st.integers(-10, 70_000)), max_size=30),
    lost_packets=st.integers(-5, 2**40),
    unrepaired_packets=st.integers(-5, 2**40),
    rtt_s=st.none() | number,
    is_playout_behind=st.booleans(),
)


@given(calls=st.lists(st.tuples(feedback, st.floats(0, 1000), st.integers(0, 10**6)), max_size=30))
def test_whatever_is_reported_and_however_time_goes_everything_stays_in_its_bounds(
    calls: list[tuple[DeliveryFeedback, float, int]],
) -> None:
    delta = Delta(CONFIG)
    for report, now, size_bytes in calls:
        delta.note_sent(size_bytes, now)
        delta.note_blocked(now)
        for decision in (delta.update(report, now), delta.handle_timer(now + 1)):
            assert CONFIG.floor_bps <= decision.target_bitrate_bps <= CONFIG.ceiling_bps
            assert TUNING.least_redundancy <= decision.redundancy <= CONFIG.max_redundancy
            assert decision.target_fps in (30, 45, 60)
            assert decision.window_frames in (1, 4)
        assert math.isfinite(delta.budget_bps)
        assert 0 < delta.pacing_rate_bps < 1e9
        for rtt_s in (-1.0, 0.0, 0.03, math.inf):
            assert TUNING.min_window_bytes <= delta.congestion_window_bytes(rtt_s) <= TUNING.max_window_bytes


@given(drift=st.floats(-2e-4, 2e-4), offset_s=st.floats(-1e6, 1e6))
@settings(max_examples=20)
def test_a_clock_that_drifts_is_no_queue(drift: float, offset_s: float) -> None:
    delta = Delta(CONFIG)
    now = 0.0
    for _ in range(2400):
        now += REPORT_S
        delta.note_sent(31_250, now - 0.02)  # 10 Mbit/s
        packets = [
            (now - 0.02 + index / 1000, now * (1 + drift) + index / 1000 + offset_s, 3125) for index in range(10)
        ]
        delta.update(DeliveryFeedback(packets=packets, rtt_s=0.03), now)
    assert delta.queue_delay_s < 0.005
    assert delta.budget_bps >= 9e6


def test_nothing_grows_with_what_is_reported() -> None:
    delta = Delta(CONFIG)
    for step in range(5000):
        now = step / 1000
        delta.note_sent(1000, now)
        delta.update(DeliveryFeedback(packets=[(now, (step * 7919 % 1000) / 1e3, 1000)], lost_packets=step % 3), now)
    held = [
        getattr(part, name)
        for part in (delta._delay, delta._sent, delta._losses, delta._redundancy)
        for name in part.__slots__
    ]
    assert max(len(each) for each in held if hasattr(each, "__len__")) <= 64


@pytest.mark.parametrize(
    ("field_name", "value"),
    [("ceiling_bps", 0), ("floor_bps", 30e6), ("start_bps", math.nan), ("fps", 0), ("max_redundancy", 1.1)],
)
def test_a_config_that_cannot_be_is_refused(field_name: str, value: float) -> None:
    with pytest.raises(ConfigError) as refused:
        DeltaConfig(**{field_name: value})  # type: ignore[arg-type]
    assert refused.value.field == field_name
