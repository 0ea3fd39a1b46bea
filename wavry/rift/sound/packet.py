"""The sound packet: 16 bytes of header, then one Opus packet. WIRE.md section 5 is the definition."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntFlag

from wavry.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from wavry.rift.packet import PROTOCOL_MAJOR, Stream

_HEADER = struct.Struct(">BBBBIQ")

SOUND_HEADER_BYTES = _HEADER.size

MAX_OPUS_BYTES = 1275
"""Largest Opus packet of one frame (RFC 6716, section 3.4)."""


class SoundFlag(IntFlag):
    """Bits of the flags byte; unknown ones are ignored."""

    SILENT = 1
    """Silence follows: until the next packet nothing is lost and nothing is to be heard."""


SILENT_BIT = int(SoundFlag.SILENT)


@dataclass(slots=True)
class SoundPacket:
    """One block of sound, coded."""

    packet_id: int
    """u32 on the wire; a `SoundReceiver` gives it unwrapped, so that ids compare as numbers."""

    capture_us: int
    """When the first sample of the block was captured, microseconds on the host's monotonic clock."""

    opus: bytes
    epoch: int = 0
    """The `SoundConfig` it was coded with."""

    flags: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether silence follows."""
        return self.flags & SILENT_BIT != 0

    def to_bytes(self) -> bytes:
        """Return the datagram.

        Raises:
            LocalProtocolError: The Opus packet is empty or too large for one.
        """
        if not 1 <= len(self.opus) <= MAX_OPUS_BYTES:
            raise LocalProtocolError(f"Opus packet of {len(self.opus)} bytes, 1 to {MAX_OPUS_BYTES} are sent")
        header = _HEADER.pack(PROTOCOL_MAJOR, Stream.SOUND, self.flags, self.epoch, self.packet_id, self.capture_us)
        return header + self.opus

    @classmethod
    def from_bytes(cls, data: bytes) -> SoundPacket:
        """Read one datagram; the Opus packet is copied.

        Raises:
            RemoteProtocolError: Too short or too long, another major version (code UNSUPPORTED_VERSION) or stream, or a
                time that no clock shows.
        """
        if not SOUND_HEADER_BYTES < len(data) <= SOUND_HEADER_BYTES + MAX_OPUS_BYTES:
            raise RemoteProtocolError(f"sound packet of {len(data)} bytes")
        version, stream, flags, epoch, packet_id, capture_us = _HEADER.unpack_from(data)
        if version != PROTOCOL_MAJOR:
            raise RemoteProtocolError(
                f"packet of RIFT {version}, this side speaks {PROTOCOL_MAJOR}", code=ErrorCode.UNSUPPORTED_VERSION
            )
        if stream != Stream.SOUND:
            raise RemoteProtocolError(f"a packet of stream {stream} where sound belongs")
        if capture_us >= _TIME_LIMIT_US:
            raise RemoteProtocolError(f"sound captured at {capture_us} us")
        return cls(packet_id, capture_us, data[SOUND_HEADER_BYTES:], epoch, flags)


_TIME_LIMIT_US = 2**63
"""Times of 292,000 years are no times of a clock."""
