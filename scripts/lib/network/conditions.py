"""What one direction of a link is like, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from network.loss import NO_LOSS
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from network.loss import LossModel
    from network.rate import RateStep
    from network.trace import Trace

DEFAULT_QUEUE_LIMIT_BYTES = 250_000
"""100 ms at 20 Mbit/s: neither shallow nor bloated."""


@dataclass(frozen=True, slots=True)
class Blackout:
    """A time in which the link is dead: what is sent then is lost, what is on its way still arrives."""

    begins_s: float
    """Seconds after the link's beginning."""

    length_s: float

    @property
    def ends_s(self) -> float:
        """When the link is back, seconds after its beginning."""
        return self.begins_s + self.length_s


@dataclass(frozen=True, slots=True)
class SizeStep:
    """From then on larger datagrams are dropped, without a word, as a path with too small an MTU does."""

    begins_s: float
    """Seconds after the link's beginning."""

    limit_bytes: int
    """Largest datagram that passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConditions:
    """One direction. The default is a perfect link."""

    latency_s: float = 0.0
    """From leaving the queue to arriving, the same for all. Range 0 to 60, seconds."""

    jitter_s: float = 0.0
    """Spread of what is added to it: the standard deviation of a normal distribution of which only the magnitude
    counts, so the mean is 0.8 of it and 1 % exceed 2.6 times it. Range 0 to 60, seconds."""

    jitter_reorders: bool = False
    """Whether each datagram has a delay of its own and may overtake. Otherwise the delay changes every 10 ms, as
    waiting for the air does, and the order is kept."""

    loss: LossModel = NO_LOSS
    """What the channel loses, after the queue: a lost datagram has used the link's time."""

    rate_bps: float | None = None
    """What the link carries; only the datagrams' own bytes count. None is without limit, bit/s."""

    rate_steps: tuple[RateStep, ...] = ()
    """What takes the place of `rate_bps` later, one after the other."""

    trace: Trace | None = None
    """Takes the place of all rates."""

    queue_limit_bytes: int = DEFAULT_QUEUE_LIMIT_BYTES
    """Most that waits for a link with a rate; what does not fit is dropped (drop-tail). Range 1500 to 64 MB, bytes."""

    reordered_share: float = 0.0
    """Share of datagrams that come `reordering_s` later than their neighbours, which overtake them. Range 0 to 1."""

    reordering_s: float = 0.005
    """Range 0 to 60, seconds."""

    duplicated_share: float = 0.0
    """Share of datagrams that come twice. Range 0 to 1."""

    corrupted_share: float = 0.0
    """Share of datagrams in which one to three bits are flipped. Range 0 to 1."""

    blackouts: tuple[Blackout, ...] = ()
    """One after the other."""

    size_steps: tuple[SizeStep, ...] = ()
    """How large a datagram may be; before the first there is no limit."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        for name in ("latency_s", "jitter_s", "reordering_s"):
            _check(name, getattr(self, name), 0, 60)
        for name in ("reordered_share", "duplicated_share", "corrupted_share"):
            _check(name, getattr(self, name), 0, 1)
        self._check_rates()
        _check("queue_limit_bytes", self.queue_limit_bytes, 1500, 64_000_000)
        if any(blackout.begins_s < 0 or blackout.length_s <= 0 for blackout in self.blackouts):
            raise ConfigError("blackouts", self.blackouts, "beginnings from 0 s on, lengths above 0 s")
        if any(later.begins_s < earlier.ends_s for earlier, later in pairwise(self.blackouts)):
            raise ConfigError("blackouts", self.blackouts, "one after the other")
        begins = [step.begins_s for step in self.size_steps]
        if begins and (begins[0] < 0 or any(later <= earlier for earlier, later in pairwise(begins))):
            raise ConfigError("size_steps", self.size_steps, "beginnings from 0 s on, one after the other")

    @property
    def has_rate(self) -> bool:
        """Whether anything limits what it carries, now or later."""
        return self.rate_bps is not None or bool(self.rate_steps) or self.trace is not None

    def _check_rates(self) -> None:
        rates = [step.rate_bps for step in self.rate_steps]
        if self.rate_bps is not None:
            rates.append(self.rate_bps)
        for rate_bps in rates:
            _check("rate_bps", rate_bps, 1000, 1e11)
        if rates and self.trace is not None:
            raise ConfigError("rate_bps", rates[-1], "a rate or a trace, not both")
        begins = [step.begins_s for step in self.rate_steps]
        if begins and (begins[0] < 0 or any(later <= earlier for earlier, later in pairwise(begins))):
            raise ConfigError("rate_steps", self.rate_steps, "beginnings from 0 s on, one after the other")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathConditions:
    """Both directions between two ends."""

    forward: LinkConditions
    """From host to client: media."""

    backward: LinkConditions
    """From client to host."""

    @classmethod
    def both(cls, conditions: LinkConditions) -> PathConditions:
        """Make a path that is the same both ways."""
        return cls(forward=conditions, backward=conditions)

    @property
    def rtt_s(self) -> float:
        """Round trip without jitter and queues, seconds."""
        return self.forward.latency_s + self.backward.latency_s


def _check(field: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ConfigError(field, value, f"{lowest:g} to {highest:g}")
