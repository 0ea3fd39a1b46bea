"""When pictures are taken, as the viewer's screen has a use for them.

Host and viewer look at their screens 60 times a second each, at points that have nothing to do with each other and stay
as far apart as they began. A viewer that sees its pictures wait asks for all of them a little later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift import CaptureShift, Message
from wavry.session import SessionPart

if TYPE_CHECKING:
    from collections.abc import Callable

SHIFT_INTERVAL_S = 0.5
"""Each shift costs a frame's time at most, so a viewer can slow its picture down by a thirtieth."""


class ViewerPacing(SessionPart):
    """Has the capture follow one viewer's wishes while nobody else watches. On the loop.

    Args:
        is_alone: Whether this is the only viewer: several have refreshes of their own.
        shift: Has the capture take pictures later by so many seconds.
    """

    message_types = (CaptureShift,)

    def __init__(self, is_alone: Callable[[], bool], shift: Callable[[float], None]) -> None:
        self._is_alone = is_alone
        self._shift = shift
        self._shifted_at = -SHIFT_INTERVAL_S

    def message_received(self, message: Message, *, now: float) -> None:
        """Follow a wish, unless it comes too soon after the last."""
        assert isinstance(message, CaptureShift)  # all it takes
        if self._is_alone() and now - self._shifted_at >= SHIFT_INTERVAL_S:
            self._shifted_at = now
            self._shift(message.later_us / 1e6)
