"""How long packets wait in the queue of the bottleneck, from one-way delays between two clocks.

The offset of the clocks is unknown, so only what a delay has above the smallest one of the last seconds says anything.
That minimum moves: old ones leave the window, so that a drift of 100 ppm is an error of 1 ms at most.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.rift.delta.states import TUNING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wavry.rift.delta.feedback import Delivered

_BUCKET_S = 1.0
_MAX_GROUPS = 64
"""More than come in `trend_s`, whatever the sending times are."""


class DelayMeter:
    """Queueing delay and its trend. Of fixed size; 0.3 µs per packet."""

    __slots__ = ("_groups", "_minima", "near_base_at", "peak_s", "queue_s", "short_at")

    def __init__(self) -> None:
        self._minima: deque[tuple[float, float]] = deque()
        """When each bucket began, and the smallest delay in it."""
        self._groups: deque[tuple[float, float]] = deque(maxlen=_MAX_GROUPS)
        """When each group was sent, and its smallest delay."""
        self.queue_s = 0.0
        """The smaller one of the two newest groups' delays above the base: one late packet is no queue."""
        self.peak_s = 0.0
        """The largest delay of the newest report above the base."""
        self.near_base_at: float | None = None
        """When an empty queue was last seen."""
        self.short_at: float | None = None
        """When a queue below the target was last seen."""

    def add(self, packets: Iterable[Delivered], now: float) -> None:
        """Take what one report says, in the order of sending."""
        groups = self._groups
        smallest, largest = float("inf"), float("-inf")
        for sent_at, arrived_at, _ in packets:
            delay_s = arrived_at - sent_at
            if delay_s < smallest:
                smallest = delay_s
            if delay_s > largest:
                largest = delay_s
            if groups and abs(sent_at - groups[-1][0]) < TUNING.group_s:
                if delay_s < groups[-1][1]:
                    groups[-1] = (groups[-1][0], delay_s)
            else:
                groups.append((sent_at, delay_s))
        if smallest == float("inf"):
            return
        newest_sent_at = groups[-1][0]
        while newest_sent_at - groups[0][0] > TUNING.trend_s:
            groups.popleft()
        self._note_minimum(smallest, now)
        delay_s = groups[-1][1] if len(groups) < 2 else min(groups[-1][1], groups[-2][1])
        base_s = self.base_s
        self.queue_s, self.peak_s = max(0.0, delay_s - base_s), max(0.0, largest - base_s)
        if self.near_base_at is None or self.queue_s <= TUNING.near_base_s:
            self.near_base_at = now
        if self.short_at is None or self.queue_s <= TUNING.target_s:
            self.short_at = now

    @property
    def base_s(self) -> float:
        """Smallest delay within the window, on the difference of the two clocks; 0.0 before the first."""
        return min((least for _, least in self._minima), default=0.0)

    @property
    def rise_s(self) -> float:
        """By how much the last third of the groups was delayed more than the first third."""
        third = len(self._groups) // 3
        if third == 0:
            return 0.0
        delays = [delay for _, delay in self._groups]
        return (sum(delays[-third:]) - sum(delays[:third])) / third

    def rebase(self, now: float) -> None:
        """Take the newest delay as that of an empty queue: draining has shown that the old one is gone for good."""
        self._minima.clear()
        if self._groups:
            self._minima.append((now, self._groups[-1][1]))
        self.queue_s = 0.0
        self.near_base_at = self.short_at = now

    def _note_minimum(self, delay_s: float, now: float) -> None:
        minima = self._minima
        if minima and 0 <= now - minima[-1][0] < _BUCKET_S:
            minima[-1] = (minima[-1][0], min(minima[-1][1], delay_s))
        else:
            minima.append((now, delay_s))
        while now - minima[0][0] > TUNING.base_window_s:
            minima.popleft()
