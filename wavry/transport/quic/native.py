"""The native door: nothing between QUIC and the session. WIRE.md, section 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.errors import RemoteProtocolError
from wavry.transport.base import Channel
from wavry.transport.quic.carriage import PeerLeft, Writing, urgency_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wavry.transport.base import DoorName

ALPN = "wavry/1"

STREAM_IDS = {channel: 4 * channel for channel in Channel}
"""The client's first bidirectional streams; there are no others."""

_CHANNELS = {stream_id: channel for channel, stream_id in STREAM_IDS.items()}


class NativeCarriage:
    """A `Carriage` that adds nothing and keeps nothing."""

    door: DoorName = "quic"
    datagram_overhead_bytes = 0
    stream_ids: Mapping[Channel, int] = STREAM_IDS
    urgency = urgency_of(STREAM_IDS)
    is_open = True
    left: PeerLeft | None = None

    def stream_received(self, stream_id: int, data: bytes) -> tuple[Channel, bytes] | None:
        """Take a channel's bytes."""
        channel = _CHANNELS.get(stream_id)
        if channel is None:
            raise RemoteProtocolError(f"stream {stream_id} is not part of the protocol")
        return channel, data

    def stream_ended(self, stream_id: int) -> None:
        """Refuse: the streams last as long as the connection."""
        raise RemoteProtocolError("a stream was ended")

    def wrap(self, data: bytes) -> bytes:
        """Return it as it is."""
        return data

    def unwrap(self, data: bytes) -> bytes | None:
        """Return it as it is."""
        return data

    def writings(self) -> Sequence[Writing]:
        """Say nothing besides the session's bytes."""
        return ()

    @property
    def forgets_at_end(self) -> bool:
        """It keeps what has come."""
        return False

    def farewell(self, code: int, reason: str) -> Sequence[Writing]:
        """Say nothing: QUIC's CONNECTION_CLOSE says it all."""
        return ()

    def close_code(self, code: int) -> int:
        """Return it as it is."""
        return code

    def code_of(self, close_code: int) -> int:
        """Return it as it is."""
        return close_code
