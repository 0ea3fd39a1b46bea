"""What the code protects and what it adds. WIRE.md section 3 is the definition of the parity packet's bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.fec.config import MAX_WINDOW_PACKETS
from wavry.rift.packet import PROTOCOL_MAJOR, Stream
from wavry.rift.sequence import SERIAL_MASK

PARITY_HEADER = struct.Struct(">BBBBBBBI")

LENGTH_BYTES = 2
"""Each symbol begins with the length of its payload, big-endian, so that packets of unlike lengths share a window."""

PARITY_OVERHEAD_BYTES = PARITY_HEADER.size + LENGTH_BYTES
"""How much larger than the largest source payload under it a parity packet is."""

MAX_LABELS = 255
"""Source and parity packets that can tell each other apart: the elements of the field but zero."""


class ParityFamily(IntEnum):
    """Which coefficients a parity packet was made with; `wavry.rift.fec.coefficients` has them."""

    BLOCK = 0
    """One of `parity_count` bytes that reedsolo appends to each column of the window."""

    SLIDING = 1
    """Windows overlap, and the packets of several flushes repair together."""


@dataclass(slots=True)
class SourcePacket:
    """One packet that is protected."""

    packet_id: int
    """u32, counts without a gap and wraps."""

    payload: bytes
    """Opaque. The code keeps it by reference."""


@dataclass(slots=True)
class ParityPacket:
    """A weighted sum of the packets of one window, from which one of them can be computed."""

    family: ParityFamily
    first_packet_id: int
    """u32, the oldest source packet of the window."""

    source_count: int
    """Packets of the window, in the order of their ids. 1 to 200."""

    index: int
    """Which of the window's parity packets this is, below `parity_count`."""

    parity_count: int
    """One more than the index of the last of them. Together with `source_count` at most 255."""

    retiring_count: int
    """How many of the window's oldest packets no later window covers. At most `source_count`."""

    payload: bytes
    """As long as the longest symbol of the window: 2 bytes of length and the payload."""

    @property
    def last_packet_id(self) -> int:
        """u32, the newest source packet of the window."""
        return (self.first_packet_id + self.source_count - 1) & SERIAL_MASK

    def to_bytes(self, stream: int = Stream.PARITY) -> bytes:
        """Return the datagram; at most `PARITY_OVERHEAD_BYTES` larger than the largest source payload."""
        header = PARITY_HEADER.pack(
            PROTOCOL_MAJOR,
            stream,
            self.family,
            self.source_count,
            self.index,
            self.parity_count,
            self.retiring_count,
            self.first_packet_id,
        )
        return header + self.payload

    @classmethod
    def from_bytes(cls, data: bytes | memoryview, of: int = Stream.PARITY) -> ParityPacket:
        """Read one datagram of a parity stream; its payload is copied.

        Raises:
            RemoteProtocolError: It is too short, of another major version (code UNSUPPORTED_VERSION) or stream, or
                its numbers contradict each other. That the payload is not too long is for the decoder to see.
        """
        if len(data) < PARITY_OVERHEAD_BYTES:
            raise RemoteProtocolError(f"parity packet of {len(data)} bytes, at least {PARITY_OVERHEAD_BYTES}")
        version, stream, family, sources, index, parities, retiring, first = PARITY_HEADER.unpack_from(data)
        if version != PROTOCOL_MAJOR:
            raise RemoteProtocolError(
                f"packet of RIFT {version}, this side speaks {PROTOCOL_MAJOR}", code=ErrorCode.UNSUPPORTED_VERSION
            )
        if stream != of or family > 1:
            raise RemoteProtocolError(f"parity of family {family} on stream {stream}")
        if not 1 <= sources <= MAX_WINDOW_PACKETS or retiring > sources:
            raise RemoteProtocolError(f"parity over {sources} packets, {retiring} of them retiring")
        if index >= parities or sources + parities > MAX_LABELS:
            raise RemoteProtocolError(f"parity {index} of {parities} over {sources} packets")
        payload = bytes(data[PARITY_HEADER.size :])
        return cls(_FAMILIES[family], first, sources, index, parities, retiring, payload)


_FAMILIES = tuple(ParityFamily)
"""Indexing this takes 20 ns, calling the enum 150."""
