"""How a frame leaves protected: which parity it gets, and where that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.fec import (
    MAX_REDUNDANCY,
    MAX_WINDOW_FRAMES,
    MIN_REDUNDANCY,
    PARITY_OVERHEAD_BYTES,
    FecConfig,
    SourcePacket,
    StreamingFecEncoder,
)
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.rift.delta import RateDecision

_WINDOW_BYTES = 141_200
_WINDOW_PACKETS = 122
"""Under the parity at most: 122 packets of 1170 bytes or 99 of 1422, four frames at 17 Mbit/s. More would repair more
at higher rates, and take more than 300 kB on both ends together."""


class Protection:
    """Adds parity to frames, as much as the viewer's losses call for. One owner.

    Args:
        max_datagram_bytes: Largest datagram the transport ever takes; parity is as large as that.
        redundancy: Parity over source packets; None follows the losses.
    """

    def __init__(self, max_datagram_bytes: int, redundancy: float | None) -> None:
        self.max_source_bytes = max_datagram_bytes - PARITY_OVERHEAD_BYTES
        """Largest datagram that can be protected now."""
        self._follows_losses = redundancy is None
        config = FecConfig(_WINDOW_PACKETS, self.max_source_bytes, redundancy or MIN_REDUNDANCY)
        self.encoder = StreamingFecEncoder(config)
        """Holds the packets of the last frames; belongs into the budget."""
        self.resize(max_datagram_bytes)
        self.encoder.window_frames = 1 if self._follows_losses else MAX_WINDOW_FRAMES

    @property
    def redundancy(self) -> float:
        """Parity over source packets at this moment."""
        return self.encoder.redundancy

    def resize(self, max_datagram_bytes: int) -> None:
        """Make parity of at most so many bytes from the next frame on; it covers no frame before that."""
        self.max_source_bytes = max_datagram_bytes - PARITY_OVERHEAD_BYTES
        window_packets = min(_WINDOW_BYTES // self.max_source_bytes, _WINDOW_PACKETS)
        self.encoder.resize(window_packets, self.max_source_bytes)

    @property
    def most_redundancy(self) -> float:
        """What `redundancy` may become."""
        return MAX_REDUNDANCY if self._follows_losses else self.redundancy

    def expected_parity(self, packets: int, redundancy: float) -> int:
        """Return how much parity a frame of so many packets gets at most."""
        least_window = min(_WINDOW_BYTES // self.encoder.config.symbol_size, _WINDOW_PACKETS)
        return int(packets * redundancy) + 2 + packets // least_window

    def protect(self, datagrams: Sequence[bytes], first_packet_id: int) -> list[bytes]:
        """Return a frame's datagrams with their parity.

        All parity covers the whole frame, and the frames before it on a link that loses. It stands behind the frame:
        among its last packets it would repair no more (docs/loss.md), and the viewer would compute packets that are
        only about to come, 0.5 ms a frame.

        Args:
            datagrams: In order, at least one; kept by reference for a few frames.
            first_packet_id: Of the first; the others follow it.
        """
        encoder = self.encoder
        frame: list[bytes] = []
        for place, datagram in enumerate(datagrams):
            frame.append(datagram)
            early = encoder.add_source_packet(SourcePacket((first_packet_id + place) & SERIAL_MASK, datagram))
            frame += [parity.to_bytes() for parity in early]  # the frame is larger than a window
        return frame + [parity.to_bytes() for parity in encoder.end_frame()]

    def take_back(self, packet_id: int) -> None:
        """Forget packets from an id on: they and their parity never leave."""
        self.encoder.rewind(packet_id)

    def follow(self, decision: RateDecision) -> None:
        """Let what the viewer lost decide how much parity it gets, unless that is fixed."""
        if self._follows_losses:
            self.encoder.redundancy = min(max(decision.redundancy, MIN_REDUNDANCY), MAX_REDUNDANCY)
            self.encoder.window_frames = decision.window_frames
