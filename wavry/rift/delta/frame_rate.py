"""How many frames a second a bitrate shows well: all, three quarters or half of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.delta.states import TUNING

if TYPE_CHECKING:
    from wavry.rift.delta.config import DeltaConfig

_SHARES = (1.0, 0.75, 0.5)
_UP_MARGIN = 1.25
"""A step up needs so much more than the step's own bound: one that is taken back at once is worse than none."""


class FrameRateHint:
    """Steps with hysteresis: down at once but not twice in `step_down_s`, up only `step_up_s` after any step."""

    __slots__ = ("_bounds_bps", "_fps", "_step", "_stepped_at")

    def __init__(self, config: DeltaConfig) -> None:
        self._fps = config.fps
        self._bounds_bps = (config.smooth_bps, config.smooth_bps / 2)
        """Bitrate below which the next step is better."""
        self._step = 0
        self._stepped_at = float("-inf")

    def update(self, bitrate_bps: float, *, is_behind: bool, now: float) -> None:
        """Take one step if one is due.

        Args:
            bitrate_bps: What the encoder may use.
            is_behind: Whether the viewer is too slow for the frames it gets.
            now: Monotonic seconds.
        """
        wanted = self._wanted(bitrate_bps, is_behind=is_behind)
        pause_s = TUNING.step_down_s if wanted > self._step else TUNING.step_up_s
        if wanted != self._step and now - self._stepped_at >= pause_s:
            self._step, self._stepped_at = wanted, now

    @property
    def fps(self) -> int:
        """Frames a second, at least one."""
        return max(1, round(self._fps * _SHARES[self._step]))

    def _wanted(self, bitrate_bps: float, *, is_behind: bool) -> int:
        """Return the step to go to, at most one away."""
        step, bounds_bps = self._step, self._bounds_bps
        if step < len(bounds_bps) and (is_behind or bitrate_bps < bounds_bps[step]):
            return step + 1
        if step > 0 and not is_behind and bitrate_bps >= bounds_bps[step - 1] * _UP_MARGIN:
            return step - 1
        return step
