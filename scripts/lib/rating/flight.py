"""Packets on their way and their acknowledgements, as QUIC keeps them: what both kinds of flow share."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from network.link import Link

HEADER = struct.Struct(">BI")


def mean_bps(packets: Sequence[tuple[float, int]], begin: float, end: float) -> float:
    """Return the mean rate of packets, given as times and bytes, between two times."""
    return sum(size_bytes for at, size_bytes in packets if begin <= at < end) * 8 / (end - begin)


class Flight:
    """One flow's packets between send and acknowledgement. Nothing overtakes here, so an older one left is lost.

    Args:
        link: The way there.
        number: The flow's place among the flows.
        back_s: Latency of the way back, seconds.
    """

    def __init__(self, link: Link, number: int, back_s: float) -> None:
        self._link = link
        self._number = number
        self._back_s = back_s
        self._outstanding: deque[tuple[int, int, float]] = deque()
        self._acknowledgements: deque[tuple[float, int]] = deque()
        self.in_flight_bytes = 0
        self.next_id = 0
        self.last_heard_at = 0.0
        self.lost = 0
        """Packets found lost so far."""

    def send(self, size_bytes: int, now: float) -> int:
        """Send a packet and return its id."""
        packet_id = self.next_id
        self.next_id += 1
        self._outstanding.append((packet_id, size_bytes, now))
        self.in_flight_bytes += size_bytes
        self._link.send(HEADER.pack(self._number, packet_id) + bytes(size_bytes - HEADER.size), now)
        return packet_id

    def arrive(self, datagram: bytes, now: float) -> int:
        """Acknowledge a packet on the receiver's side and return its id."""
        packet_id: int = HEADER.unpack_from(datagram)[1]
        self._acknowledgements.append((now + self._back_s, packet_id))
        return packet_id

    def hear(self, now: float) -> tuple[int, float | None]:
        """Take the acknowledgements that are here; return the bytes acknowledged and the newest round trip."""
        acknowledged_bytes, rtt_s = 0, None
        while self._acknowledgements and self._acknowledgements[0][0] <= now:
            heard_at, packet_id = self._acknowledgements.popleft()
            while self._outstanding and self._outstanding[0][0] <= packet_id:
                each, size_bytes, sent_at = self._outstanding.popleft()
                self.in_flight_bytes -= size_bytes
                if each == packet_id:
                    acknowledged_bytes += size_bytes
                    rtt_s = heard_at - sent_at
                else:
                    self.lost += 1
            self.last_heard_at = now
        return acknowledged_bytes, rtt_s
