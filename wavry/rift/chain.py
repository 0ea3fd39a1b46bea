"""The chain of references: every unit but a keyframe needs the one before it.

Sender and receiver each keep one. What breaks it differs (units given up, units lost), the rule does not: after a
break nothing but a keyframe mends it, and an epoch begins with a keyframe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.sequence import SERIAL_MASK, serial_distance

if TYPE_CHECKING:
    from wavry.media import AccessUnit

_MAX_MISSING_FRAMES = 1000
"""A larger jump of frame ids is a new numbering rather than a loss: 16 seconds at 60 frames per second."""


class ReferenceChain:
    """Follows the frame ids of one stream and knows whether the next unit can be decoded."""

    __slots__ = ("epoch", "is_intact", "newest_frame_id")

    def __init__(self) -> None:
        self.is_intact = False
        """Whether all that the next unit in order refers to is there. False until the first keyframe."""
        self.epoch: int | None = None
        """Epoch of the newest unit known of; None before the first."""
        self.newest_frame_id = 0
        """The newest unit known of, passed or lost."""

    def missing_before(self, epoch: int, frame_id: int) -> int:
        """Return how many units lie between the newest known one and this; 0 across epochs and new numberings."""
        if epoch != self.epoch:
            return 0
        missing = serial_distance(frame_id, self.newest_frame_id) - 1
        return missing if 0 < missing <= _MAX_MISSING_FRAMES else 0

    def accepts(self, unit: AccessUnit) -> bool:
        """Return whether the unit can be decoded after all that was admitted before."""
        if unit.is_keyframe:
            return True
        follows = unit.epoch == self.epoch and (unit.frame_id - self.newest_frame_id) & SERIAL_MASK == 1
        return self.is_intact and follows

    def admit(self, unit: AccessUnit) -> bool:
        """Take note of a whole unit and return whether it can be decoded."""
        self.is_intact = self.accepts(unit)
        self.epoch, self.newest_frame_id = unit.epoch, unit.frame_id
        return self.is_intact

    def lose(self, epoch: int, frame_id: int) -> None:
        """Take note of a unit that nobody will get."""
        self.is_intact = False
        self.epoch, self.newest_frame_id = epoch, frame_id
