"""Makes up for an access unit that was too large: what follows it is smaller until the link has caught up."""

from __future__ import annotations

_FRAMES = 2.0
"""Access units may take so many frame times to leave; what the encoder's own buffer of two frames promises at its
ceiling, where a changed scene at a fifth of that is eight frames long."""

_LEAST_SHARE = 0.25
"""The encoder is never asked for less than this part of the target: what moves must stay readable."""


class FrameSizeControl:
    """Keeps account of what the encoder made and the link has not carried yet. One owner; pure.

    Args:
        fps: Frames a second at the most.
    """

    def __init__(self, fps: int) -> None:
        self._allowed_s = _FRAMES / fps
        self._waiting_bits = 0.0
        self._at = float("-inf")

    def note(self, size_bytes: int) -> None:
        """Count an access unit that was made just now."""
        self._waiting_bits += size_bytes * 8

    def bitrate_bps(self, target_bps: float, *, now: float) -> float:
        """Return what the encoder should aim at for its next picture.

        Args:
            target_bps: What the link carries; it has since the last call.
            now: Monotonic seconds.
        """
        elapsed_s = now - self._at
        self._at = now
        self._waiting_bits = max(0.0, self._waiting_bits - target_bps * elapsed_s)
        waiting_s = self._waiting_bits / target_bps
        if waiting_s <= self._allowed_s:
            return target_bps
        return target_bps * max(_LEAST_SHARE, self._allowed_s / waiting_s)
