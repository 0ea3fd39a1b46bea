"""What may be in flight: New Reno with a ceiling, and no growth that nothing proves.

aioquic's own windows grow while the application has little to send, without end (33 MB after two minutes of a
2 Mbit/s stream), so that the first burst afterwards floods the path. This one grows only when it was used, and never
beyond `MAX_WINDOW_BYTES`, which also bounds aioquic's ledger of sent packets (430 bytes each).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioquic.quic.congestion.base import register_congestion_control
from aioquic.quic.congestion.reno import RenoCongestionControl

if TYPE_CHECKING:
    from aioquic.quic.packet_builder import QuicSentPacket

ALGORITHM = "wavry-bounded-reno"

MAX_WINDOW_BYTES = 1024 * 1024
"""80 Mbit/s at 100 ms of round trip; the ledger then holds about 800 packets, 350 kB."""


class BoundedReno(RenoCongestionControl):
    """New Reno (RFC 9002, section 7) that grows only while its window is in use (section 7.8)."""

    def on_packet_acked(self, *, now: float, packet: QuicSentPacket) -> None:
        """Grow as New Reno does, if the window was at least half full."""
        was_used = self.bytes_in_flight * 2 >= self.congestion_window
        before = self.congestion_window
        super().on_packet_acked(now=now, packet=packet)
        self.congestion_window = min(self.congestion_window, MAX_WINDOW_BYTES) if was_used else before


register_congestion_control(ALGORITHM, BoundedReno)
