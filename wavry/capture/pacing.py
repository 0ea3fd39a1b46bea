"""When the next frame may be taken. Pure: `now` is passed in, in monotonic seconds."""

from __future__ import annotations

import math


class FrameTokens:
    """Lets frames through at `fps` on average, and a few at once.

    A token bucket. Without the burst, the second of two changes 3 ms apart waits for the rest of its 1/60 s slot,
    which was the whole p95 of the latency sketch (12 of 16 ms at 720p).

    Args:
        fps: Tokens per second.
        burst: Most tokens saved up; 2 lets one change follow another at once.
        now: When it starts, full.
    """

    def __init__(self, fps: int, *, burst: int = 2, now: float) -> None:
        self._rate = float(fps)
        self._burst = float(burst)
        self._tokens = self._burst
        self._at = now

    def take(self, now: float) -> None:
        """Pay for one frame. Call it when `ready_at(now) <= now`."""
        self._refill(now)
        self._tokens -= 1.0

    def ready_at(self, now: float) -> float:
        """Return when the next frame may be taken; `now` if it may at once."""
        self._refill(now)
        if self._tokens >= 1.0:
            return now
        return now + (1.0 - self._tokens) / self._rate

    def _refill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now


class FrameClock:
    """The times `start + n / fps`: no drift, since every one is computed from the first.

    Slots that were missed are skipped rather than made up for: late pictures in a bunch help nobody.
    """

    def __init__(self, fps: int, *, now: float) -> None:
        self._fps = fps
        self._start = now
        self._slot = 0
        self.skipped = 0
        """How many slots went by unused."""

    @property
    def due_at(self) -> float:
        """When the next frame is due."""
        return self._start + self._slot / self._fps

    def advance(self, now: float) -> None:
        """Go on to the first slot after `now`."""
        following = self._slot + 1
        current = math.floor((now - self._start) * self._fps)
        self._slot = max(following, current + 1)
        self.skipped += self._slot - following
