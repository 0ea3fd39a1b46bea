"""What has left a short while ago: to be sent again to a viewer that did not get it, and to understand its reports."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.rift.sequence import SERIAL_MASK, serial_distance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wavry.rift.delta import Delivered

ENTRY_OVERHEAD_BYTES = 256
"""Charged for each datagram besides its bytes: the bytes object, an entry, a time, a size and a place in the deque."""


class _Sent:
    """A datagram that has left."""

    __slots__ = ("datagram", "sent_at", "unreported_bytes")

    def __init__(self, datagram: bytes, sent_at: float) -> None:
        self.datagram = datagram
        self.sent_at = sent_at
        self.unreported_bytes = len(datagram)
        """With the parity behind it; 0 once the viewer has told of it."""


class SentHistory:
    """The newest datagrams of one packet id space, in the order of their ids and without a gap.

    Args:
        limit_bytes: Most it holds, overhead included.
        max_age_s: Older ones are no use to anybody and go.

    Policy when full: the oldest are forgotten.
    """

    policy = "the oldest are forgotten"

    def __init__(self, limit_bytes: int, max_age_s: float) -> None:
        self.cap_bytes = limit_bytes
        self._max_age_s = max_age_s
        self._entries: deque[_Sent] = deque()
        self._first_id = 0
        self.used_bytes = 0
        self.high_water_bytes = 0
        self.drops = 0
        """Datagrams asked for that were not here any more."""

    def add(self, packet_id: int, datagram: bytes, *, now: float) -> None:
        """Remember a datagram that leaves now. Kept by reference.

        Args:
            packet_id: The one after the last one given; any other starts the history again.
            datagram: What would be sent again.
            now: Monotonic seconds.
        """
        entries = self._entries
        if not entries or (self._first_id + len(entries) - packet_id) & SERIAL_MASK:
            self.clear()
            self._first_id = packet_id
        entries.append(_Sent(datagram, now))
        self.used_bytes += len(datagram) + ENTRY_OVERHEAD_BYTES
        while entries and (self.used_bytes > self.cap_bytes or entries[0].sent_at < now - self._max_age_s):
            self._forget_oldest()
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)

    def add_parity(self, size_bytes: int) -> None:
        """Count parity with the packet before it: viewers report packets alone."""
        if self._entries:
            self._entries[-1].unreported_bytes += size_bytes

    def find(self, packet_id: int, *, now: float) -> bytes | None:
        """Return the datagram of an id; None when it is too old, or never left. O(number of datagrams held) / 64."""
        while self._entries and self._entries[0].sent_at < now - self._max_age_s:
            self._forget_oldest()
        sent = self._at(packet_id)
        if sent is None:
            self.drops += 1
            return None
        return sent.datagram

    def match(self, arrivals: Iterable[tuple[int, float | None]]) -> tuple[list[Delivered], int]:
        """Put a viewer's report beside what was sent.

        Args:
            arrivals: Packet ids in the order of sending, each with its arrival on the viewer's clock or None.

        Returns:
            Those that arrived, each only the first time it is told of, and how many did not.
        """
        delivered: list[Delivered] = []
        lost = 0
        for packet_id, arrived_at in arrivals:
            sent = self._at(packet_id)
            if sent is None or not sent.unreported_bytes:
                continue
            if arrived_at is None:
                lost += 1
            else:
                delivered.append((sent.sent_at, arrived_at, sent.unreported_bytes))
                sent.unreported_bytes = 0
        return delivered, lost

    def _at(self, packet_id: int) -> _Sent | None:
        place = serial_distance(packet_id, self._first_id)
        return self._entries[place] if 0 <= place < len(self._entries) else None

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.used_bytes = 0

    def _forget_oldest(self) -> None:
        oldest = self._entries.popleft()
        self._first_id = (self._first_id + 1) & SERIAL_MASK
        self.used_bytes -= len(oldest.datagram) + ENTRY_OVERHEAD_BYTES
