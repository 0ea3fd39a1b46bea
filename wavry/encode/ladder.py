"""What to give up when the link is slow: first frames per second, then lines; and when to take them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wavry.encode.config import MIN_BITRATE_BPS

if TYPE_CHECKING:
    from wavry.media import Size

FRAME_RATES = (60, 45, 30)
"""Below 60: a third of the frames, half of them. Fewer than 30 feel broken before small pictures do."""

LINES = (1440, 1080, 900, 720, 540)

_BITS_PER_PIXEL = 0.03
"""With less than that for each pixel x264 `ultrafast` has to drop what people read: 3.7 Mbit/s at 1080p60."""

_CEILING = 3
"""So many times what a step of fewer lines needs is its ceiling: a keyframe of 900 lines has 0.13 Mbit then at most."""

_CEILING_SHARE = 0.6
"""Whoever sets a low ceiling has chosen to see it: the best step never needs more than this part of it."""

_ROOM = 1.3
"""How much more than a step needs must be there before it is taken again."""

_STEP_DOWN_S = 0.5
"""A step is given up when the link has been too slow for it for so long."""

_STEP_UP_S = 2.0
"""And taken back when there has been room for so long, one at a time."""

_SETTLE_S = 10.0
"""After a step down none is taken back for so long, so that nothing flaps."""


class QualityStep(NamedTuple):
    """What is sent, and the bit rates that it needs."""

    size: Size
    fps: int
    needed_bps: int
    ceiling_bps: int
    """With more it looks no better. An encoder opened for more makes longer keyframes."""


def quality_steps(size: Size, fps: int, ceiling_bps: int) -> list[QualityStep]:
    """Return the steps from the best, `size` at `fps`, down to 540 lines at 30 frames per second."""
    rates = [fps, *(rate for rate in FRAME_RATES if rate < fps)]
    sizes = [size.fitted(size._replace(height=lines)) for lines in LINES if lines < size.height]
    kinds = [(size, rate) for rate in rates] + [(smaller, rates[-1]) for smaller in sizes]
    bits_per_pixel = min(_BITS_PER_PIXEL, _CEILING_SHARE * ceiling_bps / (size.width * size.height * fps))
    steps = []
    for each, rate in kinds:
        needed_bps = round(each.width * each.height * rate * bits_per_pixel)
        most_bps = ceiling_bps if each == size else min(ceiling_bps, max(_CEILING * needed_bps, MIN_BITRATE_BPS))
        steps.append(QualityStep(each, rate, needed_bps, most_bps))
    return steps


class QualityLadder:
    """Follows a bit rate. One owner.

    Down it goes in one move to the step that fits, since each change of size costs a keyframe; up by one step at a
    time. Moves are 2 s apart.

    Args:
        steps: From the best to the least; the first is where it begins.
    """

    def __init__(self, steps: list[QualityStep]) -> None:
        self.steps = steps
        self._at = 0
        self._too_slow_since: float | None = None
        self._best_bps = 0.0
        """Most that the link carried since it has been too slow."""
        self._roomy_since: float | None = None
        self._moved_at = float("-inf")
        self._lowered_at = float("-inf")

    @property
    def step(self) -> QualityStep:
        """What is to be sent now."""
        return self.steps[self._at]

    @property
    def next_likely(self) -> QualityStep | None:
        """The step that may come next, while the link is too slow for this one or almost too good for it."""
        if self._too_slow_since is not None:
            return self.steps[self._fitting()]
        return self.steps[self._at - 1] if self._roomy_since is not None and self._at > 0 else None

    def update(self, bitrate_bps: float, *, now: float) -> QualityStep:
        """Take note of what the link carries, a few times a second at least, and return what is to be sent."""
        is_too_slow = self._at + 1 < len(self.steps) and bitrate_bps < self.step.needed_bps
        is_roomy = self._at > 0 and bitrate_bps >= self.steps[self._at - 1].needed_bps * _ROOM
        self._too_slow_since = self._since(is_too_slow, self._too_slow_since, now)
        self._roomy_since = self._since(is_roomy, self._roomy_since, now)
        self._best_bps = max(self._best_bps, bitrate_bps) if is_too_slow else 0.0
        if now - self._moved_at < _STEP_UP_S:
            return self.step
        if self._too_slow_since is not None and now - self._too_slow_since >= _STEP_DOWN_S:
            self._move_to(self._fitting(), now)
            self._lowered_at = now
        elif (
            self._roomy_since is not None
            and now - self._roomy_since >= _STEP_UP_S
            and now - self._lowered_at >= _SETTLE_S
        ):
            self._move_to(self._at - 1, now)
        return self.step

    @staticmethod
    def _since(holds: bool, since: float | None, now: float) -> float | None:
        if not holds:
            return None
        return now if since is None else since

    def _fitting(self) -> int:
        """Return the best of the lower steps that the link carries, or the last."""
        lower = range(self._at + 1, len(self.steps))
        return next((at for at in lower if self.steps[at].needed_bps <= self._best_bps), len(self.steps) - 1)

    def _move_to(self, at: int, now: float) -> None:
        self._at = at
        self._moved_at = now
        self._too_slow_since = self._roomy_since = None
