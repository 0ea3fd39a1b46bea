"""What one viewer has yet to hear of the host's pointer: one shape, one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.cursor.datagrams import CursorPlace, CursorState
from wavry.rift.cursor.messages import CursorShape
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPEATS_S = (0.02, 0.06, 0.15, 0.4)
"""After the last change its datagram is sent again so many seconds later: a burst that takes all of them is longer than
any that parity is made for, and 12 bytes are nothing."""

MAX_BACKLOG_BYTES = 32 * 1024
"""While more of the control stream is on its way, a shape waits; so shapes never pile up on a slow link."""


class CursorSender:
    """Newest wins: a shape or place that could not leave gives way to the next one. Sans-IO.

    It is also its place in the budget.
    """

    cap_bytes = CursorShape.max_bytes
    policy = "a newer shape takes the place of one that waits"

    def __init__(self) -> None:
        self._shape: CursorShape | None = None
        self._state: CursorState | None = None
        self._sequence = -1
        self._due_at: float | None = None
        self._repeats: Iterator[float] = iter(())
        self.is_held_up = False
        """Whether a datagram is due that found no room."""

        self.drops = 0
        self.high_water_bytes = 0

    @property
    def used_bytes(self) -> int:
        """What waits."""
        return 0 if self._shape is None else len(self._shape.pixels)

    @property
    def has_shape(self) -> bool:
        """Whether a shape waits."""
        return self._shape is not None

    def set_shape(self, shape: CursorShape) -> None:
        """Have a shape sent."""
        self.drops += self._shape is not None
        self._shape = shape
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)

    def set_place(self, place: CursorPlace, *, now: float) -> None:
        """Have a place sent, and repeated for a moment."""
        self._sequence = (self._sequence + 1) & SERIAL_MASK
        self._state = CursorState(self._sequence, place)
        self._due_at = now
        self._repeats = iter([now + delay_s for delay_s in _REPEATS_S])

    def take_shape(self, *, backlog_bytes: int) -> CursorShape | None:
        """Return the shape to send now, if there is one and the stream has room."""
        if backlog_bytes > MAX_BACKLOG_BYTES:
            return None
        shape, self._shape = self._shape, None
        return shape

    def datagram_due(self, *, now: float) -> bytes | None:
        """Return the datagram to send now, if there is one; say with `datagram_done` what became of it."""
        if self._state is None or self._due_at is None or now < self._due_at:
            return None
        return self._state.to_bytes()

    def datagram_done(self, *, is_sent: bool) -> None:
        """Go on to the next repetition, or wait until there is room for this one."""
        self.is_held_up = not is_sent
        if is_sent:
            self._due_at = next(self._repeats, None)

    @property
    def next_timer(self) -> float | None:
        """When `datagram_due` has something, if nothing changes before; None also while it waits for room."""
        return None if self.is_held_up else self._due_at
