"""As much of HTTP/3 as one WebTransport session needs, on the host's side (RFC 9114, 9204, 9297). Sans-IO.

aioquic's own `H3Connection` keeps frames of whatever length a peer announces, a table of headers that makes a kilobyte
of a byte, and closes the connection by itself. Here no table is offered, what is kept is bounded by constants, and
whatever is wrong is a `RemoteProtocolError`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import pylsqpack

from wavry.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

MAX_HEADERS_BYTES = 1024
"""Of a request, as they travel. A browser's have about 250; a byte of them makes at most a few hundred in memory."""

MAX_SETTINGS_BYTES = 256


class Frame(IntEnum):
    """Types of frames, of RFC 9114 and of WebTransport."""

    DATA = 0x0
    HEADERS = 0x1
    CANCEL_PUSH = 0x3
    SETTINGS = 0x4
    PUSH_PROMISE = 0x5
    GOAWAY = 0x7
    MAX_PUSH_ID = 0xD
    WEBTRANSPORT_STREAM = 0x41


_HTTP2_FRAMES = frozenset({0x2, 0x6, 0x8, 0x9})
FORBIDDEN_IN_CONTROL = frozenset({Frame.DATA, Frame.HEADERS, Frame.PUSH_PROMISE, Frame.WEBTRANSPORT_STREAM}) | (
    _HTTP2_FRAMES
)
FORBIDDEN_IN_REQUEST = (
    frozenset(
        {
            Frame.CANCEL_PUSH,
            Frame.SETTINGS,
            Frame.PUSH_PROMISE,
            Frame.GOAWAY,
            Frame.MAX_PUSH_ID,
            Frame.WEBTRANSPORT_STREAM,
        }
    )
    | _HTTP2_FRAMES
)


class Stream(IntEnum):
    """Types of unidirectional streams."""

    CONTROL = 0
    PUSH = 1
    QPACK_ENCODER = 2
    QPACK_DECODER = 3
    WEBTRANSPORT = 0x54


class Setting(IntEnum):
    """Names of settings."""

    MAX_FIELD_SECTION_SIZE = 0x6
    ENABLE_CONNECT_PROTOCOL = 0x8
    H3_DATAGRAM = 0x33
    ENABLE_WEBTRANSPORT = 0x2B603742


_HTTP2_SETTINGS = frozenset({0x0, 0x2, 0x3, 0x4, 0x5})


def encode_varint(value: int) -> bytes:
    """Return QUIC's variable-length integer (RFC 9000, section 16)."""
    for prefix, size in ((0, 1), (1, 2), (2, 4), (3, 8)):
        if value < 1 << (8 * size - 2):
            return (value | prefix << (8 * size - 2)).to_bytes(size, "big")
    raise ValueError(f"{value} is no variable-length integer")


def pull_varint(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return the integer at a place and the place behind it; None while it is not whole."""
    if at >= len(data):
        return None
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        return None
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


class Records:
    """Splits a stream into type, length, value: frames of HTTP/3, or capsules. One owner.

    Args:
        kept: Types whose values are wanted whole.
        max_bytes: Longest of them. No other value is kept, whatever its length.
    """

    def __init__(self, kept: Container[int], max_bytes: int) -> None:
        self._kept = kept
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._skip_bytes = 0

    def feed(self, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Take the next bytes; yield each record that is kept when it is whole, others empty when they begin.

        Raises:
            RemoteProtocolError: One that is kept is too long.
        """
        self._buffer += data
        while True:
            skipped = min(self._skip_bytes, len(self._buffer))
            del self._buffer[:skipped]
            self._skip_bytes -= skipped
            head = self._head()
            if head is None:
                return
            kind, size, begin = head
            if kind not in self._kept:
                del self._buffer[:begin]
                self._skip_bytes = size
                yield kind, b""
                continue
            if size > self._max_bytes:
                raise RemoteProtocolError(f"HTTP: {size} bytes of type {kind:#x} are too many")
            if len(self._buffer) < begin + size:
                return
            value = bytes(self._buffer[begin : begin + size])
            del self._buffer[: begin + size]
            yield kind, value

    def _head(self) -> tuple[int, int, int] | None:
        """Return type, length, and where the value begins."""
        if (kind := pull_varint(self._buffer, 0)) is None or (size := pull_varint(self._buffer, kind[1])) is None:
            return None
        return kind[0], *size


def encode_record(kind: int, value: bytes) -> bytes:
    """Return one frame, or one capsule."""
    return encode_varint(kind) + encode_varint(len(value)) + value


def encode_settings(settings: dict[Setting, int]) -> bytes:
    """Return the value of a SETTINGS frame."""
    return b"".join(encode_varint(name) + encode_varint(value) for name, value in settings.items())


def parse_settings(data: bytes) -> dict[int, int]:
    """Return what a SETTINGS frame says.

    Raises:
        RemoteProtocolError: It is cut, says something twice, or something of HTTP/2.
    """
    settings: dict[int, int] = {}
    at = 0
    while at < len(data):
        if (name := pull_varint(data, at)) is None or (value := pull_varint(data, name[1])) is None:
            raise RemoteProtocolError("HTTP: settings are cut")
        if name[0] in settings or name[0] in _HTTP2_SETTINGS:
            raise RemoteProtocolError(f"HTTP: setting {name[0]:#x} is not to be said, or not twice")
        settings[name[0]], at = value
    return settings


def parse_headers(block: bytes) -> list[tuple[bytes, bytes]]:
    """Return the fields of a HEADERS frame whose peer was offered no dynamic table.

    Raises:
        RemoteProtocolError: It can't be read without one, or not at all.
    """
    try:
        _, fields = pylsqpack.Decoder(0, 0).feed_header(0, block)
    except (pylsqpack.DecompressionFailed, pylsqpack.StreamBlocked, ValueError) as error:
        raise RemoteProtocolError("HTTP: headers can't be read") from error
    return fields


def encode_status(status: int) -> bytes:
    """Return the HEADERS frame of a response that has nothing but its status."""
    _, block = pylsqpack.Encoder().encode(0, [(b":status", b"%d" % status)])
    return encode_record(Frame.HEADERS, block)
