"""Deeds on their way from the window's thread to the loop: in order, bounded, motion merged."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wavry.client.hands.deeds import (
    Deed,
    LookedAway,
    PadAxes,
    PadPlugged,
    PadUnplugged,
    PointerAt,
    PointerMoved,
    merged,
)
from wavry.rift.input.repetition import MIN_INTERVAL_S

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

_MAX_DEEDS = 256
_DEED_BYTES = 320
"""Of one deed with its numbers and a text of 32 bytes, which is the longest that SDL has."""

_MOTION = (PointerAt, PointerMoved, PadAxes)


class Handover:
    """A queue with one thread on either side. `post` on the window's thread, the rest on the loop.

    Whatever is pressed wakes the loop at once. Motion wakes it 250 times a second at most, as often as it would be
    sent: in between it is merged here, so that a mouse with 1000 reports a second costs the loop no more than one with
    250.

    Args:
        take: Gets what came, in order, on the loop.
    """

    policy = "what waits is dropped, and everything let go"
    cap_bytes = _MAX_DEEDS * _DEED_BYTES

    def __init__(self, take: Callable[[Sequence[Deed]], None]) -> None:
        self._take = take
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._deeds: list[Deed] = []
        self._is_woken = False
        """Whether the loop has been told to look, and has not yet."""
        self._timer: asyncio.TimerHandle | None = None
        """Runs while the loop looks by itself, soon after motion; written under the lock."""
        self._high_water = 0
        self.drops = 0

    @property
    def used_bytes(self) -> int:
        """What waits."""
        return len(self._deeds) * _DEED_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most that has waited."""
        return self._high_water * _DEED_BYTES

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let deeds through to a loop, which is the running one."""
        with self._lock:
            self._loop = loop

    def close(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self._loop = None
            self._deeds = []
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def post(self, deed: Deed) -> None:
        """Hand over a deed; without a loop it goes nowhere."""
        with self._lock:
            loop = self._loop
            if loop is None:
                return
            self._add(deed)
            if self._is_woken or (self._timer is not None and isinstance(deed, _MOTION)):
                return
            self._is_woken = True
        try:
            loop.call_soon_threadsafe(self._woken)
        except RuntimeError:
            pass  # the loop has just been closed

    def _add(self, deed: Deed) -> None:
        deeds = self._deeds
        both = merged(deeds[-1], deed) if deeds else None
        if both is not None:
            deeds[-1] = both
            return
        if len(deeds) >= _MAX_DEEDS:
            self.drops += len(deeds)
            # Which pads there are has to stay known; there is room for that, pads are few.
            plugs = [each for each in deeds if isinstance(each, PadPlugged | PadUnplugged)][-_MAX_DEEDS // 2 :]
            deeds[:] = [*plugs, LookedAway()]
        deeds.append(deed)
        self._high_water = max(self._high_water, len(deeds))

    def _woken(self) -> None:
        with self._lock:
            self._is_woken = False
            deeds, self._deeds = self._deeds, []
            timer, self._timer = self._timer, None
            if any(isinstance(deed, _MOTION) for deed in deeds) and self._loop is not None:
                self._timer = self._loop.call_later(MIN_INTERVAL_S, self._woken)
        if timer is not None:
            timer.cancel()
        if deeds:
            self._take(deeds)
