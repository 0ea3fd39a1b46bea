"""From access units to datagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.errors import ConfigError, LocalProtocolError
from wavry.rift.packet import (
    HEADER,
    HEADER_BYTES,
    KEYFRAME_BIT,
    MAX_DATAGRAM_BYTES,
    MAX_UNIT_BYTES,
    PROTOCOL_MAJOR,
    UNIT_HEADER,
    UNIT_HEADER_BYTES,
    Stream,
)
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from wavry.media import AccessUnit

_U32_MAX = 2**32 - 1

_MIN_PACKET_BYTES = 256
"""What `MIN_DATAGRAM_BYTES` leaves beside parity's own header, and far enough above the header."""


class Packetizer:
    """Cuts access units into datagrams and numbers these.

    Args:
        max_datagram_bytes: Largest datagram the transport takes, RIFT header included; 1170 over aioquic at 1200.
            May be set later, and counts from the next unit on.
        stream: Whose packet ids these are.
        first_packet_id: Where the ids begin. WIRE.md says 0 for a new connection.
    """

    def __init__(self, max_datagram_bytes: int, *, stream: int = Stream.VIDEO, first_packet_id: int = 0) -> None:
        self.max_datagram_bytes = max_datagram_bytes
        self._stream = int(stream)
        self._next_packet_id = first_packet_id & SERIAL_MASK

    @property
    def max_datagram_bytes(self) -> int:
        """Largest datagram that it makes.

        Raises:
            ConfigError: When set to what is too small or too large.
        """
        return self._max_payload_bytes + HEADER_BYTES

    @max_datagram_bytes.setter
    def max_datagram_bytes(self, max_bytes: int) -> None:
        if not _MIN_PACKET_BYTES <= max_bytes <= MAX_DATAGRAM_BYTES:
            raise ConfigError("max_datagram_bytes", max_bytes, f"{_MIN_PACKET_BYTES} to {MAX_DATAGRAM_BYTES}")
        self._max_payload_bytes = max_bytes - HEADER_BYTES

    @property
    def next_packet_id(self) -> int:
        """The id that the next packet gets."""
        return self._next_packet_id

    def rewind_to(self, packet_id: int) -> None:
        """Use an id and those after it again, because the packets that had them will never leave.

        The peer then sees no hole where nothing was lost on the way.
        """
        self._next_packet_id = packet_id & SERIAL_MASK

    def wire_bytes(self, data_bytes: int, max_datagram_bytes: int | None = None) -> tuple[int, int]:
        """Return how many packets a unit of `data_bytes` takes, and their bytes together, at this size or another."""
        payload_bytes = self._max_payload_bytes if max_datagram_bytes is None else max_datagram_bytes - HEADER_BYTES
        total_bytes = UNIT_HEADER_BYTES + data_bytes
        packets = -(-total_bytes // payload_bytes)
        return packets, total_bytes + packets * HEADER_BYTES

    def packetize(self, unit: AccessUnit) -> list[bytes]:
        """Cut one unit into datagrams, in order, their sizes equal to within one byte.

        Even sizes rather than a short last one: what parity will cost is set by the largest packet.

        Returns:
            At least one datagram, each at most `max_datagram_bytes`. The data is copied once.

        Raises:
            LocalProtocolError: The unit is larger than `MAX_UNIT_BYTES`, or a field of it does not fit the wire.
        """
        data = unit.data
        if len(data) > MAX_UNIT_BYTES:
            raise LocalProtocolError(f"access unit of {len(data)} bytes, at most {MAX_UNIT_BYTES} are sent")
        if not (0 <= unit.frame_id <= _U32_MAX and 0 <= unit.epoch <= 255 and 0 <= unit.capture_us < 2**64):
            raise LocalProtocolError(f"frame id {unit.frame_id}, epoch {unit.epoch}, capture time {unit.capture_us}")

        count, _ = self.wire_bytes(len(data))
        size, larger = divmod(UNIT_HEADER_BYTES + len(data), count)
        flags = KEYFRAME_BIT if unit.is_keyframe else 0
        stream, epoch, frame_id, capture_us = self._stream, unit.epoch, unit.frame_id, unit.capture_us
        packet_id = self._next_packet_id
        pack, view = HEADER.pack, memoryview(data)

        datagrams: list[bytes] = []
        begin = 0
        for index in range(count):
            header = pack(PROTOCOL_MAJOR, stream, flags, epoch, packet_id, frame_id, index, count, capture_us)
            packet_id = (packet_id + 1) & SERIAL_MASK
            if index == 0:
                header += _unit_header(unit)
                end = size - UNIT_HEADER_BYTES + (larger > 0)
            else:
                end = begin + size + (index < larger)
            datagrams.append(header + view[begin:end])
            begin = end
        self._next_packet_id = packet_id
        return datagrams


def _unit_header(unit: AccessUnit) -> bytes:
    """Return the timings; one that is negative or beyond 71 minutes saturates."""
    timings = unit.timings
    return UNIT_HEADER.pack(
        min(max(timings.captured_us, 0), _U32_MAX),
        min(max(timings.encode_started_us, 0), _U32_MAX),
        min(max(timings.encoded_us, 0), _U32_MAX),
    )
