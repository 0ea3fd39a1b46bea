"""The reliable stream beside the datagrams, in virtual time: everything arrives, in order, some of it later."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from network.conditions import LinkConditions

_ACK_DELAY_S = 0.025
"""What QUIC lets a peer wait before it acknowledges; a probe is sent when that and 1.5 round trips have passed."""


class _Message:
    """What is under way."""

    __slots__ = ("data", "gets_through_at", "jitter_s")

    def __init__(self, data: bytes, gets_through_at: float, jitter_s: float) -> None:
        self.data = data
        self.gets_through_at = gets_through_at
        """When the first copy leaves that is not lost."""
        self.jitter_s = jitter_s


class ReliableStream:
    """One direction of a control stream, of small messages that never fill the link.

    It has the latency, jitter, loss and blackouts of its link. What is lost is sent again as QUIC does it (RFC 9002
    section 6): a round trip after anything newer got through, or else after a probe timeout that doubles each time.
    What is behind it waits.

    Args:
        conditions: Of its direction.
        rtt_s: Of the path, seconds.
        seed: Of its dice.
        begins_at: Monotonic seconds from which blackouts count.
    """

    def __init__(self, conditions: LinkConditions, rtt_s: float, *, seed: int | str, begins_at: float = 0.0) -> None:
        self._conditions = conditions
        self._rtt_s = rtt_s
        self._begins_at = begins_at
        self._loses = conditions.loss.start(Random(f"{seed} loss"))
        self._dice = Random(f"{seed} jitter")
        self._last_arrival_at = float("-inf")
        self._under_way: deque[_Message] = deque()

    def send(self, data: bytes, now: float) -> None:
        """Take bytes. `now` is monotonic seconds, never going back."""
        leaves_at, timeout_s = now, 1.5 * self._rtt_s + _ACK_DELAY_S
        while self._is_black(leaves_at) or self._loses():
            leaves_at += timeout_s
            timeout_s *= 2
        jitter_s = abs(self._dice.gauss(0.0, self._conditions.jitter_s))
        self._under_way.append(_Message(data, leaves_at, jitter_s))
        times = (message.gets_through_at for message in self._under_way)
        noticed_at = min(each for each in times if each >= now) + self._rtt_s
        for message in self._under_way:
            message.gets_through_at = min(message.gets_through_at, noticed_at)

    @property
    def next_delivery_at(self) -> float | None:
        """When something arrives, monotonic seconds; None while nothing is under way."""
        if not self._under_way:
            return None
        first = self._under_way[0]
        return max(first.gets_through_at + self._conditions.latency_s + first.jitter_s, self._last_arrival_at)

    def deliver(self, now: float) -> bytes:
        """Take out what has arrived."""
        arrived = []
        while (due := self.next_delivery_at) is not None and due <= now:
            self._last_arrival_at = due
            arrived.append(self._under_way.popleft().data)
        return b"".join(arrived)

    def _is_black(self, now: float) -> bool:
        seconds = now - self._begins_at
        return any(blackout.begins_s <= seconds < blackout.ends_s for blackout in self._conditions.blackouts)
