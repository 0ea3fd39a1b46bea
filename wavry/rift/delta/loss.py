"""Which losses the queue made and which the channel, and how much parity the channel's need.

A full queue drops packets while it is long; a channel loses them at any time. So the share lost while the queue is
short is the channel's, and what is lost beyond that share while the queue is long is congestion.
"""

from __future__ import annotations

import math
from collections import deque

from wavry.rift.delta.states import TUNING

_MEMORY_PACKETS = 1000
"""The channel's share is that of about so many packets."""

_PRIOR_PACKETS = 20
"""Packets without loss that are taken for granted at the beginning."""

_LONG_QUEUE_WEIGHT = 0.02
"""What is lost with a long queue counts so much for the channel: if cuts don't end it, it was the channel."""

_LEAST_PEAK_S = 0.004
"""A queue below this is short, whatever its longest was: pacing makes that much."""


class LossJudge:
    """Tells congestive from random loss. Of fixed size."""

    __slots__ = (
        "_expected",
        "_lost_in_long",
        "_memory_lost",
        "_memory_packets",
        "_peaks",
        "is_queue_long",
        "random_share",
    )

    def __init__(self) -> None:
        self._memory_packets = float(_PRIOR_PACKETS)
        self._memory_lost = 0.0
        self._peaks: deque[tuple[float, float]] = deque(maxlen=16)
        """When each second began, and the longest queue in it."""
        self._lost_in_long = 0
        self._expected = 0.0
        """Losses since the queue is long, and how many of them the channel accounts for."""
        self.is_queue_long = False
        """Whether the queue was long in the newest report."""
        self.random_share = 0.0
        """What the channel loses, 0 to 1."""

    def judge(self, received: int, lost: int, *, peak_s: float, now: float) -> bool:
        """Count one report.

        Args:
            received: Packets of it that arrived.
            lost: Packets of it that did not.
            peak_s: Longest queueing delay in it.
            now: Monotonic seconds.

        Returns:
            Whether losses since the queue is long are more than three standard deviations above the channel's.
        """
        packets = received + lost
        self.is_queue_long = is_long = peak_s > max(_LEAST_PEAK_S, self._longest(peak_s, now) / 2)
        weight = _LONG_QUEUE_WEIGHT if is_long else 1.0
        fading = math.exp(-weight * packets / _MEMORY_PACKETS)
        self._memory_packets = self._memory_packets * fading + weight * packets
        self._memory_lost = self._memory_lost * fading + weight * lost
        self.random_share = self._memory_lost / self._memory_packets
        if not is_long:
            self._lost_in_long, self._expected = 0, 0.0
            return False
        self._lost_in_long += lost
        self._expected += packets * self.random_share
        if self._lost_in_long - self._expected <= 1 + 3 * math.sqrt(self._expected):
            return False
        self._lost_in_long, self._expected = 0, 0.0
        return True

    def _longest(self, peak_s: float, now: float) -> float:
        peaks = self._peaks
        if peaks and now - peaks[-1][0] < 1.0:
            peaks[-1] = (peaks[-1][0], max(peaks[-1][1], peak_s))
        else:
            peaks.append((now, peak_s))
        while now - peaks[0][0] > TUNING.base_window_s:
            peaks.popleft()
        return max(longest for _, longest in peaks)


class RedundancyRule:
    """The parity that the channel needs: the worst 50 ms of the last 10 s, and a margin.

    Args:
        most: Upper bound, as a share of the source bytes.
    """

    __slots__ = ("_lost", "_most", "_opened_at", "_packets", "_worst")

    def __init__(self, most: float) -> None:
        self._most = most
        self._worst: deque[tuple[float, float]] = deque()
        """When each span ended and the share lost in it, shares falling: the first is the worst."""
        self._packets = 0
        self._lost = 0.0
        self._opened_at: float | None = None

    def note(self, packets: int, lost: float, now: float) -> None:
        """Count what the channel lost of so many packets; what parity did not repair may be counted twice."""
        if self._opened_at is None:
            self._opened_at = now
        self._packets += packets
        self._lost += lost
        if self._packets >= TUNING.loss_span_packets and now - self._opened_at >= TUNING.loss_span_s:
            share = min(1.0, self._lost / self._packets)
            while self._worst and self._worst[-1][1] <= share:
                self._worst.pop()
            self._worst.append((now, share))
            self._packets, self._lost, self._opened_at = 0, 0.0, None
        while self._worst and now - self._worst[0][0] > TUNING.loss_memory_s:
            self._worst.popleft()

    @property
    def redundancy(self) -> float:
        """Parity bytes over source bytes."""
        wanted = self._worst_share * TUNING.loss_margin + TUNING.loss_extra
        return min(self._most, max(TUNING.least_redundancy, wanted))

    @property
    def window_frames(self) -> int:
        """How many frames a parity packet covers; one keeps repair within a frame while there is next to no loss."""
        return 1 if self._worst_share == 0.0 else TUNING.lossy_window_frames

    @property
    def _worst_share(self) -> float:
        return self._worst[0][1] if self._worst else 0.0
