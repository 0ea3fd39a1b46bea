"""The settings of both ends, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from aioquic.quic.configuration import QuicConfiguration

from wavry.errors import ConfigError
from wavry.transport.quic.congestion import ALGORITHM, MAX_WINDOW_BYTES
from wavry.transport.quic.native import ALPN
from wavry.transport.quic.path_mtu import BASE_BYTES, PROBED_SIZES

DATAGRAM_OVERHEAD_BYTES = 22
"""What QUIC adds to one DATAGRAM beside the connection ID: short header, frame type and length, AEAD tag."""

LARGEST_DATAGRAM_BYTES = max(PROBED_SIZES) - DATAGRAM_OVERHEAD_BYTES
"""Largest DATAGRAM payload to any peer, one without connection IDs."""

SMALLEST_DATAGRAM_BYTES = BASE_BYTES - DATAGRAM_OVERHEAD_BYTES - 20
"""What a peer must let us send: the largest that fits on any path to any peer, whose connection IDs have 20 bytes at
most."""

CONNECTION_BYTES = 100_000
"""An idle connection of aioquic with its keys: 86 to 105 kB measured."""

BROWSER_BYTES = 26_000
"""More of a browser's connection: 9 kB measured for HTTP/3's streams, and the most that is kept of what it says."""

LEDGER_BYTES_PER_PACKET = 430
"""What aioquic remembers of a packet in flight; a DATAGRAM's bytes themselves are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuicSettings:
    """How wavry uses QUIC."""

    max_udp_payload_bytes: int = max(PROBED_SIZES)
    """Largest packets to try. Each connection begins with 1200, and goes on with the largest size that its path takes
    (`PathMtu`). 1200, which tries none, to 1452. Cost per packet is the same for all sizes, so larger is cheaper."""

    idle_timeout_s: float = 10.0
    """After this silence the peer is gone. Both sides ping every second."""

    streams_limit_bytes: int = 256 * 1024
    """Most bytes of streams that may wait for a peer that does not take them; then it loses its connection."""

    max_connections: int = 20
    """Most connections of a host whose handshake is done: 16 that are being let in, and viewers. Further ones are
    refused. About 100 kB each."""

    max_handshakes: int = 32
    """Most handshakes that a host has under way; for a further one the oldest is given up, so that nobody can keep
    others out by beginning many. At 1000 a second each has 32 ms. About 100 kB each."""

    socket_buffer_bytes: int = 1024 * 1024
    """Asked for as kernel buffers of the socket: half a second at 20 Mbit/s, so that a pause of ours loses
    nothing."""

    def __post_init__(self) -> None:
        if not BASE_BYTES <= self.max_udp_payload_bytes <= max(PROBED_SIZES):
            raise ConfigError(
                "max_udp_payload_bytes", self.max_udp_payload_bytes, f"{BASE_BYTES} to {max(PROBED_SIZES)}"
            )

    @property
    def connection_cap_bytes(self) -> int:
        """Most one connection holds: itself, its streams, and the ledger of a window full of small packets."""
        ledger = MAX_WINDOW_BYTES // BASE_BYTES * LEDGER_BYTES_PER_PACKET
        return CONNECTION_BYTES + self.streams_limit_bytes + ledger

    def configuration(self, *, is_client: bool) -> QuicConfiguration:
        """Return these settings as aioquic wants them."""
        return QuicConfiguration(
            alpn_protocols=[ALPN],
            congestion_control_algorithm=ALGORITHM,
            idle_timeout=self.idle_timeout_s,
            is_client=is_client,
            max_data=self.streams_limit_bytes,
            max_stream_data=self.streams_limit_bytes,
            max_datagram_size=BASE_BYTES,
            max_datagram_frame_size=self.max_udp_payload_bytes,
        )
