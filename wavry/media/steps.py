"""What to give up while a link is slow, step by step, and when to take it back.

The frames per second (DELTA decides) and the lines of the picture (the encoder does) go by the same rule, so it is
here, below both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME_RATES = (60, 45, 30)
"""Below 60: a third of the frames, half of them. Fewer than 30 feel broken before small pictures do."""

ROOM = 1.3
"""How much more than a step needs must be there before it is taken again."""

STEP_DOWN_S = 0.5
"""A step is given up when the link has been too slow for it for so long."""

STEP_UP_S = 2.0
"""And taken back when there has been room for so long, one at a time. Moves are so far apart."""

SETTLE_S = 10.0
"""After a step down none is taken back for so long, so that nothing flaps."""


def frame_rates(most: int) -> tuple[int, ...]:
    """Return the frames per second to choose from, `most` and the `FRAME_RATES` below it."""
    return (most, *(rate for rate in FRAME_RATES if rate < most))


class Steps:
    """Follows a bit rate. One owner; pure.

    Down it goes in one move to the step that fits, up by one step at a time.

    Args:
        needed_bps: What each step needs, from the best, with which it begins, to the least.
    """

    def __init__(self, needed_bps: Sequence[float]) -> None:
        self.needed_bps = needed_bps
        """May change, as long as there are as many."""
        self.at = 0
        """The step that is taken now."""
        self._too_slow_since: float | None = None
        self._best_bps = 0.0
        """Most that the link carried since it has been too slow."""
        self._roomy_since: float | None = None
        self._moved_at = float("-inf")
        self._lowered_at = float("-inf")

    @property
    def next_likely(self) -> int | None:
        """The step that may come next, while the link is too slow for this one or almost too good for it."""
        if self._too_slow_since is not None:
            return self._fitting()
        return self.at - 1 if self._roomy_since is not None and self.at > 0 else None

    def update(self, bitrate_bps: float, *, now: float) -> int:
        """Take note of what the link carries, a few times a second at least, and return the step to take.

        Args:
            bitrate_bps: Of the picture alone.
            now: Monotonic seconds.
        """
        needed_bps = self.needed_bps
        is_too_slow = self.at + 1 < len(needed_bps) and bitrate_bps < needed_bps[self.at]
        is_roomy = self.at > 0 and bitrate_bps >= needed_bps[self.at - 1] * ROOM
        self._too_slow_since = _since(is_too_slow, self._too_slow_since, now)
        self._roomy_since = _since(is_roomy, self._roomy_since, now)
        self._best_bps = max(self._best_bps, bitrate_bps) if is_too_slow else 0.0
        if now - self._moved_at < STEP_UP_S:
            return self.at
        if self._too_slow_since is not None and now - self._too_slow_since >= STEP_DOWN_S:
            self._move_to(self._fitting(), now)
            self._lowered_at = now
        elif (
            self._roomy_since is not None
            and now - self._roomy_since >= STEP_UP_S
            and now - self._lowered_at >= SETTLE_S
        ):
            self._move_to(self.at - 1, now)
        return self.at

    def _fitting(self) -> int:
        """Return the best of the lower steps that the link carries, or the last."""
        last = len(self.needed_bps) - 1
        lower = range(self.at + 1, last + 1)
        return next((at for at in lower if self.needed_bps[at] <= self._best_bps), last)

    def _move_to(self, at: int, now: float) -> None:
        self.at = at
        self._moved_at = now
        self._too_slow_since = self._roomy_since = None


def _since(holds: bool, since: float | None, now: float) -> float | None:
    if not holds:
        return None
    return now if since is None else since
