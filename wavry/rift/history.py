"""What has left a short while ago, for viewers that did not get it."""

from __future__ import annotations

from collections import deque

from wavry.rift.sequence import SERIAL_MASK, serial_distance

ENTRY_OVERHEAD_BYTES = 192
"""Charged for each datagram besides its bytes: the bytes object, a tuple, a time and a place in the deque."""


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
        self._entries: deque[tuple[float, bytes]] = deque()
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
        entries.append((now, datagram))
        self.used_bytes += len(datagram) + ENTRY_OVERHEAD_BYTES
        while entries and (self.used_bytes > self.cap_bytes or entries[0][0] < now - self._max_age_s):
            self._forget_oldest()
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)

    def find(self, packet_id: int, *, now: float) -> bytes | None:
        """Return the datagram of an id; None when it is too old, or never left. O(number of datagrams held) / 64."""
        while self._entries and self._entries[0][0] < now - self._max_age_s:
            self._forget_oldest()
        place = serial_distance(packet_id, self._first_id)
        if 0 <= place < len(self._entries):
            return self._entries[place][1]
        self.drops += 1
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.used_bytes = 0

    def _forget_oldest(self) -> None:
        _, datagram = self._entries.popleft()
        self._first_id = (self._first_id + 1) & SERIAL_MASK
        self.used_bytes -= len(datagram) + ENTRY_OVERHEAD_BYTES
