"""What may be in flight: as much as the session says, and New Reno with a ceiling while it says nothing.

A session that hears from its peer how each packet fared knows more than QUIC: random losses are no reason to send less,
a growing queue is, and loss tells of it too late. So its word counts (`set_window`), whatever is lost. Without it New
Reno goes on from where the window was.

aioquic's own windows grow while the application has little to send, without end (33 MB after two minutes of a
2 Mbit/s stream), so that the first burst afterwards floods the path. This one grows only when it was used, and never
beyond `MAX_WINDOW_BYTES`, which also bounds aioquic's ledger of sent packets (430 bytes each).

As the one place that hears of every packet it also tells `PathMtu` of the large ones; when none arrives that is no
congestion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioquic.quic.congestion.base import K_MINIMUM_WINDOW, register_congestion_control
from aioquic.quic.congestion.reno import RenoCongestionControl

from wavry.transport.quic.path_mtu import BASE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aioquic.quic.packet_builder import QuicSentPacket

    from wavry.transport.quic.path_mtu import PathMtu

ALGORITHM = "wavry-window"

MAX_WINDOW_BYTES = 1024 * 1024
"""80 Mbit/s at 100 ms of round trip; the ledger then holds 720 packets of 1452 bytes, 310 kB."""


class SessionWindow(RenoCongestionControl):
    """A window that the session sets, or New Reno (RFC 9002, section 7) that grows only while in use (section 7.8)."""

    def __init__(self, *, max_datagram_size: int) -> None:
        super().__init__(max_datagram_size=max_datagram_size)
        self._least_bytes = K_MINIMUM_WINDOW * max_datagram_size
        self._is_set = False
        self.path: PathMtu | None = None
        """Told of large packets."""

    def set_packet_bytes(self, packet_bytes: int) -> None:
        """Count in packets of another size from now on."""
        self._max_datagram_size = packet_bytes
        self._least_bytes = K_MINIMUM_WINDOW * packet_bytes

    def set_window(self, window_bytes: int | None) -> None:
        """Let so many bytes be in flight from now on, within the bounds. None leaves it to New Reno again."""
        self._is_set = window_bytes is not None
        if window_bytes is not None:
            self.congestion_window = min(max(window_bytes, self._least_bytes), MAX_WINDOW_BYTES)
            self.ssthresh = self.congestion_window  # what New Reno goes on with: no slow start

    def on_packet_acked(self, *, now: float, packet: QuicSentPacket) -> None:
        """Grow as New Reno does, if the window is not set and was at least half full."""
        was_used = self.bytes_in_flight * 2 >= self.congestion_window
        before = self.congestion_window
        super().on_packet_acked(now=now, packet=packet)
        path = self.path
        if packet.sent_bytes > BASE_BYTES and path is not None and packet.packet_number > path.newest_arrived:
            path.newest_arrived = packet.packet_number
        may_grow = was_used and not self._is_set
        self.congestion_window = min(self.congestion_window, MAX_WINDOW_BYTES) if may_grow else before

    def on_packets_lost(self, *, now: float, packets: Iterable[QuicSentPacket]) -> None:
        """Shrink as New Reno does, if the window is not set. A packet that was too large is no reason to."""
        if self.path is not None:
            packets = self._without_too_large(packets, self.path)
        before = self.congestion_window
        super().on_packets_lost(now=now, packets=packets)
        if self._is_set:
            self.congestion_window = self.ssthresh = before

    def _without_too_large(self, packets: Iterable[QuicSentPacket], path: PathMtu) -> list[QuicSentPacket]:
        """Tell of large packets that were lost; take those out that are larger than what the path is known to take."""
        fitting: list[QuicSentPacket] = []
        for packet in packets:
            if packet.sent_bytes > path.packet_bytes:
                self.on_packets_expired(packets=(packet,))
                continue
            fitting.append(packet)
            if path.is_large(packet.sent_bytes):
                path.note_lost(packet.packet_number)
        return fitting

    def on_persistent_congestion(self) -> None:
        """Begin with the least again, if the window is not set."""
        if not self._is_set:
            super().on_persistent_congestion()


register_congestion_control(ALGORITHM, SessionWindow)
