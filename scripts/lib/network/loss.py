"""Which datagrams get lost: each model says so one datagram after the other, from dice of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Loses: TypeAlias = "Callable[[], bool]"
"""Asked once per datagram, in order: whether it is lost."""


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ConfigError(name, share, "a share from 0 to 1")


class LossModel(Protocol):
    """Describes losses; has no state, so that both directions and many runs may share it."""

    @property
    def mean(self) -> float:
        """Share of datagrams lost in the long run, 0 to 1."""
        ...

    def start(self, dice: Random) -> Loses:
        """Return a new sequence of losses. The same dice give the same sequence."""
        ...


@dataclass(frozen=True, slots=True)
class RandomLoss:
    """Each datagram has the same chance, whatever befell the others."""

    share: float = 0.0
    """0 to 1."""

    def __post_init__(self) -> None:
        _check_share("loss", self.share)

    @property
    def mean(self) -> float:
        """Share of datagrams lost in the long run."""
        return self.share

    def start(self, dice: Random) -> Loses:
        """Return a new sequence of losses."""
        share, roll = self.share, dice.random
        if share == 0:
            return _never
        return lambda: roll() < share


@dataclass(frozen=True, slots=True)
class BurstLoss:
    """Whole runs get lost, each of a length between two bounds, all equally likely; between them nothing does."""

    share: float
    """Of all datagrams, 0 to below 1."""

    shortest: int
    """Datagrams in a burst, at least 1."""

    longest: int

    def __post_init__(self) -> None:
        _check_share("loss", self.share)
        if self.share == 1:
            raise ConfigError("loss", self.share, "less than 100 % when it comes in bursts")
        if not 1 <= self.shortest <= self.longest:
            raise ConfigError(
                "burst", f"{self.shortest}-{self.longest}", "1 or more datagrams, the shorter bound first"
            )

    @property
    def mean(self) -> float:
        """Share of datagrams lost in the long run."""
        return self.share

    def start(self, dice: Random) -> Loses:
        """Return a new sequence of losses."""
        length = (self.shortest + self.longest) / 2
        # A cycle is one burst and the datagrams before it that did not begin one.
        begin = self.share / (self.share + length * (1 - self.share))
        roll, left = dice.random, 0

        def loses() -> bool:
            nonlocal left
            if left == 0:
                if roll() >= begin:
                    return False
                left = dice.randint(self.shortest, self.longest)
            left -= 1
            return True

        return loses


@dataclass(frozen=True, slots=True)
class GilbertElliott:
    """Two states, good and bad, with a chance to change after each datagram and a chance of loss in each.

    Gilbert 1960, Elliott 1963; the order of the fields is that of the literature on streaming codes.
    """

    to_bad: float
    """Chance to go from good to bad, per datagram."""

    to_good: float
    loss_in_good: float = 0.0
    loss_in_bad: float = 1.0

    def __post_init__(self) -> None:
        for name in ("to_bad", "to_good", "loss_in_good", "loss_in_bad"):
            _check_share(name, getattr(self, name))
        if self.to_bad and not self.to_good:
            raise ConfigError("to_good", self.to_good, "more than 0: nothing would leave the bad state")

    @property
    def mean(self) -> float:
        """Share of datagrams lost in the long run."""
        if self.to_bad == 0:
            return self.loss_in_good
        bad = self.to_bad / (self.to_bad + self.to_good)
        return bad * self.loss_in_bad + (1 - bad) * self.loss_in_good

    def start(self, dice: Random) -> Loses:
        """Return a new sequence of losses; it begins in the good state."""
        roll, is_bad = dice.random, False
        to_bad, to_good, loss_in_good, loss_in_bad = self.to_bad, self.to_good, self.loss_in_good, self.loss_in_bad

        def loses() -> bool:
            nonlocal is_bad
            if is_bad:
                lost = roll() < loss_in_bad
                is_bad = roll() >= to_good
            else:
                lost = roll() < loss_in_good
                is_bad = roll() < to_bad
            return lost

        return loses


NO_LOSS = RandomLoss()


def _never() -> bool:
    return False
