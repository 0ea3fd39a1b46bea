"""Loss models: what they lose in the long run, and in what runs."""

from __future__ import annotations

from itertools import groupby
from math import sqrt
from random import Random

import pytest

from network.loss import BurstLoss, GilbertElliott, LossModel, RandomLoss
from wavry.errors import ConfigError

DATAGRAMS = 200_000


def roll(model: LossModel, seed: int = 1) -> list[bool]:
    loses = model.start(Random(seed))
    return [loses() for _ in range(DATAGRAMS)]


def runs_of_losses(losses: list[bool]) -> list[int]:
    return [len(list(run)) for is_lost, run in groupby(losses) if is_lost]


@pytest.mark.parametrize(
    ("model", "mean", "run_length"),
    [
        (RandomLoss(0.01), 0.01, 1),
        (BurstLoss(0.01, 2, 4), 0.01, 3),
        (BurstLoss(0.02, 3, 3), 0.02, 3),
        (GilbertElliott(0.005, 0.2, 0, 0.6), 0.01463, 5),
        (GilbertElliott(0.004, 0.1, 0.002, 0.7), 0.02885, 10),
        (GilbertElliott(0.068, 0.852, 0.04, 0.5), 0.0740, 1.2),
    ],
    ids=str,
)
def test_in_the_long_run_the_stated_share_is_lost(model: LossModel, mean: float, run_length: float) -> None:
    assert model.mean == pytest.approx(mean, rel=0.002)
    lost = sum(roll(model)) / DATAGRAMS
    # Losses of one bad time come together, which widens the spread by up to twice its length.
    tolerance = 4 * sqrt(mean * 2 * run_length / DATAGRAMS)
    assert abs(lost - mean) < tolerance


def test_bursts_have_every_length_between_the_bounds_and_no_other() -> None:
    # Two bursts may follow each other at once, so a run is only of one burst where losses are rare.
    lengths = runs_of_losses(roll(BurstLoss(0.001, 2, 4)))
    assert {length: lengths.count(length) > 10 for length in set(lengths)} == {2: True, 3: True, 4: True}


def test_a_bad_time_lasts_one_over_its_chance_to_end() -> None:
    lengths = runs_of_losses(roll(GilbertElliott(0.002, 0.25)))
    assert sum(lengths) / len(lengths) == pytest.approx(4, rel=0.15)


def test_nothing_is_lost_at_0_and_everything_at_1() -> None:
    assert not any(roll(RandomLoss(0)))
    assert not any(roll(GilbertElliott(0, 0)))
    assert all(roll(RandomLoss(1)))


@pytest.mark.parametrize("model", [RandomLoss(0.1), BurstLoss(0.1, 1, 5), GilbertElliott(0.1, 0.3)], ids=str)
def test_the_same_dice_lose_the_same(model: LossModel) -> None:
    assert roll(model, seed=7) == roll(model, seed=7) != roll(model, seed=8)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError):
        RandomLoss(1.01)
    with pytest.raises(ConfigError):
        BurstLoss(1, 2, 4)
    with pytest.raises(ConfigError):
        BurstLoss(0.1, 4, 2)
    with pytest.raises(ConfigError):
        GilbertElliott(0.1, 0)
