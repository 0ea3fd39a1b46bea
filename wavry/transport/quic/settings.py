"""The settings of both ends, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE, QuicConfiguration

from wavry.errors import ConfigError
from wavry.transport.quic.congestion import ALGORITHM, MAX_WINDOW_BYTES

ALPN = "wavry/1"

DATAGRAM_OVERHEAD_BYTES = 22
"""What QUIC adds to one DATAGRAM beside the connection ID: short header, frame type and length, AEAD tag."""

CONNECTION_BYTES = 100_000
"""An idle connection of aioquic with its keys: 86 to 105 kB measured."""

LEDGER_BYTES_PER_PACKET = 430
"""What aioquic remembers of a packet in flight; a DATAGRAM's bytes themselves are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuicSettings:
    """How wavry uses QUIC."""

    max_udp_payload_bytes: int = 1350
    """Size of the packets; 1350 fits every common path (Ethernet, PPPoE, WireGuard). The handshake is padded to it,
    so a path that can't carry it fails at once instead of losing pictures. 1200 to 1452. Cost per packet is the
    same for all sizes, so larger is cheaper."""

    idle_timeout_s: float = 10.0
    """After this silence the peer is gone. Both sides ping every second."""

    control_limit_bytes: int = 256 * 1024
    """Most control bytes that may wait for a peer that does not take them; then it loses its connection."""

    max_connections: int = 16
    """Most connections of a host, handshakes included; further ones are refused. About 100 kB each."""

    socket_buffer_bytes: int = 1024 * 1024
    """Asked for as kernel buffers of the socket: half a second at 20 Mbit/s, so that a pause of ours loses
    nothing."""

    def __post_init__(self) -> None:
        if not SMALLEST_MAX_DATAGRAM_SIZE <= self.max_udp_payload_bytes <= 1452:
            raise ConfigError("max_udp_payload_bytes", self.max_udp_payload_bytes, "1200 to 1452")

    def max_datagram_bytes(self, connection_id_bytes: int) -> int:
        """Return the largest DATAGRAM payload that fits into one packet to a peer with such a connection ID."""
        return self.max_udp_payload_bytes - DATAGRAM_OVERHEAD_BYTES - connection_id_bytes

    @property
    def connection_cap_bytes(self) -> int:
        """Most one connection holds: itself, its control stream, and the ledger of a full window."""
        ledger = MAX_WINDOW_BYTES // self.max_udp_payload_bytes * LEDGER_BYTES_PER_PACKET
        return CONNECTION_BYTES + self.control_limit_bytes + ledger

    def configuration(self, *, is_client: bool) -> QuicConfiguration:
        """Return these settings as aioquic wants them."""
        return QuicConfiguration(
            alpn_protocols=[ALPN],
            congestion_control_algorithm=ALGORITHM,
            idle_timeout=self.idle_timeout_s,
            is_client=is_client,
            max_data=self.control_limit_bytes,
            max_stream_data=self.control_limit_bytes,
            max_datagram_size=self.max_udp_payload_bytes,
            max_datagram_frame_size=self.max_udp_payload_bytes,
        )
