"""How much parity a link needs: what it lost within the span of one FEC window, at the worst of the last seconds.

Feedback comes every 50 ms, about as long as the frames that one parity covers. So the share that was lost between
two reports is the redundancy that would just have repaired it, bursts included; the mean over seconds is not.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from wavry.rift.fec import MAX_REDUNDANCY, MIN_REDUNDANCY

if TYPE_CHECKING:
    from wavry.rift.messages import Feedback

_MEMORY_S = 10
"""For so long the worst loss counts."""

_HEADROOM = 1.25
_MARGIN = 0.03
"""More than was needed: the next burst may be longer, and parity is lost as well."""

_OUTAGE = 0.5
"""When more than that is lost the link was away, and no parity would have helped."""

_MIN_PACKETS = 16
"""Fewer than that between two reports say nothing about a share."""

LOSSY_WINDOW_FRAMES = 4
CLEAN_WINDOW_FRAMES = 1


class RedundancyControl:
    """Follows one viewer's feedback. Ten numbers of memory."""

    def __init__(self) -> None:
        self._worst = [0.0] * _MEMORY_S
        """The largest loss share in each of the last seconds, by second modulo their number."""
        self._second = 0
        self._packets = self._lost = self._frames_lost = 0
        self._boost_until = 0.0

    def update(self, feedback: Feedback, *, now: float) -> None:
        """Take a report, of totals."""
        packets = feedback.packets_received + feedback.packets_lost
        if packets < self._packets:
            self._packets, self._lost = packets, feedback.packets_lost
        came, lost = packets - self._packets, feedback.packets_lost - self._lost
        if came >= _MIN_PACKETS:
            self._packets, self._lost = packets, feedback.packets_lost
            self._note(lost / came, now)
        if feedback.frames_lost > self._frames_lost:
            self._boost_until = now + _MEMORY_S
        self._frames_lost = feedback.frames_lost

    def _note(self, share: float, now: float) -> None:
        second = floor(now)
        for passed in range(max(self._second + 1, second - _MEMORY_S + 1), second + 1):
            self._worst[passed % _MEMORY_S] = 0.0
        self._second = second
        if share <= _OUTAGE:
            place = second % _MEMORY_S
            self._worst[place] = max(self._worst[place], share)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost for a while."""
        return not any(self._worst)

    @property
    def redundancy(self) -> float:
        """What the link needs, from `MIN_REDUNDANCY` to `MAX_REDUNDANCY`."""
        worst = max(self._worst)
        if worst <= 0:
            return MIN_REDUNDANCY
        headroom = _HEADROOM * _HEADROOM if self._second < self._boost_until else _HEADROOM
        return min(MAX_REDUNDANCY, max(MIN_REDUNDANCY, worst * headroom + _MARGIN))

    @property
    def window_frames(self) -> int:
        """How many frames a parity should cover: bursts need several, a clean link only its own."""
        return CLEAN_WINDOW_FRAMES if self.is_clean else LOSSY_WINDOW_FRAMES
