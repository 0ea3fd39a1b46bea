from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.rift.burst import BurstMeter

if TYPE_CHECKING:
    from wavry.rift.delta import Delivered


def burst(sent_at: float, rate_bps: float, *, packets: int = 20, size: int = 1250) -> list[Delivered]:
    """Packets that left together and came one after the other, on a clock of its own."""
    return [(sent_at, sent_at + 77.0 + number * size * 8 / rate_bps, size) for number in range(packets)]


def test_a_burst_tells_how_fast_the_path_takes_packets() -> None:
    meter = BurstMeter()
    assert meter.rate_bps == 0
    meter.note(burst(1.0, 50e6), now=1.1)
    assert meter.rate_bps == pytest.approx(50e6)


def test_the_slowest_of_late_counts_and_is_forgotten() -> None:
    meter = BurstMeter()
    meter.note(burst(1.0, 20e6), now=1.1)
    meter.note(burst(2.0, 50e6), now=2.1)
    assert meter.rate_bps == pytest.approx(20e6)
    meter.note(burst(4.2, 50e6), now=4.3)
    assert meter.rate_bps == pytest.approx(50e6)


def test_packets_that_came_in_one_turn_of_the_loop_have_no_rate_of_their_own() -> None:
    meter = BurstMeter()
    meter.note([(1.0, 5.0, 1250)] * 20, now=1.1)
    assert meter.rate_bps == 1e9


@pytest.mark.parametrize("packets", [burst(1.0, 5e6, packets=5), [(n / 100, n / 100, 1250) for n in range(50)], []])
def test_a_few_packets_and_packets_apart_say_nothing(packets: list[Delivered]) -> None:
    meter = BurstMeter()
    meter.note(packets, now=1.1)
    assert meter.rate_bps == 0


def test_arrivals_that_run_backwards_say_nothing_dangerous() -> None:
    meter = BurstMeter()
    meter.note([(1.0, 9.0 - number, 1250) for number in range(20)], now=1.1)
    assert 0 <= meter.rate_bps <= 1e9
