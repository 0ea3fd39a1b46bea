"""Holds frames back for as long as their arrival is uneven, and not at all on a steady link.

What counts is how long each frame was on its way: from the encoder, on the host's clock, to its last packet here. Only
differences matter, so the clocks need not agree. The quickest frame of the last seconds sets the base; the hold is what
19 of 20 frames needed beyond it, less what nobody sees. A frame that comes later than that is shown at once.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.rift.packet import MAX_UNIT_BYTES

if TYPE_CHECKING:
    from wavry.rift.events import AccessUnitReceived

_FRAMES = 180
"""How many frames are looked back on: three seconds at 60 per second."""

_LOOK_EVERY = 12
"""The hold is reckoned anew after so many frames."""

_QUANTILE = 0.95
_UNSEEN_S = 0.005
"""Unevenness that needs no hold: a third of a frame at 60 per second."""

_NEW_CLOCK_S = 2.0
"""A frame that was on its way for so much longer or shorter than the others is of another clock."""

UNIT_OVERHEAD_BYTES = 512
"""Charged for each unit held, besides its bytes."""

_OWN_BYTES = 10_000
"""What it remembers of the frames it looks back on."""


class Playout:
    """Decides when a frame goes to the decoder, and keeps it until then. One owner.

    Args:
        max_hold_s: Longest hold; more than that is worse than a frame that jumps.
        limit_bytes: Most memory of frames that wait; one more may just have come.

    Policy when full: the oldest leave at once.
    """

    policy = "the oldest leave at once"

    def __init__(self, *, max_hold_s: float = 0.05, limit_bytes: int = 1024 * 1024) -> None:
        self.cap_bytes = _OWN_BYTES + limit_bytes + MAX_UNIT_BYTES + UNIT_OVERHEAD_BYTES
        self._limit_bytes = limit_bytes
        self.used_bytes = self.high_water_bytes = _OWN_BYTES
        self.drops = 0
        """Frames that left before their time."""
        self.hold_s = 0.0
        """What a frame of the quickest kind waits at present."""
        self.extra_hold_s = 0.0
        """Hold every frame for so much longer, for sound that is late."""
        self._max_hold_s = max_hold_s
        self._transits: deque[float] = deque(maxlen=_FRAMES)
        self._base_s = 0.0
        self._until_look = _LOOK_EVERY
        self._held: deque[tuple[float, AccessUnitReceived]] = deque()

    def add(self, received: AccessUnitReceived, *, now: float) -> None:
        """Take a frame in the order of decoding; call `take_due` at once, it may be due already."""
        unit = received.unit
        encoded_at = (unit.capture_us + unit.timings.encoded_us) / 1e6
        self._note(received.completed_at - encoded_at)
        release_at = min(encoded_at + self._base_s + self.hold_s, now + self._max_hold_s) + self.extra_hold_s
        if self._held:
            release_at = max(release_at, self._held[-1][0])
        self._held.append((release_at, received))
        self.used_bytes += len(unit.data) + UNIT_OVERHEAD_BYTES
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)

    def take_due(self, *, now: float) -> list[AccessUnitReceived]:
        """Return the frames whose time has come, in order."""
        due: list[AccessUnitReceived] = []
        while self._held and (self._held[0][0] <= now or self.used_bytes > self._limit_bytes + _OWN_BYTES):
            release_at, received = self._held.popleft()
            self.used_bytes -= len(received.unit.data) + UNIT_OVERHEAD_BYTES
            self.drops += release_at > now
            due.append(received)
        return due

    @property
    def next_due_at(self) -> float | None:
        """When `take_due` has something, monotonic seconds; None while nothing is held."""
        return self._held[0][0] if self._held else None

    def _note(self, transit_s: float) -> None:
        """Learn from how long a frame was on its way."""
        transits = self._transits
        if transits and abs(transit_s - self._base_s) > _NEW_CLOCK_S:
            transits.clear()
        if not transits:
            self._base_s, self._until_look = transit_s, _LOOK_EVERY
        transits.append(transit_s)
        self._base_s = min(self._base_s, transit_s)
        self._until_look -= 1
        if self._until_look <= 0:
            self._until_look = _LOOK_EVERY
            ordered = sorted(transits)
            self._base_s = ordered[0]
            needed_s = ordered[int(len(ordered) * _QUANTILE)] - self._base_s - _UNSEEN_S
            self.hold_s = min(max(needed_s, 0.0), self._max_hold_s)
