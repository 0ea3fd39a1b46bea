"""A browser's end of a connection, with aioquic's own HTTP/3: another's idea of the same bytes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic import events
from aioquic.quic.connection import QuicConnection

from tests.support.aio import until
from tests.support.http3 import CLOSE_SESSION, ORIGIN, REQUEST
from tests.support.transport import HOST, Ends, QuicHost
from wavry.transport import Channel
from wavry.transport.quic.carriage import PeerLeft, Writing, urgency_of
from wavry.transport.quic.connection import QuicLink
from wavry.transport.quic.settings import QuicSettings
from wavry.transport.quic.socket import UdpSocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from aioquic.h3.events import Headers

    from wavry.errors import ConnectionLostError
    from wavry.transport.base import DoorName
    from wavry.transport.quic.socket import Address


class PageCarriage:
    """What a browser does with a connection's streams and datagrams."""

    door: DoorName = "web"
    datagram_overhead_bytes = 1
    stream_ids: Mapping[Channel, int] = {channel: 4 + 4 * channel for channel in Channel}
    urgency = urgency_of(stream_ids)

    def __init__(self, quic: QuicConnection, request: Mapping[bytes, bytes]) -> None:
        self.http = H3Connection(quic, enable_webtransport=True)
        self.is_open = False
        self.left: PeerLeft | None = None
        self.status = b""
        self._channels = {stream_id: channel for channel, stream_id in self.stream_ids.items()}
        self._capsules = bytearray()
        self._preambles: list[Writing] = []
        assert quic.get_next_available_stream_id() == 0
        self.http.send_headers(0, list(request.items()))

    def stream_received(self, stream_id: int, data: bytes) -> tuple[Channel, bytes] | None:
        if self.is_open and stream_id in self._channels:
            return self._channels[stream_id], data
        for event in self.http.handle_event(events.StreamDataReceived(data, False, stream_id)):
            match event:
                case HeadersReceived(headers=headers):
                    self._answered(headers)
                case DataReceived(data=capsule):
                    self._capsules += capsule
                case WebTransportStreamDataReceived():
                    raise AssertionError("a host opens no streams")
        if len(self._capsules) >= 7:
            assert int.from_bytes(self._capsules[:2], "big") == 0x4000 | CLOSE_SESSION
            at = 3 if self._capsules[2] < 0x40 else 4
            code, reason = self._capsules[at : at + 4], self._capsules[at + 4 :]
            self.left = PeerLeft(int.from_bytes(code, "big"), reason.decode())
        return None

    def _answered(self, headers: Headers) -> None:
        self.status = dict(headers)[b":status"]
        self.is_open = self.status == b"200"
        if self.is_open:
            self._preambles = [Writing(stream_id, b"\x40\x41\x00") for stream_id in self._channels]

    def stream_ended(self, stream_id: int) -> None:
        pass

    def wrap(self, data: bytes) -> bytes:
        return b"\x00" + data

    def unwrap(self, data: bytes) -> bytes | None:
        assert data[0] == 0
        return data[1:]

    def writings(self) -> Sequence[Writing]:
        writings, self._preambles = self._preambles, []
        return writings

    forgets_at_end = False

    def farewell(self, code: int, reason: str) -> Sequence[Writing]:
        if self.is_open and self.left is None:
            value = code.to_bytes(4, "big") + reason.encode()
            assert len(value) < 0x40 - 3
            return [Writing(0, bytes([0, len(value) + 3]) + b"\x68\x43" + bytes([len(value)]) + value, ends=True)]
        return ()

    def close_code(self, code: int) -> int:
        return 0x100

    def code_of(self, close_code: int) -> int:
        return close_code


class Page:
    """A browser's socket with its one connection."""

    def __init__(self, port: int, request: Mapping[bytes, bytes] = REQUEST) -> None:
        settings = QuicSettings()
        configuration = settings.configuration(is_client=True)
        configuration.alpn_protocols = ["h3"]
        configuration.verify_mode = ssl.CERT_NONE
        self._loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.connect((HOST, port))
        self._address = (HOST, port)
        self._socket = UdpSocket(sock, self._received, lambda: None, buffer_bytes=settings.socket_buffer_bytes)
        self.quic = QuicConnection(configuration=configuration)
        self.carriage: PageCarriage | None = None
        self.link = QuicLink(
            self.quic, settings, self._send, lambda *_: None, carriages={"h3": lambda: self._carriage(request)}
        )
        self.quic.connect(self._address, now=self._loop.time())
        self.link.flush()

    def _carriage(self, request: Mapping[bytes, bytes]) -> PageCarriage:
        self.carriage = PageCarriage(self.quic, request)
        return self.carriage

    def _send(self, packets: Sequence[bytes], address: Address) -> None:
        self._socket.send_burst(packets, None)

    def _received(self, packets: list[tuple[bytes, Address]]) -> None:
        for data, _ in packets:
            self.link.packet_received(data, self._address, now=self._loop.time())
        self.link.pump()

    async def end(self) -> ConnectionLostError:
        """Wait for the end; return why."""
        await self.link.wait_closed()
        assert self.link._error is not None
        return self.link._error

    def close(self) -> None:
        self.link.abandon("closed")
        self._socket.close()


def allows(origin: str) -> bool:
    return origin == ORIGIN


@asynccontextmanager
async def web_host(
    directory: Path, settings: QuicSettings | None = None, allows_origin: Callable[[str], bool] = allows
) -> AsyncIterator[QuicHost]:
    """A host that lets pages of an origin in."""
    host = QuicHost(directory, settings, allows_origin=allows_origin)
    try:
        yield host
    finally:
        await host.listener.close(0, "the test is over")


@asynccontextmanager
async def page_of(host: QuicHost, request: Mapping[bytes, bytes] = REQUEST) -> AsyncIterator[Page]:
    """A page that has asked, answered or not."""
    page = Page(host.port, request)
    try:
        yield page
    finally:
        page.close()


@asynccontextmanager
async def web_ends(directory: Path) -> AsyncIterator[Ends]:
    """A page and a host whose session has begun."""
    async with web_host(directory) as host, page_of(host) as page:
        await page.link.connected
        await until(lambda: host.links)
        yield Ends(page.link, host.links[-1])
