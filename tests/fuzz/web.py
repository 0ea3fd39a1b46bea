"""The browsers' door: HTTP/3 on the streams of a connection, and what a page says at the gate."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pairing.helpers import Host, PageGate, meet
from tests.support.http3 import ORIGIN, PREAMBLE, close_capsule, control, headers, record
from wavry.errors import RemoteProtocolError
from wavry.rift import MessageDecoder, MessageKinds, encode_message
from wavry.rift.pairing import TO_HOST
from wavry.transport.quic.webtransport import MAX_HTTP_BYTES, WebTransportCarriage

if TYPE_CHECKING:
    from random import Random

_STREAMS = (0, 2, 4, 6, 8, 10, 12, 14, 16, 1)
_ENDS = 0x80
"""Bit of a piece's first byte: the stream ends behind it."""


def piece(stream_id: int, data: bytes, *, ends: bool = False) -> bytes:
    """Say where bytes go: which stream, and how many."""
    return bytes([_STREAMS.index(stream_id) | (_ENDS if ends else 0), *divmod(len(data), 256)]) + data


class Http3Target:
    """A carriage of one connection that gets pieces of streams, and a datagram."""

    cap_bytes = MAX_HTTP_BYTES

    def __init__(self, dice: Random) -> None:
        coming = piece(2, control()) + piece(6, b"\x02") + piece(10, b"\x03") + piece(0, headers())
        channels = b"".join(piece(stream_id, PREAMBLE + b"frames") for stream_id in (4, 8, 12))
        self.seeds = [
            coming,
            coming + channels,
            coming + piece(14, b"\x21grease") + piece(0, record(0x21, b"grease")),
            coming + channels + piece(0, close_capsule(3, b"going"), ends=True),
            coming + piece(0, record(0, record(0x78AE, b"") + record(0x1F40, b"?"))) + piece(14, b"\x21", ends=True),
            piece(0, headers({b":method": b"GET", b":scheme": b"https", b":authority": b"x", b":path": b"/"})),
            piece(2, b"\x00" + record(4, b"\x33\x01") + record(0xD, b"\x08") + record(7, b"\x00"))
            + piece(0, headers()),
        ]

    def feed(self, data: bytes) -> None:
        """Open a connection and have it said."""
        carriage = WebTransportCarriage(lambda origin: origin == ORIGIN)
        try:
            while len(data) >= 3 and carriage.left is None:
                which, size = data[0], int.from_bytes(data[1:3], "big")
                stream_id = _STREAMS[(which & ~_ENDS) % len(_STREAMS)]
                carriage.stream_received(stream_id, data[3 : 3 + size])
                carriage.writings()
                if which & _ENDS:
                    carriage.stream_ended(stream_id)
                data = data[3 + size :]
            carriage.unwrap(data)
        finally:
            carriage.farewell(1, "over")


class BrowserTarget:
    """What a page says before it is let in. A gate takes a few inputs; a PIN is opened now and then."""

    cap_bytes = 0

    def __init__(self, dice: Random) -> None:
        home = Path(tempfile.mkdtemp(prefix="wavry-fuzz-"))
        atexit.register(shutil.rmtree, home)
        self._host = Host(home / "host")
        said = meet(PageGate(home / "page", pin=self._host.offer.open(now=0.0)), self._host.web_gate())
        said += meet(PageGate(home / "page"), self._host.web_gate())
        self.seeds = [encode_message(message) for message in said]
        self._fed = 0
        self._renew()

    def _renew(self) -> None:
        self._gate, self._decoder = self._host.web_gate(), MessageDecoder(MessageKinds(TO_HOST))

    def feed(self, data: bytes) -> None:
        """Say it."""
        self._fed += 1
        if self._fed % 5 == 0:
            self._renew()
        if self._fed % 5_000 == 0:
            self._host.offer.open(now=float(self._fed))
        try:
            for message in self._decoder.receive(data):
                self._gate.receive(message, now=float(self._fed))
        except RemoteProtocolError:
            self._renew()  # whoever is refused has no second word
            raise
        if self._gate.client is not None:
            raise AssertionError("somebody was let in")
