"""What a session knows of its connection, and the connection of its session.

A connection carries unreliable datagrams and three reliable, ordered streams (`Channel`). All of it lives on the event
loop's thread.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.errors import ConnectionLostError


class Channel(IntEnum):
    """A stream in both directions. What is lost of one holds up none of the others."""

    CONTROL = 0
    """What both sides say of the stream and of themselves."""

    INPUT = 1
    """Keys, buttons and text: leaves before everything else that is reliable."""

    BULK = 2
    """What may be large and has time: leaves when nothing else waits. Its sender keeps most of it to itself
    (`Connection.stream_backlog_bytes`)."""


DoorName: TypeAlias = Literal["quic", "web"]
"""By which a peer came: the native client's, or the browsers' (WebTransport)."""

BY_URGENCY = (Channel.INPUT, Channel.CONTROL, Channel.BULK)
"""What leaves first when several wait."""


class ConnectionObserver(Protocol):
    """What a connection tells. Called on the loop; must not block, and must not raise."""

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Take everything that one wake-up brought, in order of arrival."""

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Take the next bytes of a stream; they need not end where a message ends."""

    def writable(self, *, now: float) -> None:
        """Note that `send_space_bytes` may have grown. Called at the end of every wake-up."""

    def connection_lost(self, error: ConnectionLostError) -> None:
        """Note that nothing more can be sent or will come. Called exactly once."""


class Connection(Protocol):
    """A way to one peer."""

    @property
    def peer(self) -> str:
        """The peer's address for people."""

    @property
    def door(self) -> DoorName:
        """By which door the peer came."""

    @property
    def certificate_sha256(self) -> bytes:
        """SHA-256 of the certificate (DER) that the host has shown here; empty at the client's end, and without TLS."""

    @property
    def max_datagram_bytes(self) -> int:
        """Largest datagram that fits now. May change at each wake-up, before the observer is told of anything."""

    @property
    def largest_datagram_bytes(self) -> int:
        """Most that `max_datagram_bytes` becomes while the connection lasts."""

    @property
    def send_space_bytes(self) -> int:
        """How many bytes of datagrams can leave now. More would only wait, so don't send them yet."""

    @property
    def send_buffer_bytes(self) -> int:
        """Bytes handed over that have not left: datagrams and streams."""

    @property
    def rtt_ms(self) -> float | None:
        """Smoothed round-trip time; None before the first measurement."""

    @property
    def min_rtt_ms(self) -> float | None:
        """Smallest round-trip time, that of empty queues; None before the first measurement."""

    def observe(self, observer: ConnectionObserver) -> None:
        """Choose who is told.

        What came before the first call waits, within the transport's bounds. An observer that comes after the end is
        told of it in the loop's next turn.
        """

    def send_datagram(self, data: bytes) -> bool:
        """Queue a datagram for the next `flush`.

        Returns:
            False when there is no space; nothing was queued.

        Raises:
            DatagramTooLargeError: It would never fit.
        """

    def send_stream(self, channel: Channel, data: bytes) -> None:
        """Queue bytes on a stream for the next `flush`. A host's wait until the client has sent some there.

        A peer that takes none for so long that they pile up beyond the bound loses its connection.
        """

    def stream_backlog_bytes(self, channel: Channel) -> int:
        """Return the bytes of a stream that the peer has not acknowledged."""

    def limit_in_flight(self, window_bytes: int | None) -> None:
        """Let so many bytes be unacknowledged from now on, whatever is lost. None leaves it to the transport."""

    def flush(self) -> None:
        """Send what was queued."""

    def close(self, code: int, reason: str) -> None:
        """Tell the peer and end. Idempotent."""

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
