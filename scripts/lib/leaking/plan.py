"""What the pipeline does while it is looked into."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from leaking.growth import NotMeasuredError, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

_WARM_UP_SESSIONS = 20
"""8 s: longer than any timer of a session that has ended stays with the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A warm-up of frames and sessions, then the frames and the sessions that are judged."""

    warm_up: int = 300
    """Frames, until every window is full: aioquic remembers 256 packets of each end, for one."""
    frames: int = 500
    sessions: int = 20

    def steps(self, *, pauses: bool) -> list[str]:
        """Return the pipeline's steps, with a pause after each part if wanted."""
        parts = [
            [f"sessions={_WARM_UP_SESSIONS}", f"frames={self.warm_up}"],
            [f"frames={self.frames}"],
            [f"sessions={self.sessions}"],
        ]
        return [step for part in parts for step in [*part, *(["pause"] if pauses else [])]]

    def phases_of(self, done: Sequence[tuple[str, int, int]], times: Sequence[int]) -> list[Phase]:
        """Return what is judged.

        Args:
            done: Name, number and end of each step, ms since 1970.
            times: When samples were taken, ms since 1970.

        Raises:
            NotMeasuredError: A step is missing.
        """
        if len(done) != len(self.steps(pauses=False)):
            raise NotMeasuredError(f"the pipeline did {len(done)} of its steps")
        return [
            Phase(name, number, bisect_left(times, before), bisect_right(times, end))
            for (_, _, before), (name, number, end) in pairwise(done[1:])
        ]
