"""Rates that change over time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.conditions import LinkConditions
from network.link import Link
from network.rate import RateCursor, RateStep
from wavry.errors import ConfigError

STEPS = (RateStep(1.0, 4e6), RateStep(2.0, 20e6))


def test_a_packet_that_is_being_sent_feels_the_change() -> None:
    cursor = RateCursor(8e6, (RateStep(0.001, 4e6),), begins_at=100.0)
    assert cursor.pass_through(2000, 100.0) == pytest.approx(100.003)  # 1000 bytes in 1 ms, 1000 in 2
    assert cursor.pass_through(1000, 100.0) == pytest.approx(100.005)


def test_without_a_first_rate_the_link_is_without_limit_until_the_first_step() -> None:
    cursor = RateCursor(None, (RateStep(0.5, 8e6),), begins_at=0.0)
    assert cursor.pass_through(10**6, 0.1) == 0.1
    assert cursor.pass_through(1000, 0.5) == pytest.approx(0.501)


def test_a_step_at_the_beginning_is_the_first_rate() -> None:
    cursor = RateCursor(None, (RateStep(0.0, 8e6),), begins_at=3.0)
    assert cursor.pass_through(1000, 3.0) == pytest.approx(3.001)


def test_steps_nobody_was_there_for_are_passed_over() -> None:
    assert RateCursor(8e6, STEPS, begins_at=0.0).pass_through(2500, 60.0) == pytest.approx(60.001)


def test_a_queue_grows_where_the_rate_falls_and_drains_where_it_rises() -> None:
    link = Link(LinkConditions(rate_bps=20e6, rate_steps=STEPS, queue_limit_bytes=1_000_000), seed=1)
    depths: dict[int, int] = {}
    for number in range(3000):  # 8 Mbit/s for 3 s
        link.send(bytes(1000), number / 1000)
        depths[number] = link.queued_bytes(number / 1000)
    assert depths[999] <= 1000
    assert depths[1999] == pytest.approx(500_000, rel=0.01)  # 4 Mbit/s too much for a second
    assert depths[2400] <= 1000  # 12 Mbit/s to spare, 333 ms
    assert link.counters.dropped_by_queue == 0


@given(
    rates=st.lists(st.integers(1000, 100_000_000), min_size=2, max_size=6),
    gaps=st.lists(st.floats(0.001, 2), min_size=5, max_size=5),
    sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=20),
)
def test_a_loaded_link_carries_exactly_its_rates(rates: list[int], gaps: list[float], sizes: list[int]) -> None:
    begins = [sum(gaps[: number + 1]) for number in range(len(rates) - 1)]
    steps = tuple(RateStep(at, rate) for at, rate in zip(begins, rates[1:], strict=True))
    cursor = RateCursor(rates[0], steps, begins_at=0.0)
    for size_bytes in sizes:
        through_at = cursor.pass_through(size_bytes, 0.0)
    edges = [0.0, *(at for at in begins if at < through_at), through_at]
    carried_bits = sum((end - begin) * rate for (begin, end), rate in zip(pairwise(edges), rates, strict=False))
    assert carried_bits == pytest.approx(8 * sum(sizes))


@pytest.mark.parametrize(
    "steps",
    [(RateStep(-1, 1e6),), (RateStep(1, 0),), (RateStep(2, 1e6), RateStep(1, 2e6))],
    ids=str,
)
def test_steps_that_cannot_be_are_refused(steps: tuple[RateStep, ...]) -> None:
    with pytest.raises(ConfigError, match="rate"):
        LinkConditions(rate_steps=steps)
