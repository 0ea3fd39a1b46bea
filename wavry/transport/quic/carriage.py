"""How a connection's channels and datagrams are carried in QUIC: the one thing in which the two doors differ.

A `Carriage` is sans-IO: `QuicLink` gives it what QUIC brought and writes what it says. It is bounded by what it states
itself, and raises `RemoteProtocolError` for what its peer must not do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from aioquic.quic import events

from wavry.transport.base import BY_URGENCY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wavry.transport.base import Channel, DoorName


@dataclass
class SessionOpened(events.QuicEvent):
    """A peer may be talked to: the handshake is over, and whatever its door asks for beyond it."""


class Writing(NamedTuple):
    """Bytes that a carriage wants on a stream, besides those of the channels."""

    stream_id: int
    data: bytes
    ends: bool = False
    """Whether nothing follows on this stream."""


class PeerLeft(NamedTuple):
    """What a peer said when it ended a session without ending its connection."""

    code: int
    reason: str


class Carriage(Protocol):
    """One connection's."""

    door: DoorName
    datagram_overhead_bytes: int
    """What a datagram is longer by than the session's bytes in it."""

    stream_ids: Mapping[Channel, int]
    urgency: Mapping[int | None, int]
    """Of the channels' streams: what leaves first has the least number."""

    is_open: bool
    """Whether the session's bytes may flow. Once True it stays so."""

    left: PeerLeft | None
    """Set when the peer has ended the session."""

    @property
    def forgets_at_end(self) -> bool:
        """Whether the peer loses what it has not read of the streams when its session ends, and has one."""

    def stream_received(self, stream_id: int, data: bytes) -> tuple[Channel, bytes] | None:
        """Take the next bytes of a stream; return those of them that are a channel's, None for none.

        Raises:
            RemoteProtocolError: The connection must be closed; `farewell` may have more to say.
        """

    def stream_ended(self, stream_id: int) -> None:
        """Take note that the peer has ended or given up a direction of a stream; see `stream_received` for errors."""

    def wrap(self, data: bytes) -> bytes:
        """Return the payload of QUIC's datagram for one of the session's."""

    def unwrap(self, data: bytes) -> bytes | None:
        """Return the session's datagram in one of QUIC's; None for one that is none of the session's."""

    def writings(self) -> Sequence[Writing]:
        """Return what is to be written now; each is returned once."""

    def farewell(self, code: int, reason: str) -> Sequence[Writing]:
        """Return what tells the peer why the session ends, to be sent before the connection is closed."""

    def close_code(self, code: int) -> int:
        """Return QUIC's application error code for one of ours."""

    def code_of(self, close_code: int) -> int:
        """Return our code for QUIC's application error code of the peer."""


def urgency_of(stream_ids: Mapping[Channel, int]) -> Mapping[int | None, int]:
    """Return `Carriage.urgency` for streams."""
    return {stream_ids[channel]: place for place, channel in enumerate(BY_URGENCY)}
