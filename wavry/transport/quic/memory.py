"""What QUIC connections hold, for the budget. aioquic keeps no account, so the parts are estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.transport.quic.settings import BROWSER_BYTES, CONNECTION_BYTES, LEDGER_BYTES_PER_PACKET

if TYPE_CHECKING:
    from collections.abc import Collection

    from wavry.transport.quic.connection import QuicLink
    from wavry.transport.quic.settings import QuicSettings


class ConnectionMemory:
    """The account of one socket's connections. On the loop.

    Args:
        connections: Those that are open; looked at whenever somebody asks.
        max_connections: Most there can be.
        settings: Of each.
        max_handshakes: Most handshakes beside them.
        has_browsers: Whether browsers may come, whose handshakes may hold streams while their session has not begun.
    """

    policy = "the oldest handshake is given up, further connections are refused"

    def __init__(
        self,
        connections: Collection[QuicLink],
        max_connections: int,
        settings: QuicSettings,
        *,
        max_handshakes: int = 0,
        has_browsers: bool = False,
    ) -> None:
        self._connections = connections
        connection_bytes, handshake_bytes = settings.connection_cap_bytes, CONNECTION_BYTES
        if has_browsers:
            connection_bytes += BROWSER_BYTES
            handshake_bytes += BROWSER_BYTES + settings.streams_limit_bytes
        self.cap_bytes = max_connections * connection_bytes + max_handshakes * handshake_bytes
        """All connections with full windows and control streams."""
        self._high_water_bytes = 0
        self.drops = 0
        """Handshakes that were given up, and connections that were refused."""

    @property
    def used_bytes(self) -> int:
        """The connections that are open, with what waits in them and their ledgers of what is on its way."""
        used = sum(
            CONNECTION_BYTES
            + (BROWSER_BYTES if link.door == "web" else 0)
            + link.send_buffer_bytes
            + link.packets_in_ledger * LEDGER_BYTES_PER_PACKET
            for link in self._connections
        )
        self._high_water_bytes = max(self._high_water_bytes, used)
        return used

    @property
    def high_water_bytes(self) -> int:
        """Most that was seen when somebody asked."""
        return max(self._high_water_bytes, self.used_bytes)
