"""The packet: 24 bytes of header, then a fragment of one access unit. WIRE.md section 2 is the definition."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from wavry.errors import ErrorCode, RemoteProtocolError

PROTOCOL_MAJOR = 1
"""First byte of every packet and `Hello.version_major`. Another value means that nothing can be understood."""

PROTOCOL_MINOR = 4
"""Grows when fields, flags, streams or message kinds are added; peers of unlike minors understand each other."""

HEADER = struct.Struct(">BBBBIIHHQ")
HEADER_BYTES = HEADER.size

UNIT_HEADER = struct.Struct(">III")
"""`UnitTimings`, at the head of the first fragment's payload."""

UNIT_HEADER_BYTES = UNIT_HEADER.size

MIN_DATAGRAM_BYTES = 512
"""Smallest datagram limit we send with. QUIC promises 1200-byte packets; below this, headers would outweigh data."""

MAX_DATAGRAM_BYTES = 65_535
"""Nothing larger fits into a UDP datagram."""

MAX_UNIT_BYTES = 1_500_000
"""Largest access unit. With the headers of its fragments it fits into the default reorder window of 2_000_000 bytes,
so that a whole unit can be out of order. A VBV of two frames keeps real ones below 100 kB at 20 Mbit/s."""


class Stream(IntEnum):
    """What a packet carries. Each stream has a packet id space of its own; unknown ones are skipped."""

    VIDEO = 0
    PARITY = 1
    """Has no ids of its own: it repairs those of the video stream (`fec.ParityPacket`)."""

    NACK = 2
    """From client to host: requests for packets of `VIDEO` (`nack.py`)."""

    ARRIVALS = 3
    """Client to host: when packets arrived (`arrivals.py`)."""

    SOUND = 4
    """Opus packets, with ids of their own (`sound/packet.py`)."""

    SOUND_PARITY = 5
    """Repairs `SOUND` (`fec.ParityPacket`)."""

    POINTER = 6
    """Client to host: where the pointer is; the newest wins."""

    CURSOR = 7
    """Host to client: where the pointer is; the newest wins."""

    PADS = 8
    """Client to host: the axes of a game pad; the newest wins."""


class PacketFlag(IntFlag):
    """Bits of the flags byte; unknown ones are ignored."""

    KEYFRAME = 1
    """The fragment belongs to a keyframe. The same on every fragment of a unit."""

    RETRANSMITTED = 2
    """The packet was asked for and is sent again. Apart from this bit it is the same."""


RETRANSMITTED_BIT = int(PacketFlag.RETRANSMITTED)
KEYFRAME_BIT = int(PacketFlag.KEYFRAME)
"""The same as a plain integer: `&` with an `IntFlag` costs 0.5 µs, a third of a packet's whole way."""


@dataclass(slots=True)
class Packet:
    """One parsed packet. `payload` is what follows the header, of the type that `parse` was given."""

    stream: int
    flags: int
    epoch: int
    packet_id: int
    frame_id: int
    fragment_index: int
    fragment_count: int
    capture_us: int
    payload: bytes | memoryview

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Packet:
        """Read one datagram.

        Args:
            data: The whole datagram. Of bytes the payload is a copy (59 ns for 1146 bytes, a view takes 104 and
                keeps the header alive); of a memoryview it is a view on the caller's memory.

        Raises:
            RemoteProtocolError: Too short, another major version (code UNSUPPORTED_VERSION), or a fragment index
                that is not below the fragment count.
        """
        if len(data) < HEADER_BYTES:
            raise RemoteProtocolError(f"packet of {len(data)} bytes, the header alone has {HEADER_BYTES}")
        version, stream, flags, epoch, packet_id, frame_id, index, count, capture_us = HEADER.unpack_from(data)
        if version != PROTOCOL_MAJOR:
            raise RemoteProtocolError(
                f"packet of RIFT {version}, this side speaks {PROTOCOL_MAJOR}", code=ErrorCode.UNSUPPORTED_VERSION
            )
        if index >= count:
            raise RemoteProtocolError(f"fragment {index} of {count}")
        return cls(stream, flags, epoch, packet_id, frame_id, index, count, capture_us, data[HEADER_BYTES:])

    def serialize(self) -> bytes:
        """Return the datagram. Fields must be in their ranges; `Packetizer` is the usual way to make packets."""
        header = HEADER.pack(
            PROTOCOL_MAJOR,
            self.stream,
            self.flags,
            self.epoch,
            self.packet_id,
            self.frame_id,
            self.fragment_index,
            self.fragment_count,
            self.capture_us,
        )
        return header + self.payload

    @property
    def is_keyframe(self) -> bool:
        """Whether the fragment belongs to a keyframe."""
        return self.flags & KEYFRAME_BIT != 0


def packet_id_of(datagram: bytes) -> int:
    """Return the id of a whole packet without parsing the rest: 0.1 µs."""
    return int.from_bytes(datagram[4:8], "big")


def mark_retransmitted(datagram: bytes) -> bytes:
    """Return a packet as it is when it is sent again."""
    return datagram[:_FLAGS_AT] + bytes([datagram[_FLAGS_AT] | RETRANSMITTED_BIT]) + datagram[_FLAGS_AT + 1 :]


def unmark_retransmitted(datagram: bytes) -> bytes:
    """Return a packet that was sent again as it was the first time."""
    return datagram[:_FLAGS_AT] + bytes([datagram[_FLAGS_AT] & ~RETRANSMITTED_BIT]) + datagram[_FLAGS_AT + 1 :]


_FLAGS_AT = 2
