"""Flows that share one link, in virtual time. Everything but an arrival happens on a grid of 2 ms, as in the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from network.link import Link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from network.conditions import LinkConditions

TICK_S = 0.002
"""How often the host's pacer wakes."""


class Flow(Protocol):
    """One sender and its receiver. The first byte of its datagrams is its place among the flows."""

    def receive(self, datagram: bytes, now: float) -> None:
        """Take one datagram on the receiver's side."""

    def tick(self, now: float) -> None:
        """Do what is due on both sides."""


class Bottleneck:
    """The link in the middle. Time begins at 0.

    Args:
        conditions: Of the way there; the way back has the same latency and loses nothing.
        seed: Of the link's dice.
    """

    def __init__(self, conditions: LinkConditions, *, seed: int | str) -> None:
        self.link = Link(conditions, seed=seed)
        self.now = 0.0
        self._ticks = 0

    def run(self, seconds: float, flows: Sequence[Flow]) -> None:
        """Let so many seconds pass; call it again to go on."""
        link = self.link
        for _ in range(round(seconds / TICK_S)):
            self._ticks += 1
            now = self._ticks * TICK_S
            while (arrives_at := link.next_delivery_at) is not None and arrives_at <= now:
                for datagram in link.deliver(arrives_at):
                    flows[datagram[0]].receive(datagram, arrives_at)
            self.now = now
            for flow in flows:
                flow.tick(now)
