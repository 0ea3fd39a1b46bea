"""How long packets wait in the queue of the bottleneck, from one-way delays between two clocks.

The offset of the clocks is unknown, so only what a delay has above the smallest one of the last seconds says anything.
That minimum moves: old ones leave the window, so that a drift of 100 ppm is an error of 1 ms at most.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.rift.delta.states import TUNING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.rift.delta.feedback import Delivered

_BUCKET_S = 1.0
_MAX_GROUPS = 64
"""More than come in `trend_s`, whatever the sending times are."""

_NOT_YET = float("inf")


class DelayMeter:
    """Queueing delay and its trend. Of fixed size; 0.3 µs per packet."""

    __slots__ = (
        "_base_s",
        "_groups",
        "_minima",
        "above_since",
        "empty_at",
        "peak_s",
        "queue_s",
        "rise_s",
        "short_at",
        "target_s",
    )

    def __init__(self) -> None:
        self._minima: deque[tuple[float, float]] = deque()
        """When each bucket began, and the smallest delay in it."""
        self._groups: deque[tuple[float, float]] = deque(maxlen=_MAX_GROUPS)
        """When each group of packets was sent, and the smallest delay in it."""
        self._base_s = 0.0
        """The smallest delay within the window, on the difference of the two clocks."""
        self.target_s = TUNING.target_s
        """A queue above it is too long, one below half of it short."""
        self.queue_s = 0.0
        """The smaller one of the two newest groups' delays above the base: one late packet is no queue."""
        self.peak_s = 0.0
        """The largest delay of the newest report above the base."""
        self.rise_s = 0.0
        """By how much the newest third of the groups was delayed more than the oldest third."""
        self.above_since: float | None = None
        """Since when every report has shown a queue above the target; monotonic seconds, as the next two."""
        self.short_at = _NOT_YET
        """When the queue was last seen to be short."""
        self.empty_at = _NOT_YET
        """When the queue was last seen to be empty."""

    def add(self, packets: Sequence[Delivered], now: float) -> None:
        """Take what one report says: at least one packet, in the order of sending."""
        smallest_s, largest_s = self._group(packets)
        self._note_minimum(smallest_s, now)
        self.queue_s = max(0.0, min(delay_s for _, delay_s in list(self._groups)[-2:]) - self._base_s)
        self.peak_s = max(0.0, largest_s - self._base_s)
        self.rise_s = self._rise()
        if self.queue_s <= self.target_s:
            self.above_since = None
        elif self.above_since is None:
            self.above_since = now
        if self.queue_s <= self.target_s / 2:
            self.short_at = now
        if self.queue_s <= TUNING.empty_s:
            self.empty_at = now

    def _group(self, packets: Sequence[Delivered]) -> tuple[float, float]:
        """Put packets into groups by sending time; return their smallest and their largest delay."""
        groups = self._groups
        smallest_s, largest_s = float("inf"), float("-inf")
        for sent_at, arrived_at, _ in packets:
            delay_s = arrived_at - sent_at
            if delay_s < smallest_s:
                smallest_s = delay_s
            if delay_s > largest_s:
                largest_s = delay_s
            if groups and abs(sent_at - groups[-1][0]) < TUNING.group_s:
                if delay_s < groups[-1][1]:
                    groups[-1] = (groups[-1][0], delay_s)
            else:
                groups.append((sent_at, delay_s))
        while groups[-1][0] - groups[0][0] > TUNING.trend_s:
            groups.popleft()
        return smallest_s, largest_s

    def _note_minimum(self, delay_s: float, now: float) -> None:
        minima = self._minima
        if minima and now - minima[-1][0] < _BUCKET_S:
            minima[-1] = (minima[-1][0], min(minima[-1][1], delay_s))
        else:
            minima.append((now, delay_s))
        while now - minima[0][0] > TUNING.base_window_s:
            minima.popleft()
        self._base_s = min(least_s for _, least_s in minima)

    def _rise(self) -> float:
        third = len(self._groups) // 3
        if third == 0:
            return 0.0
        delays = [delay_s for _, delay_s in self._groups]
        return (sum(delays[-third:]) - sum(delays[:third])) / third
