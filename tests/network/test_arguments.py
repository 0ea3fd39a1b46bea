"""The flags of a link."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from network.arguments import LINK_OPTIONS, path_of
from network.conditions import Blackout, LinkConditions, SizeStep
from network.loss import BurstLoss, GilbertElliott, RandomLoss
from network.profiles import PROFILES
from network.rate import RateStep
from wavry.cli import Program
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read(line: str) -> LinkConditions:
    path = path_of(Program(name="test", description="", options=LINK_OPTIONS).read(line.split()))
    assert path.forward == path.backward
    return path.forward


def test_without_flags_the_link_is_perfect() -> None:
    assert read("") == LinkConditions()


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_the_one_of_the_table(name: str) -> None:
    assert read(f"--profile {name}") == PROFILES[name]


def test_everything_can_be_spelled_out() -> None:
    line = (
        "--rtt 60ms --jitter 10ms --jitter-reorders --loss 1% --burst 2-4 --rate 10M --queue 500k --reorder 0.5%"
        " --rate-steps 10s:4M,13s:20M --reorder-by 8ms --duplicate 0.002 --corrupt 0.1% --blackout 10s+3s,1m+500ms"
        " --size-steps 0s:1400,10s:1250"
    )
    assert read(line) == LinkConditions(
        latency_s=0.03,
        jitter_s=0.01,
        jitter_reorders=True,
        loss=BurstLoss(0.01, 2, 4),
        rate_bps=10e6,
        rate_steps=(RateStep(10, 4e6), RateStep(13, 20e6)),
        queue_limit_bytes=500_000,
        reordered_share=0.005,
        reordering_s=0.008,
        duplicated_share=0.002,
        corrupted_share=0.001,
        blackouts=(Blackout(10, 3), Blackout(60, 0.5)),
        size_steps=(SizeStep(0, 1400), SizeStep(10, 1250)),
    )


def test_a_flag_changes_one_value_of_a_profile() -> None:
    assert read("--profile wifi --loss 5%") == replace(PROFILES["wifi"], loss=RandomLoss(0.05))


def test_a_gilbert_elliott_channel_has_four_numbers() -> None:
    assert read("--gilbert-elliott .005,20%,0,0.6").loss == GilbertElliott(0.005, 0.2, 0, 0.6)


def test_a_trace_takes_the_place_of_a_profiles_rate(tmp_path: Path) -> None:
    path = tmp_path / "link.down"
    path.write_text("1\n2\n")
    conditions = read(f"--profile hotel --trace {path}")
    assert conditions.rate_bps is None
    assert conditions.trace is not None
    assert conditions.trace.mean_bps == pytest.approx(12e6)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--profile moon", "--profile moon: .*lan, wifi"),
        ("--loss 101%", "--loss 101%: .*1%"),
        ("--loss much", "--loss much: .*1%"),
        ("--burst 2-4", "--burst 2-4: .*--loss"),
        ("--loss 1% --burst 4-2", "burst 4-2"),
        ("--loss 1% --gilbert-elliott 0,1,0,1", "--gilbert-elliott"),
        ("--gilbert-elliott 0.1,0.2", "--gilbert-elliott 0.1,0.2: .*four"),
        ("--blackout 10s", "--blackout 10s: .*10s[+]3s"),
        ("--size-steps 1400", "--size-steps 1400: .*0s:1400"),
        ("--rate 10M --trace x", "--trace x: .*--rate"),
        ("--rate-steps 1s:2M --trace x", "--trace x: .*--rate"),
        ("--rate-steps 10s", "--rate-steps 10s: .*0s:20M"),
        ("--queue 1", "queue_limit_bytes 1"),
    ],
)
def test_a_value_that_cannot_be_is_named(line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(line)
