"""The request for packets that did not come: one datagram from the client to the host. WIRE.md section 4 defines it.

It travels beside the control stream, because a lost piece of the stream would hold it up for longer than it is of use.
Nobody acknowledges it; who still misses a packet asks again.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.packet import PROTOCOL_MAJOR, Stream
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER = struct.Struct(">BBB")
_ENTRY = struct.Struct(">IH")
_IDS_PER_ENTRY = 17
"""An id and the sixteen after it, the shape of RFC 4585's generic NACK (section 6.2.1)."""

MAX_NACK_ENTRIES = 32
MAX_NACK_IDS = MAX_NACK_ENTRIES * _IDS_PER_ENTRY


def serialize_nacks(packet_ids: Iterable[int]) -> list[bytes]:
    """Return datagrams that ask for packets, given in the order of their ids; losses side by side share an entry."""
    entries: list[list[int]] = []
    for packet_id in packet_ids:
        ahead = (packet_id - entries[-1][0]) & SERIAL_MASK if entries else _IDS_PER_ENTRY
        if 0 < ahead < _IDS_PER_ENTRY:
            entries[-1][1] |= 1 << (ahead - 1)
        else:
            entries.append([packet_id & SERIAL_MASK, 0])
    return [
        _HEADER.pack(PROTOCOL_MAJOR, Stream.NACK, len(some)) + b"".join(_ENTRY.pack(*entry) for entry in some)
        for some in (entries[at : at + MAX_NACK_ENTRIES] for at in range(0, len(entries), MAX_NACK_ENTRIES))
    ]


def parse_nack(data: bytes | memoryview) -> list[int]:
    """Return the ids that a datagram asks for, at most `MAX_NACK_IDS`, each as often as it was named.

    Raises:
        RemoteProtocolError: It is not a NACK, or its size is not what its count of entries says.
    """
    if len(data) < _HEADER.size:
        raise RemoteProtocolError(f"NACK of {len(data)} bytes, the header alone has {_HEADER.size}")
    version, stream, count = _HEADER.unpack_from(data)
    if version != PROTOCOL_MAJOR:
        raise RemoteProtocolError(
            f"NACK of RIFT {version}, this side speaks {PROTOCOL_MAJOR}", code=ErrorCode.UNSUPPORTED_VERSION
        )
    if stream != Stream.NACK:
        raise RemoteProtocolError(f"a packet of stream {stream} where a NACK belongs")
    if not 1 <= count <= MAX_NACK_ENTRIES or len(data) != _HEADER.size + count * _ENTRY.size:
        raise RemoteProtocolError(f"NACK of {len(data)} bytes with {count} entries")
    ids: list[int] = []
    for first, mask in _ENTRY.iter_unpack(data[_HEADER.size :]):
        ids.append(first)
        ids += [(first + 1 + bit) & SERIAL_MASK for bit in range(_IDS_PER_ENTRY - 1) if mask >> bit & 1]
    return ids
