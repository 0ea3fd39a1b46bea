"""The client's socket: one connection to one host."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from aioquic.quic.connection import QuicConnection

from wavry.errors import ConnectFailedError, ConnectionLostError, ErrorCode
from wavry.transport.identity import key_fingerprint
from wavry.transport.quic import seams
from wavry.transport.quic.connection import QuicLink, format_address
from wavry.transport.quic.memory import ConnectionMemory
from wavry.transport.quic.settings import QuicSettings
from wavry.transport.quic.socket import Address, UdpSocket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioquic.quic import events

_SILENCE_WHILE_REFUSED_S = 2.0
"""How long a host that has spoken may stay silent while the system says that nobody listens there. A refusal alone
does not prove that it is gone: anyone on the path can send one."""


class QuicDialer:
    """Owns the socket of one outgoing connection. Use `connect` to make one."""

    def __init__(self, sock: socket.socket, address: Address, settings: QuicSettings) -> None:
        configuration = settings.configuration(is_client=True)
        configuration.verify_mode = ssl.CERT_NONE  # no authority vouches for a host; its key itself is its name
        configuration.server_name = None
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._heard_at: float | None = None
        self._socket = UdpSocket(sock, self._packets_received, self._refused, buffer_bytes=settings.socket_buffer_bytes)
        self.link = QuicLink(QuicConnection(configuration=configuration), settings, self._send, self._link_event)
        self.memory = ConnectionMemory((self.link,), 1, settings)
        """Its account; belongs into the budget."""

    def start(self) -> None:
        """Send the first packet of the handshake."""
        self.link.quic.connect(self._address, now=self._loop.time())
        self.link.flush()

    @property
    def host_fingerprint(self) -> str | None:
        """SHA-256 of the host's public key (SPKI, DER) in hex, once the handshake is done."""
        certificate = seams.peer_certificate(self.link.quic)
        return None if certificate is None else key_fingerprint(certificate.public_key())

    def _send(self, packets: Sequence[bytes], address: Address) -> None:
        self._socket.send_burst(packets, None)

    def _packets_received(self, packets: list[tuple[bytes, Address]]) -> None:
        now = self._heard_at = self._loop.time()
        for data, _ in packets:
            self.link.packet_received(data, self._address, now=now)
        self.link.pump()

    def _refused(self) -> None:
        if self._heard_at is None or self._loop.time() - self._heard_at > _SILENCE_WHILE_REFUSED_S:
            self.link.abandon("nobody listens at that address")

    def _link_event(self, link: QuicLink, event: events.QuicEvent) -> None:
        """Nothing to route: there is one connection."""

    def close(self) -> None:
        """Close the socket; the connection should have ended before."""
        self.link.abandon("closed")
        self._socket.close()


async def connect(host: str, port: int, *, settings: QuicSettings | None = None, timeout_s: float = 5.0) -> QuicDialer:
    """Connect and finish the handshake. A name with several addresses is tried at each of them in turn.

    Raises:
        ConnectFailedError: The name is unknown, nobody answers in `timeout_s`, or the host refuses.
    """
    settings = settings or QuicSettings()
    name = format_address((host, port))
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # the latter for what can't be a name at all
        reason = getattr(error, "strerror", None) or "it can't be one"
        raise ConnectFailedError(name, f"the name is unknown ({reason})") from error
    found = found[:_MAX_ADDRESSES]
    for family, _, _, _, address in found[:-1]:
        try:
            return await _connect_to(name, family, address, settings, timeout_s / len(found))
        except ConnectFailedError:
            continue  # the last one says what is wrong
    family, _, _, _, address = found[-1]
    return await _connect_to(name, family, address, settings, timeout_s / len(found))


_MAX_ADDRESSES = 4


async def _connect_to(name: str, family: int, address: Address, settings: QuicSettings, timeout_s: float) -> QuicDialer:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(address)
    except OSError as error:
        sock.close()
        raise ConnectFailedError(name, str(error.strerror)) from error
    dialer = QuicDialer(sock, address, settings)
    dialer.start()
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.shield(dialer.link.connected)
    except TimeoutError:
        dialer.close()
        raise ConnectFailedError(name, "no answer; is a wavry host running there?") from None
    except ConnectionLostError as error:
        dialer.close()
        raise ConnectFailedError(name, error.reason or f"refused with code {error.code}") from error
    except asyncio.CancelledError:
        dialer.link.close(ErrorCode.SHUTTING_DOWN, "cancelled")
        dialer.close()
        raise
    return dialer
