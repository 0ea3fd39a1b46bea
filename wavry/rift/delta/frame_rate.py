"""How many frames a second are worth sending: what the bit rate shows well, and what the viewer can keep up with."""

from __future__ import annotations

from wavry.media.steps import Steps, frame_rates
from wavry.rift.delta.states import TUNING


class FrameRateRule:
    """The one decider of the frame rate. One owner.

    Two reasons, and the lower rate holds: the bit rate, by the rule of `Steps`; and a viewer that is behind, for which
    it falls by a step at once and by another each `step_down_s`, and rises when the viewer has kept up for `step_up_s`.
    A viewer that falls behind again soon after a rise is given twice the time before the next.

    Args:
        fps: Most frames a second.
        smooth_bps: Bit rate from which so many look better than fewer, finer ones.
    """

    __slots__ = ("_behind", "_eased_at", "_kept_up_since", "_patience_s", "_rates", "_slowed_at", "_steps")

    def __init__(self, fps: int, smooth_bps: float) -> None:
        self._rates = frame_rates(fps)
        self._steps = Steps(self._needed_bps(smooth_bps))
        self._behind = 0
        """Steps down for a viewer that can't keep up."""
        self._slowed_at = self._eased_at = float("-inf")
        self._kept_up_since: float | None = None
        self._patience_s = TUNING.step_up_s

    @property
    def fps(self) -> int:
        """Frames a second, one of the `frame_rates`."""
        return self._rates[max(self._steps.at, self._behind)]

    def set_smooth_bps(self, smooth_bps: float) -> None:
        """Take note that another picture is sent: this is from where all its frames are worth sending."""
        self._steps.needed_bps = self._needed_bps(smooth_bps)

    def follow_rate(self, bitrate_bps: float, now: float) -> None:
        """Take note of what the encoder may use."""
        self._steps.update(bitrate_bps, now=now)

    def follow_viewer(self, is_behind: bool, now: float) -> None:
        """Take note of whether the viewer is too slow for the frames that it gets."""
        if is_behind:
            self._kept_up_since = None
            at = max(self._steps.at, self._behind)
            if at + 1 < len(self._rates) and now - self._slowed_at >= TUNING.step_down_s:
                if now - self._eased_at < TUNING.step_up_s:
                    self._patience_s = min(2 * self._patience_s, TUNING.most_patience_s)
                self._behind, self._slowed_at = at + 1, now
        elif self._kept_up_since is None:
            self._kept_up_since = now
        elif self._behind and now - self._kept_up_since >= self._patience_s:
            self._behind -= 1
            self._eased_at = self._kept_up_since = now

    def _needed_bps(self, smooth_bps: float) -> list[float]:
        return [smooth_bps * rate / self._rates[0] for rate in self._rates]
