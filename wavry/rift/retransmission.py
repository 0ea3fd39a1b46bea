"""Packets that a viewer asked for again, on their way out a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.history import SentHistory
from wavry.rift.packet import mark_retransmitted

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHARE = 0.25
"""Most that is sent again, in proportion to what is sent."""

_BURST_BYTES = 64 * 1024
"""What may be sent again at once, saved up while nothing was asked for."""

_ENTRY_OVERHEAD_BYTES = 256
"""Charged for each packet besides its bytes: the bytes object, its id, and their place in a dict that has grown."""

_MAX_ENTRY_BYTES = _ENTRY_OVERHEAD_BYTES + 2048


class Retransmission:
    """Keeps what was sent, and sends again what is asked for, within a budget. One owner.

    Args:
        history_limit_bytes: Most memory of datagrams that have left.
        max_age_s: How long they are of use.
    """

    policy = "packets beyond the budget are not sent again"
    cap_bytes = 2 * _BURST_BYTES
    """As many bytes again for the overhead of the smallest packets that a frame is cut into."""

    def __init__(self, history_limit_bytes: int, max_age_s: float) -> None:
        self.history = SentHistory(history_limit_bytes, max_age_s)
        """What has left; belongs into the budget, as this object does for what waits to leave again."""
        self._waiting: dict[int, bytes] = {}
        self._max_datagram_bytes: int | None = None
        self._budget_bytes = float(_BURST_BYTES)
        self.queued_bytes = 0
        """Bytes that wait to leave again, at most 64 kB."""
        self.high_water_bytes = 0
        self.drops = 0
        """Packets asked for that were not to be had, too large by now, or beyond the budget."""

    def note_sent(self, packet_id: int, datagram: bytes, *, now: float) -> None:
        """Remember a packet that leaves for the first time; its id follows the one before."""
        self.history.add(packet_id, datagram, now=now)
        self._budget_bytes = min(self._budget_bytes + len(datagram) * _SHARE, _BURST_BYTES)

    def limit(self, max_datagram_bytes: int) -> None:
        """Send nothing larger again from now on: it would not fit any more."""
        self._max_datagram_bytes = max_datagram_bytes
        for packet_id, datagram in list(self._waiting.items()):
            if len(datagram) > max_datagram_bytes:
                del self._waiting[packet_id]
                self.queued_bytes -= len(datagram)
                self.drops += 1

    def request(self, packet_ids: Iterable[int], *, now: float) -> None:
        """Queue packets to be sent again."""
        for packet_id in packet_ids:
            if packet_id in self._waiting:
                continue
            datagram = self.history.find(packet_id, now=now)
            is_too_much = self.used_bytes + _MAX_ENTRY_BYTES > self.cap_bytes
            if datagram is None or self._budget_bytes < len(datagram) or is_too_much or not self._fits(datagram):
                self.drops += 1
                continue
            self._budget_bytes -= len(datagram)
            self.queued_bytes += len(datagram)
            self._waiting[packet_id] = datagram
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)

    def _fits(self, datagram: bytes) -> bool:
        return self._max_datagram_bytes is None or len(datagram) <= self._max_datagram_bytes

    @property
    def used_bytes(self) -> int:
        """What waits to leave again, with the overhead of each packet."""
        return self.queued_bytes + len(self._waiting) * _ENTRY_OVERHEAD_BYTES

    def take(self, room_bytes: int) -> list[bytes]:
        """Take out what fits, each marked as sent again."""
        taken: list[bytes] = []
        while self._waiting:
            packet_id = next(iter(self._waiting))
            datagram = self._waiting[packet_id]
            if len(datagram) > room_bytes:
                break
            del self._waiting[packet_id]
            room_bytes -= len(datagram)
            self.queued_bytes -= len(datagram)
            taken.append(mark_retransmitted(datagram))
        return taken
