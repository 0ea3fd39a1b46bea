"""Both ends of a connection, over QUIC on this machine or in memory, with observers that write down what they hear."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.aio import until
from wavry.transport import Channel
from wavry.transport.identity import HostIdentity
from wavry.transport.loopback import loopback_pair
from wavry.transport.quic.client import QuicDialer, connect
from wavry.transport.quic.connection import QuicLink
from wavry.transport.quic.server import QuicListener, listen
from wavry.transport.quic.socket import UdpSocket, ignore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from wavry.errors import ConnectionLostError
    from wavry.transport import Connection
    from wavry.transport.quic.settings import QuicSettings
    from wavry.transport.quic.socket import Address

HOST = "127.0.0.1"


class Listener:
    """A `ConnectionObserver` that remembers."""

    def __init__(self, connection: Connection | None = None) -> None:
        self.datagrams: list[bytes] = []
        self.streams = {channel: bytearray() for channel in Channel}
        self.lost: list[ConnectionLostError] = []
        self.after_the_end: list[str] = []
        self.wake_ups = 0
        if connection is not None:
            connection.observe(self)

    @property
    def control(self) -> bytearray:
        return self.streams[Channel.CONTROL]

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        self._note_end("datagrams")
        self.datagrams.extend(datagrams)

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        self._note_end(channel.name)
        self.streams[channel] += data

    def writable(self, *, now: float) -> None:
        self._note_end("writable")
        self.wake_ups += 1

    def connection_lost(self, error: ConnectionLostError) -> None:
        self.lost.append(error)

    def _note_end(self, what: str) -> None:
        if self.lost:
            self.after_the_end.append(what)


@dataclass
class Ends:
    """A client and a host that are connected."""

    client: Connection
    host: Connection
    at_client: Listener = field(default_factory=Listener)
    at_host: Listener = field(default_factory=Listener)

    async def observe(self) -> None:
        """Listen on both ends, and let the client say the first word, as sessions do."""
        self.client.observe(self.at_client)
        self.host.observe(self.at_host)
        self.client.send_stream(Channel.CONTROL, b"hello")
        self.client.flush()
        await until(lambda: self.at_host.control == b"hello")
        self.at_host.control.clear()


def link_of(connection: Connection) -> QuicLink:
    """The connection, known to be QUIC."""
    assert isinstance(connection, QuicLink)
    return connection


class QuicHost:
    """A listener that collects its connections."""

    def __init__(
        self,
        directory: Path,
        settings: QuicSettings | None = None,
        *,
        allows_origin: Callable[[str], bool] | None = None,
    ) -> None:
        self.links: list[QuicLink] = []
        self.identity = HostIdentity.load_or_create(directory)
        self.listener: QuicListener = listen(
            HOST, 0, self.identity, self.links.append, settings=settings, allows_origin=allows_origin
        )

    @property
    def port(self) -> int:
        return int(self.listener.address[1])


@asynccontextmanager
async def quic_host(directory: Path, settings: QuicSettings | None = None) -> AsyncIterator[QuicHost]:
    host = QuicHost(directory, settings)
    try:
        yield host
    finally:
        await host.listener.close(0, "the test is over")


@asynccontextmanager
async def quic_dialer(host: QuicHost, settings: QuicSettings | None = None) -> AsyncIterator[QuicDialer]:
    known = len(host.links)
    dialer = await connect(HOST, host.port, settings=settings)
    try:
        await until(lambda: len(host.links) > known)
        yield dialer
    finally:
        dialer.close()


@asynccontextmanager
async def quic_ends(directory: Path, settings: QuicSettings | None = None) -> AsyncIterator[Ends]:
    async with quic_host(directory, settings) as host, quic_dialer(host, settings) as dialer:
        yield Ends(dialer.link, host.links[-1])


class NarrowPath:
    """A relay between one client and a host on this machine that drops packets above a size; the owner may change it.

    Args:
        port: The host's.
        limit_bytes: Largest packet that passes, in both directions.
    """

    def __init__(self, port: int, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.dropped: list[int] = []
        self._client: Address | None = None
        sockets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for each in sockets:
            each.setblocking(False)
        sockets[0].bind((HOST, 0))
        sockets[1].connect((HOST, port))
        self._near = UdpSocket(sockets[0], self._from_client, ignore, buffer_bytes=1 << 20)
        self._far = UdpSocket(sockets[1], self._from_host, ignore, buffer_bytes=1 << 20)

    @property
    def port(self) -> int:
        return int(self._near.address[1])

    def _from_client(self, packets: list[tuple[bytes, Address]]) -> None:
        for data, address in packets:
            self._client = address
            if self._passes(data):
                self._far.send(data, None)

    def _from_host(self, packets: list[tuple[bytes, Address]]) -> None:
        for data, _ in packets:
            if self._passes(data):
                self._near.send(data, self._client)

    def _passes(self, data: bytes) -> bool:
        if len(data) > self.limit_bytes:
            self.dropped.append(len(data))
        return len(data) <= self.limit_bytes

    def close(self) -> None:
        self._near.close()
        self._far.close()


@asynccontextmanager
async def narrow_ends(directory: Path, limit_bytes: int) -> AsyncIterator[tuple[Ends, NarrowPath]]:
    """Both ends of a connection over QUIC with a `NarrowPath` between them."""
    async with quic_host(directory) as host:
        path = NarrowPath(host.port, limit_bytes)
        dialer = await connect(HOST, path.port)
        try:
            await until(lambda: host.links)
            yield Ends(dialer.link, host.links[-1]), path
        finally:
            dialer.close()
            path.close()


@asynccontextmanager
async def loopback_ends(directory: Path, settings: QuicSettings | None = None) -> AsyncIterator[Ends]:
    client, host = loopback_pair()
    try:
        yield Ends(client, host)
    finally:
        client.close(0, "the test is over")
        await host.wait_closed()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def live_timers() -> int:
    """Timers of the running loop that have not been cancelled."""
    scheduled = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined] # asyncio has no other way to ask
    return sum(not handle.cancelled() for handle in scheduled)
