"""What is sent: how many frames per second, which DELTA decides, of how many lines, which is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wavry.encode.config import MIN_BITRATE_BPS
from wavry.media.steps import STEP_UP_S, Steps, frame_rates

if TYPE_CHECKING:
    from wavry.media import Size

LINES = (1440, 1080, 900, 720, 540)

_BITS_PER_PIXEL = 0.03
"""With less than that for each pixel x264 `ultrafast` has to drop what people read: 3.7 Mbit/s at 1080p60."""

_CEILING = 3
"""So many times what a step of fewer lines needs is its ceiling: a keyframe of 900 lines has 0.13 Mbit then at most."""

_CEILING_SHARE = 0.6
"""Whoever sets a low ceiling has chosen to see it: the best step never needs more than this part of it."""


class QualityStep(NamedTuple):
    """What is sent, and the bit rates that it needs."""

    size: Size
    fps: int
    needed_bps: int
    ceiling_bps: int
    """With more it looks no better. An encoder opened for more makes longer keyframes."""


def quality_steps(size: Size, fps: int, ceiling_bps: int) -> list[QualityStep]:
    """Return the steps from the best, `size` at `fps`, down to 540 lines at 30 frames per second."""
    rates = frame_rates(fps)
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
    """Follows the frame rate that is decided elsewhere, and takes lines away where that is not enough. One owner.

    Frames are given up before lines, and lines come back before frames. Down it goes as soon as it is decided, since
    that was waited for; up by one step in 2 s.

    Args:
        steps: From the best to the least; the first is where it begins. Those of the first one's size differ in frames,
            the others in lines.
    """

    def __init__(self, steps: list[QualityStep]) -> None:
        self.steps = steps
        self._whole = [step for step in steps if step.size == steps[0].size]
        self._lines = Steps([step.needed_bps for step in steps[len(self._whole) - 1 :]])
        self._at = 0
        self._moved_at = float("-inf")

    @property
    def step(self) -> QualityStep:
        """What is to be sent now."""
        return self.steps[self._at]

    @property
    def next_likely(self) -> QualityStep | None:
        """The step of other lines that may come next, while the link is too slow or almost too good for these."""
        lines = self._lines.next_likely
        return None if lines is None else self.steps[len(self._whole) - 1 + lines]

    def update(self, bitrate_bps: float, fps: int, *, now: float) -> QualityStep:
        """Take note of what was decided, a few times a second at least, and return what is to be sent.

        Args:
            bitrate_bps: What the link carries.
            fps: Most frames per second, one of the `frame_rates`.
            now: Monotonic seconds.
        """
        wanted = self._wanted(self._lines.update(bitrate_bps, now=now), fps)
        if wanted > self._at:
            self._at, self._moved_at = wanted, now
        elif wanted < self._at and now - self._moved_at >= STEP_UP_S:
            self._at, self._moved_at = self._at - 1, now
        return self.step

    def _wanted(self, lines: int, fps: int) -> int:
        last_whole = len(self._whole) - 1
        if lines:
            return last_whole + lines
        return next((at for at, step in enumerate(self._whole) if step.fps <= fps), last_whole)
