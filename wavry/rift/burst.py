"""How fast a path takes packets that leave together: what a burst may be paced at, whatever the mean rate is."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.rift.delta import Delivered

_TOGETHER_S = 0.001
"""Packets that left within so long of each other belong to one burst."""

_MIN_PACKETS = 6
_MEMORY_S = 3.0
_MAX_BURSTS = 256
_MAX_BPS = 1e9
"""What is faster is not measured: the packets came within one turn of the viewer's loop."""


class BurstMeter:
    """Remembers how quickly the bursts of the last seconds came through; the slowest of them counts. Of fixed size."""

    def __init__(self) -> None:
        self._rates: deque[tuple[float, float]] = deque(maxlen=_MAX_BURSTS)

    def note(self, packets: Sequence[Delivered], *, now: float) -> None:
        """Take packets that arrived, in the order in which they were sent."""
        burst: list[Delivered] = []
        for packet in packets:
            if burst and not 0 <= packet[0] - burst[-1][0] <= _TOGETHER_S:
                self._note_burst(burst, now)
                burst = []
            burst.append(packet)
        self._note_burst(burst, now)
        while self._rates and now - self._rates[0][0] > _MEMORY_S:
            self._rates.popleft()

    def _note_burst(self, burst: list[Delivered], now: float) -> None:
        if len(burst) >= _MIN_PACKETS:
            span_s = max(arrived_at for _, arrived_at, _ in burst) - burst[0][1]
            size_bits = 8 * sum(size_bytes for _, _, size_bytes in burst[1:])
            self._rates.append((now, min(_MAX_BPS, size_bits / span_s) if span_s > 0 else _MAX_BPS))

    @property
    def rate_bps(self) -> float:
        """What the path has taken of late; 0 while there was no burst."""
        return min((rate for _, rate in self._rates), default=0.0)
