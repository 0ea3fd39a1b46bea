"""Where the host's pointer is, one datagram each: the newest wins. WIRE.md section 9 is the definition."""

from __future__ import annotations

import struct
from typing import NamedTuple

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.packet import PROTOCOL_MAJOR, Stream

_CURSOR = struct.Struct(">BBBBIHH")

_IS_INSIDE = 1

MAX_SHARE = 0xFFFF


class CursorPlace(NamedTuple):
    """Where the pointer is on the host's screen."""

    is_inside: bool
    """Whether it is in the captured part; otherwise `x` and `y` are where it left."""

    x: int
    y: int
    """Share of the stream's width and height: 0 is the middle of the first pixel, 65_535 of the last."""

    warps: int = 0
    """Counts how often a program of the host moved the pointer, modulo 256."""


class CursorState(NamedTuple):
    """A place with its number."""

    sequence: int
    """Counts the states of a session, modulo 2^32."""

    place: CursorPlace

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        is_inside, x, y, warps = self.place
        flags = _IS_INSIDE if is_inside else 0
        return _CURSOR.pack(PROTOCOL_MAJOR, Stream.CURSOR, flags, warps, self.sequence, x, y)

    @classmethod
    def from_bytes(cls, data: bytes) -> CursorState:
        """Parse a datagram of the cursor's stream.

        Raises:
            RemoteProtocolError: It has another size or version.
        """
        if len(data) != _CURSOR.size:
            raise RemoteProtocolError(f"cursor datagram of {len(data)} bytes, {_CURSOR.size} expected")
        version, _, flags, warps, sequence, x, y = _CURSOR.unpack(data)
        if version != PROTOCOL_MAJOR:
            raise RemoteProtocolError(f"cursor datagram of version {version}", code=ErrorCode.UNSUPPORTED_VERSION)
        return cls(sequence, CursorPlace(bool(flags & _IS_INSIDE), x, y, warps))
