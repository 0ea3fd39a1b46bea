"""The two processes: a host that sends whenever it may, and a client that counts.

Each has its own congestion control; wavry's window is set to 256 kB, as its session would do.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from wavry.transport.identity import HostIdentity
from wavry.transport.quic.client import connect as connect_wavry
from wavry.transport.quic.server import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wavry.errors import ConnectionLostError
    from wavry.transport import Channel
    from wavry.transport.quic.connection import QuicLink
    from wavry.transport.quic.settings import QuicSettings

PAYLOAD = bytes(range(256)) * 4 + bytes(126)
"""1150 bytes, which fit into the 1200-byte packets of all."""

WINDOW_BYTES = 256 * 1024
_PENDING = 64
"""Datagrams that wait in the others at the most: enough for a burst, and no more to copy."""


class Counter:
    """Counts on one side, and tells at each line on stdin how it stands."""

    def __init__(self) -> None:
        self.count = 0
        self.count_bytes = 0
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._tell)

    def _tell(self) -> None:
        if not sys.stdin.readline():
            sys.exit(0)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        told = [time.monotonic(), usage.ru_utime + usage.ru_stime, self.count, self.count_bytes]
        print(json.dumps(told), flush=True)


class WavrySide:
    """A `ConnectionObserver` that sends whenever it may, or counts.

    Args:
        link: Open.
        counter: Of this side.
        sends: Whether it is the host.
        fills: Whether datagrams are as large as they can be, instead of `PAYLOAD`.
    """

    def __init__(self, link: QuicLink, counter: Counter, *, sends: bool, fills: bool) -> None:
        self._link, self._counter, self._sends, self._fills = link, counter, sends, fills
        link.observe(self)
        if sends:
            link.limit_in_flight(WINDOW_BYTES)
            self.writable(now=0.0)
            link.flush()

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Count."""
        self._counter.count += len(datagrams)
        self._counter.count_bytes += sum(map(len, datagrams))

    def writable(self, *, now: float) -> None:
        """Send what may be sent."""
        payload = bytes(self._link.max_datagram_bytes) if self._fills else PAYLOAD
        while self._sends and self._link.send_datagram(payload):
            self._counter.count += 1

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Nobody says anything."""

    def connection_lost(self, error: ConnectionLostError) -> None:
        """End with it."""
        asyncio.get_running_loop().stop()


async def be_wavry_host(scratch: Path, *, settings: QuicSettings, fills: bool) -> None:
    """Listen, and send to whoever comes."""
    counter = Counter()
    identity = HostIdentity.load_or_create(scratch)
    sides: list[WavrySide] = []

    def admit(link: QuicLink) -> None:
        sides.append(WavrySide(link, counter, sends=True, fills=fills))

    listener = listen("127.0.0.1", 0, identity, admit, settings=settings)
    print(listener.address[1], flush=True)
    await asyncio.Event().wait()


async def be_wavry_client(port: int, *, settings: QuicSettings) -> None:
    """Connect and count."""
    dialer = await connect_wavry("127.0.0.1", port, settings=settings)
    WavrySide(dialer.link, Counter(), sends=False, fills=False)
    await asyncio.Event().wait()


class CountingTransport:
    """A transport that counts packets, each of which carries one of our datagrams: qh3 does not say what waits."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.packets = 0

    def sendto(self, data: bytes, address: object = None) -> None:
        """Send a packet."""
        self.packets += 1
        self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def protocol_of(
    library: str, counter: Counter, *, sends: bool, on_connected: Callable[[Any, Any], None] | None = None
) -> Callable[..., Any]:
    """Return a protocol for a library's own asyncio glue that sends whenever it may, or counts.

    `on_connected` gets its QUIC connection and its transport.
    """
    base: type = import_module(f"{library}.asyncio.protocol").QuicConnectionProtocol
    events = import_module(f"{library}.quic.events")

    class Side(base):  # type: ignore[misc]
        is_connected = False

        def connection_made(self, transport: Any) -> None:
            self.sent = CountingTransport(transport)
            super().connection_made(self.sent)

        def quic_event_received(self, event: object) -> None:
            if isinstance(event, events.DatagramFrameReceived):
                counter.count += 1
                counter.count_bytes += len(event.data)
            elif isinstance(event, events.HandshakeCompleted):
                self.is_connected = True
                if on_connected is not None:
                    on_connected(self._quic, self.sent)

        def transmit(self) -> None:
            if sends and self.is_connected:
                while counter.count - self.sent.packets < _PENDING:
                    self._quic.send_datagram_frame(PAYLOAD)
                    counter.count += 1
            super().transmit()

    return Side


def configuration_of(library: str, scratch: Path, *, is_client: bool) -> Any:
    """Return a library's configuration, as for wavry: no authority, datagrams."""
    made = import_module(f"{library}.quic.configuration").QuicConfiguration(
        is_client=is_client, alpn_protocols=["bench"], max_datagram_frame_size=65536
    )
    if is_client:
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_cert_chain(scratch / "cert.pem", scratch / "key.pem")
    return made


async def be_other_host(library: str, configuration: Any, on_connected: Callable[[Any, Any], None] | None) -> None:
    """Listen with a library's glue, and send to whoever comes."""
    side = protocol_of(library, Counter(), sends=True, on_connected=on_connected)
    server = await import_module(f"{library}.asyncio").serve(
        "127.0.0.1", 0, configuration=configuration, create_protocol=side
    )
    print(server._transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


async def be_other_client(
    library: str, configuration: Any, port: int, on_connected: Callable[[Any, Any], None] | None
) -> None:
    """Connect with a library's glue and count."""
    side = protocol_of(library, Counter(), sends=False, on_connected=on_connected)
    connect = import_module(f"{library}.asyncio").connect
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=side):
        await asyncio.Event().wait()
