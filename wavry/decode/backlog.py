"""Tells a decoder that is too slow for what comes from one that a burst has reached."""

from __future__ import annotations

_FEW = 1
"""What waits for a decoder that keeps up: nothing, or one unit while it has another in its hands."""

_PATIENCE_S = 0.25
"""A burst after a hiccup of the network is worked off by then: 15 units at 60 a second, and 16 wait at most."""


class BacklogWatch:
    """Looks at how many units wait. One owner; pure.

    A decoder that keeps up finds its queue empty again and again, so some look sees it so. One that does not has more
    waiting at every look, until something is given up.
    """

    def __init__(self) -> None:
        self._waiting_since: float | None = None

    def is_behind(self, waiting_units: int, *, now: float) -> bool:
        """Take note of what waits as the next unit comes, or a while later; return whether it is too much for too long.

        Args:
            waiting_units: That the decoder has not taken.
            now: Monotonic seconds.
        """
        if waiting_units <= _FEW:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now
        return self._waiting_since is not None and now - self._waiting_since >= _PATIENCE_S
