"""What a browser says of HTTP/3, byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pylsqpack
from aioquic.buffer import encode_uint_var

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGIN = "https://host.example:4791"

REQUEST: Mapping[bytes, bytes] = {
    b":method": b"CONNECT",
    b":protocol": b"webtransport",
    b":scheme": b"https",
    b":authority": b"host.example:4790",
    b":path": b"/wavry",
    b"origin": ORIGIN.encode(),
}

CLOSE_SESSION = 0x2843
SETTINGS = b"\x01\x00\x06\x44\x00\x07\x00\x33\x01\xab\x60\x37\x42\x01"
"""What a browser says it can: QPACK without a table, datagrams, WebTransport."""

PREAMBLE = b"\x40\x41\x00"
"""What a stream of session 0 begins with."""


def record(kind: int, value: bytes) -> bytes:
    """A frame, or a capsule."""
    return encode_uint_var(kind) + encode_uint_var(len(value)) + value


def headers(fields: Mapping[bytes, bytes] | list[tuple[bytes, bytes]] = REQUEST) -> bytes:
    """The HEADERS frame of a request."""
    pairs = fields if isinstance(fields, list) else list(fields.items())
    return record(1, pylsqpack.Encoder().encode(0, pairs)[1])


def control(settings: bytes = SETTINGS) -> bytes:
    """The beginning of the control stream."""
    return b"\x00" + record(4, settings)


def close_capsule(code: int, reason: bytes) -> bytes:
    """The DATA frame that ends a session."""
    return record(0, record(CLOSE_SESSION, code.to_bytes(4, "big") + reason))
