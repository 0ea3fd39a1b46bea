"""The host's clock, seen from here.

A ping's answer says what the host's clock showed while the ping was away (the estimate of NTP, RFC 5905 section 8).
The sample with the shortest way is the most honest one, so of the last sixteen that one counts.
"""

from __future__ import annotations

from collections import deque

_SAMPLES = 16


class ClockSync:
    """Estimates `host clock - own clock` in microseconds. Written on the loop, read from any thread."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=_SAMPLES)
        self.offset_us: int | None = None
        """Add it to the own clock to get the host's; None before the first answer."""
        self.rtt_us: int | None = None
        """The newest round trip."""

    def restart(self) -> None:
        """Forget everything: another host, or the same one after a restart, has another clock."""
        self._samples.clear()
        self.offset_us = self.rtt_us = None

    def on_pong(self, *, sent_us: int, host_us: int, now_us: int) -> None:
        """Take an answer: when the ping left, what the host's clock showed, and when the answer came."""
        rtt_us = now_us - sent_us
        if rtt_us < 0:
            return  # an answer to nothing we asked
        self.rtt_us = rtt_us
        self._samples.append((rtt_us, host_us - (sent_us + now_us) // 2))
        self.offset_us = min(self._samples)[1]

    @property
    def is_settled(self) -> bool:
        """Whether enough answers came that pings may become rare."""
        return len(self._samples) >= _SAMPLES // 2
