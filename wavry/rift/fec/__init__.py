"""Streaming forward error correction: parity packets from which lost packets are computed.

         SourcePacket                         SourcePacket, ParityPacket
              │                                          │
   StreamingFecEncoder.add_source_packet      StreamingFecDecoder.add_source_packet
              │  .end_frame                              │  .add_parity_packet
         ParityPacket ═══════ datagram ═══════►  SourcePackets that became known

Systematic Reed-Solomon over GF(2^8): source packets leave as they are. A parity packet covers the packets of the last
frames and says which; it repairs any one of them, and together the parity packets of a window repair as many as there
are of them (`wavry.rift.fec.coefficients` says what holds across windows). WIRE.md section 3 has the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.lazy import on_demand
from wavry.rift.fec.config import MAX_REDUNDANCY, MAX_WINDOW_FRAMES, MAX_WINDOW_PACKETS, MIN_REDUNDANCY, FecConfig
from wavry.rift.fec.packets import PARITY_OVERHEAD_BYTES, ParityFamily, ParityPacket, SourcePacket

if TYPE_CHECKING:
    from wavry.rift.fec.decoder import StreamingFecDecoder
    from wavry.rift.fec.encoder import StreamingFecEncoder

__all__ = [
    "MAX_REDUNDANCY",
    "MAX_WINDOW_FRAMES",
    "MAX_WINDOW_PACKETS",
    "MIN_REDUNDANCY",
    "PARITY_OVERHEAD_BYTES",
    "FecConfig",
    "ParityFamily",
    "ParityPacket",
    "SourcePacket",
    "StreamingFecDecoder",
    "StreamingFecEncoder",
    "load_arithmetic",
]


def load_arithmetic() -> None:
    """Load what computing parity and repairs takes, before the first is due: 90 ms and 12 MB, most of it numpy.

    Any thread; on one of its own it holds up the others for 10 ms at most. Without this the first repair loads it.
    """
    from wavry.rift.fec.kernel import load_tables

    load_tables()


__getattr__ = on_demand(
    globals(),
    {"StreamingFecDecoder": "decoder", "StreamingFecEncoder": "encoder"},
)
"""What only one of the two ends needs."""
