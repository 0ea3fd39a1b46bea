"""What comes on a connection before there is a session to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wavry.transport.base import Channel, ConnectionObserver

_DATAGRAMS = 64
"""Most that are kept, none larger than a packet."""

_OVERHEAD_BYTES = 128
"""Charged for each piece of a stream: its objects."""


class EarlyArrivals:
    """Keeps bytes of streams and datagrams for an observer that is not there yet.

    Args:
        limit_bytes: Most of streams. Policy when full: the piece is refused; of datagrams the oldest go.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._pieces: list[tuple[Channel, bytes]] = []
        self._datagrams: list[bytes] = []

    def add_datagrams(self, datagrams: list[bytes]) -> None:
        """Keep datagrams."""
        self._datagrams = (self._datagrams + datagrams)[-_DATAGRAMS:]

    def add_piece(self, channel: Channel, data: bytes) -> bool:
        """Keep bytes of a stream; return whether there was room."""
        size_bytes = self._bytes + len(data) + _OVERHEAD_BYTES
        if size_bytes > self._limit_bytes:
            return False
        self._pieces.append((channel, data))
        self._bytes = size_bytes
        return True

    def hand_over(self, observer: ConnectionObserver, *, now: float) -> None:
        """Give it all away, streams first."""
        pieces, self._pieces, self._bytes = self._pieces, [], 0
        for channel, data in pieces:
            observer.stream_received(channel, data, now=now)
        if self._datagrams:
            datagrams, self._datagrams = self._datagrams, []
            observer.datagrams_received(datagrams, now=now)
