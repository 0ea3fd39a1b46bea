"""States of pointer and pads, one datagram each: the newest wins. WIRE.md section 8 is the definition."""

from __future__ import annotations

import struct
from typing import NamedTuple

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.input.messages import MAX_PADS
from wavry.rift.packet import PROTOCOL_MAJOR, Stream

_POINTER = struct.Struct(">BBBxIHHii")
_PAD = struct.Struct(">BBBxIhhhhhh")

_IS_RELATIVE = 1


class PointerState(NamedTuple):
    """Where the pointer is, or how far it has gone."""

    sequence: int
    """Counts the states of a session, modulo 2^32."""

    is_relative: bool
    """Whether the pointer is locked: then `dx` and `dy` count, otherwise `x` and `y`."""

    x: int
    y: int
    """Share of the stream's width and height, 0 to 65_535 (`messages.Place`)."""

    dx: int
    dy: int
    """Counts of the mouse since the session began, right and down, modulo 2^32 as signed numbers: what a lost datagram
    would have told is in the next one."""

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        flags = _IS_RELATIVE if self.is_relative else 0
        return _POINTER.pack(
            PROTOCOL_MAJOR, Stream.POINTER, flags, self.sequence, self.x, self.y, _signed(self.dx), _signed(self.dy)
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> PointerState:
        """Parse a datagram of the pointer's stream.

        Raises:
            RemoteProtocolError: It has another size or version.
        """
        _check(data, _POINTER.size)
        _, _, flags, sequence, x, y, dx, dy = _POINTER.unpack(data)
        return cls(sequence, bool(flags & _IS_RELATIVE), x, y, dx, dy)


class PadState(NamedTuple):
    """The axes of a game pad, as SDL has them: sticks -32_768 to 32_767 (right and down positive), triggers from 0."""

    sequence: int
    pad: int
    left_x: int
    left_y: int
    right_x: int
    right_y: int
    left_trigger: int
    right_trigger: int

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        return _PAD.pack(PROTOCOL_MAJOR, Stream.PADS, self.pad, self.sequence, *self[2:])

    @classmethod
    def from_bytes(cls, data: bytes) -> PadState:
        """Parse a datagram of the pads' stream.

        Raises:
            RemoteProtocolError: It has another size or version, or a pad or trigger that can't be.
        """
        _check(data, _PAD.size)
        _, _, pad, sequence, *axes = _PAD.unpack(data)
        if pad >= MAX_PADS or min(axes[4:]) < 0:
            raise RemoteProtocolError(f"state of pad {pad} with triggers {axes[4:]}")
        return cls(sequence, pad, *axes)


def _check(data: bytes, size_bytes: int) -> None:
    if len(data) != size_bytes:
        raise RemoteProtocolError(f"input datagram of {len(data)} bytes, {size_bytes} expected")
    if data[0] != PROTOCOL_MAJOR:
        raise RemoteProtocolError(f"input datagram of version {data[0]}", code=ErrorCode.UNSUPPORTED_VERSION)


def _signed(count: int) -> int:
    """Return a count modulo 2^32, as a signed number."""
    return (count + 2**31) % 2**32 - 2**31
