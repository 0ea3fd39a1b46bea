"""How many buffers a pool needs, from how it was used a moment ago."""

from __future__ import annotations

from collections import deque

IDLE_S = 3.0
"""A buffer that nobody would have needed for so long is surplus."""

_MAX_IDLE_S = 192.0
_REGRET_S = 60.0


class WorkingSet:
    """Says which of a pool's buffers are surplus. Used under the pool's lock; holds two times a buffer.

    The n-th buffer is needed while n are lent at once, and while a pool that lends its buffers in turn would have
    come round to it within `IDLE_S`. The second half keeps a stream that runs from giving a buffer back between two
    hiccups: in turn, all buffers of a pool of three are lent three times in 150 ms at 60 frames a second. A screen
    that is only looked at every two seconds needs one.

    A buffer that is wanted again soon after it was freed was no surplus, so each time that happens the next one waits
    twice as long, up to three minutes. Whatever the rhythm of a screen, its buffers are not freed and made for ever.

    Args:
        max_size: Most buffers.
    """

    def __init__(self, max_size: int) -> None:
        self._lent_at: deque[float] = deque(maxlen=max_size)
        self._needed_until = [float("-inf")] * max_size
        self._idle_s = IDLE_S
        self._freed_at = float("-inf")

    def on_acquire(self, now: float) -> None:
        """Note that a buffer is lent."""
        self._lent_at.append(now)

    def on_release(self, lent: int, now: float) -> None:
        """Note that one of `lent` buffers comes back."""
        self._needed_until[lent - 1] = now

    def on_free(self, now: float) -> None:
        """Note that a surplus buffer is freed."""
        self._freed_at = now

    def on_allocate(self, now: float) -> None:
        """Note that a buffer is made; if one was freed a moment ago, that was too early."""
        if self._freed_at == float("-inf"):
            return
        regretted = now - self._freed_at < _REGRET_S
        self._idle_s = min(self._idle_s * 2, _MAX_IDLE_S) if regretted else IDLE_S
        self._freed_at = float("-inf")

    def surplus_at(self, alive: int) -> float:
        """Return when the last of `alive` buffers becomes surplus (monotonic seconds), if nothing happens till then."""
        needed = max(self._needed_until[alive - 1 :])
        if len(self._lent_at) >= alive:
            needed = max(needed, self._lent_at[-alive])
        return needed + self._idle_s
