"""The host's socket: routes packets to connections, and lets in only who has proved an address."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from typing import TYPE_CHECKING

from aioquic.buffer import Buffer  # type: ignore[attr-defined] # aioquic has no __all__ there
from aioquic.quic import events
from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import (
    QuicHeader,
    QuicPacketType,
    encode_quic_retry,
    encode_quic_version_negotiation,
    pull_quic_header,
)
from aioquic.quic.retry import QuicRetryTokenHandler
from cryptography.hazmat.primitives.hashes import SHA256

from wavry.errors import ConfigError, ErrorCode
from wavry.transport.quic.carriage import SessionOpened
from wavry.transport.quic.connection import QuicLink
from wavry.transport.quic.memory import ConnectionMemory
from wavry.transport.quic.native import ALPN
from wavry.transport.quic.settings import QuicSettings
from wavry.transport.quic.socket import Address, UdpSocket, ignore

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.transport.identity import HostIdentity
    from wavry.transport.quic.carriage import Carriage


class QuicListener:
    """Listens on one UDP port. Nothing is kept for an address that has not answered a Retry.

    Args:
        identity: The host's key.
        on_connected: Gets every connection whose session may begin; it should `observe` it at once.
        settings: Limits.
        allows_origin: Whether pages of an origin may open a session; None lets no browser in.

    Use `listen` to make one.
    """

    def __init__(
        self,
        sock: socket.socket,
        identity: HostIdentity,
        on_connected: Callable[[QuicLink], None],
        settings: QuicSettings,
        allows_origin: Callable[[str], bool] | None,
    ) -> None:
        self._identity = identity
        self._on_connected = on_connected
        self._settings = settings
        self._configuration = settings.configuration(is_client=False)
        self._configuration.private_key = identity.key
        self._carriages = {} if allows_origin is None else _browsers(allows_origin)
        self._configuration.alpn_protocols = [ALPN, *self._carriages]
        self._loop = asyncio.get_running_loop()
        self._retry = QuicRetryTokenHandler()
        self._links: dict[bytes, QuicLink] = {}
        self.connections: set[QuicLink] = set()
        """All, handshakes included."""
        self._handshakes: dict[QuicLink, asyncio.TimerHandle | None] = {}
        """Those whose session has not begun, or was refused, the oldest first; each may take so long after its
        handshake."""
        self._closing = False
        self.memory = ConnectionMemory(
            self.connections,
            settings.max_connections,
            settings,
            max_handshakes=settings.max_handshakes,
            has_browsers=bool(self._carriages),
        )
        """Their account; belongs into the budget."""
        # an unconnected socket is not told whom a refusal concerns
        self._socket = UdpSocket(sock, self._packets_received, ignore, buffer_bytes=settings.socket_buffer_bytes)

    @property
    def address(self) -> Address:
        """Where it listens, with the port the system chose."""
        return self._socket.address

    def _packets_received(self, packets: list[tuple[bytes, Address]]) -> None:
        now = self._loop.time()
        touched: dict[QuicLink, None] = {}
        for data, address in packets:
            link = self._route(data, address, now)
            if link is not None:
                link.packet_received(data, address, now=now)
                touched[link] = None
        for link in touched:
            link.pump()

    def _route(self, data: bytes, address: Address, now: float) -> QuicLink | None:
        try:
            header = pull_quic_header(Buffer(data=data), host_cid_length=self._configuration.connection_id_length)
        except ValueError:
            return None
        link = self._links.get(header.destination_cid)
        if link is not None or len(data) < SMALLEST_MAX_DATAGRAM_SIZE:
            return link
        if header.version is not None and header.version not in self._configuration.supported_versions:
            self._offer_versions(header, address)
            return None
        if header.packet_type is not QuicPacketType.INITIAL:
            return None
        return self._admit(header, address, now)

    def _offer_versions(self, header: QuicHeader, address: Address) -> None:
        if header.packet_type is QuicPacketType.VERSION_NEGOTIATION:
            return  # answering one with another would let two hosts talk for ever
        packet = encode_quic_version_negotiation(
            source_cid=header.destination_cid,
            destination_cid=header.source_cid,
            supported_versions=self._configuration.supported_versions,
        )
        self._socket.send(packet, address)

    def _admit(self, header: QuicHeader, address: Address, now: float) -> QuicLink | None:
        if not header.token:
            self._send_retry(header, address, now)
            return None
        try:
            original_cid = self._retry.validate_token(
                address=address, destination_cid=header.destination_cid, token=header.token, now=now
            )
        except ValueError:
            return None  # forged or stale; a real client starts over by itself
        if self._closing:
            return None
        if len(self._handshakes) >= self._settings.max_handshakes:
            self._give_up(next(iter(self._handshakes)))
        self._configuration.certificate = certificate = self._identity.certificate()
        quic = QuicConnection(
            configuration=self._configuration,
            original_destination_connection_id=original_cid,
            retry_source_connection_id=header.destination_cid,
        )
        link = QuicLink(
            quic,
            self._settings,
            self._socket.send_burst,
            self._link_event,
            carriages=self._carriages,
            certificate_sha256=certificate.fingerprint(SHA256()),
        )
        self.connections.add(link)
        self._handshakes[link] = None
        self._links[header.destination_cid] = link
        self._links[quic.host_cid] = link
        return link

    def _send_retry(self, header: QuicHeader, address: Address, now: float) -> None:
        if header.version is None:
            return
        source_cid = os.urandom(self._configuration.connection_id_length)
        token = self._retry.create_token(
            address=address,
            original_destination_connection_id=header.destination_cid,
            retry_source_connection_id=source_cid,
            now=now,
        )
        packet = encode_quic_retry(
            version=header.version,
            source_cid=source_cid,
            destination_cid=header.source_cid,
            original_destination_cid=header.destination_cid,
            retry_token=token,
        )
        self._socket.send(packet, address)

    def _link_event(self, link: QuicLink, event: events.QuicEvent) -> None:
        match event:
            case SessionOpened():
                self._begin_session(link)
            case events.HandshakeCompleted() if link in self._handshakes:
                self._handshakes[link] = self._loop.call_later(_SESSION_PATIENCE_S, self._give_up, link)
            case events.ConnectionIdIssued(connection_id=connection_id):
                self._links[connection_id] = link
            case events.ConnectionIdRetired(connection_id=connection_id):
                self._links.pop(connection_id, None)
            case events.ConnectionTerminated():
                self._forget(link)

    def _begin_session(self, link: QuicLink) -> None:
        if len(self.connections) - len(self._handshakes) >= self._settings.max_connections:
            self.memory.drops += 1
            link.close(ErrorCode.REFUSED, "too many connections; try again")
            return  # it stays among the handshakes until it has ended, so those who are refused are bounded as well
        self._drop_handshake(link)
        self._on_connected(link)

    def _give_up(self, link: QuicLink) -> None:
        """End a handshake that has had its time, without a word."""
        self.memory.drops += 1
        link.abandon("the handshake took too long")
        self._forget(link)

    def _drop_handshake(self, link: QuicLink) -> None:
        timer = self._handshakes.pop(link, None)
        if timer is not None:
            timer.cancel()

    def _forget(self, link: QuicLink) -> None:
        self.connections.discard(link)
        self._drop_handshake(link)
        self._links = {cid: kept for cid, kept in self._links.items() if kept is not link}

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye on every connection and stop listening."""
        self._closing = True
        links = list(self.connections)
        for link in links:
            link.close(code, reason)
        try:
            async with asyncio.timeout(_GOODBYE_S):
                for link in links:
                    await link.wait_closed()
        except TimeoutError:
            pass  # the goodbye was sent; the rest is QUIC waiting for stragglers
        for link in links:
            link.abandon(reason)
        self._socket.close()


_GOODBYE_S = 0.5

_SESSION_PATIENCE_S = 5.0
"""Between a browser's handshake and its request."""


def _browsers(allows_origin: Callable[[str], bool]) -> dict[str, Callable[[], Carriage]]:
    """Return what carries browsers' sessions, by ALPN; a host without them does not load it."""
    from wavry.transport.quic import webtransport

    return {webtransport.ALPN: partial(webtransport.WebTransportCarriage, allows_origin)}


def listen(
    host: str,
    port: int,
    identity: HostIdentity,
    on_connected: Callable[[QuicLink], None],
    *,
    settings: QuicSettings | None = None,
    allows_origin: Callable[[str], bool] | None = None,
) -> QuicListener:
    """Listen on the running loop; see `QuicListener` for the arguments.

    Raises:
        ConfigError: The address is not one of this machine, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(
            "--listen", f"{host}:{port}", f"a free port on an address of this machine ({reason})"
        ) from error
    return QuicListener(sock, identity, on_connected, settings or QuicSettings(), allows_origin)
