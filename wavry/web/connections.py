"""The TCP side of a site: few connections at once, none for long without a request, and never more than fit.

One connection is taken from the system at a time, and the loop has its turn between two: ten thousand that come at
once cost the stream nothing but their turns. When all places are taken, the one that has been idle for longest gives
way; where none is idle, the new one is closed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING, Any

from aiohttp.web_protocol import RequestHandler
from aiohttp.web_response import Response

from wavry.web.headers import NOTHING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from aiohttp.web_request import BaseRequest
    from aiohttp.web_response import StreamResponse
    from aiohttp.web_server import Server

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 32
"""Two dozen pages that stay connected, or a handful of browsers with six connections each."""

MAX_REQUEST_BYTES = 16 * 1024
"""Most that a request may have, with what comes behind it before it is answered."""

WRITE_BYTES = 32 * 1024
"""What is written at once, and most that may wait in a transport before the writer has to."""

IDLE_S = 10.0
"""For a request to come, whole, after a connection was opened or the last one was answered."""

_HANDSHAKE_S = 5.0
_LOOK_EVERY_S = 1.0
_RETRY_S = 0.5
_BACKLOG = 256
"""Connections that wait in the system to be taken; further ones come again by themselves, a second later."""

_PRESSED_S = 0.002
"""Between two connections once all places are taken: a flood of them may cost the loop a tenth of its time."""

_PLAIN_BYTES = 4 * MAX_REQUEST_BYTES + 3 * WRITE_BYTES
"""Of one connection: what came, raw and parsed, what is made for it, what waits, and its objects. An estimate."""

_TLS_BYTES = 320 * 1024
"""And this more with TLS: asyncio has a buffer of 256 KiB for each."""

_LIMITS = {
    "keepalive_timeout": IDLE_S,
    "access_log": None,
    "max_line_size": 4096,
    "max_field_size": 8190,  # browsers send all cookies of localhost, whatever port they came from
    "max_headers": 64,
    "lingering_time": 0.0,
    "read_bufsize": 4096,
    "auto_decompress": False,
}


class HttpConnection(RequestHandler):
    """One connection, which knows whether it is at work. On the loop."""

    __slots__ = ("_place", "_received_bytes")

    def __init__(self, server: Server, place: _Place) -> None:
        limits: dict[str, Any] = _LIMITS
        super().__init__(server, loop=asyncio.get_running_loop(), logger=logger, **limits)
        self._place = place
        self._received_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=WRITE_BYTES)
        super().connection_made(transport)
        self._place.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes, as long as they are not too many for a request."""
        self._received_bytes += len(data)
        if self._received_bytes > MAX_REQUEST_BYTES:
            self._place.give_up()
            return
        super().data_received(data)

    def connection_lost(self, error: BaseException | None) -> None:
        """End."""
        super().connection_lost(error)
        self._place.leave()

    def begin_work(self) -> None:
        """Note that a request is being answered; it must not be given up meanwhile."""
        self._received_bytes = 0
        self._place.is_busy = True

    def end_work(self) -> None:
        """Note that it was answered."""
        self._place.is_busy = False
        self._place.rest()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """Answer what could not be parsed, which is nothing to write into a log, or what failed here, which is."""
        if status >= 500:
            logger.error("a request for a page failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionResetError("half of an answer was sent already")
        answer = Response(status=status, text=f"{status}\n", headers=NOTHING.headers("none"))
        answer.force_close()
        return answer


class Connections:
    """Listens, and holds what is open. A `Holder`. On the loop.

    Args:
        host: Address to listen on.
        port: TCP port; 0 lets the system choose.
        server: Whose handler answers.
        tls: Gives the context of the moment; None for plain HTTP.
    """

    policy = "the longest idle connection is closed, or the new one"

    def __init__(self, host: str, port: int, server: Server, tls: Callable[[], ssl.SSLContext] | None) -> None:
        self._address = (host, port)
        self._server = server
        self._tls = tls
        self._places: dict[_Place, None] = {}
        """Those that have been idle for longest stand first."""
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._connection_bytes = _PLAIN_BYTES + (_TLS_BYTES if tls is not None else 0)
        self._most = 0
        self.drops = 0
        """Connections that gave way to others, or were refused."""

    def __len__(self) -> int:
        return len(self._places)

    @property
    def cap_bytes(self) -> int:
        """Most that all connections there may be can come to."""
        return MAX_CONNECTIONS * self._connection_bytes

    @property
    def used_bytes(self) -> int:
        """What they may hold now: each counts as if it were full."""
        return len(self._places) * self._connection_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most that they may have held."""
        return self._most * self._connection_bytes

    async def start(self) -> int:
        """Listen; return the port.

        Raises:
            OSError: The address can't be used.
        """
        loop = asyncio.get_running_loop()
        host, port = self._address
        family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setblocking(False)
            if os.name == "posix":  # where it lets a host start again at once
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
        self._socket = listening
        self._accepting = asyncio.create_task(self._accept(listening))
        taken: int = listening.getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Close everything."""
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
        if self._timer is not None:
            self._timer.cancel()
        tasks = [place.opening for place in self._places]
        for place in list(self._places):
            place.give_up()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.shutdown(timeout=0.1)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except OSError as error:  # too many files are open, or the peer has gone already
                logger.debug("a connection could not be taken: %s", error)
                await asyncio.sleep(_RETRY_S)
                continue
            is_full = len(self._places) >= MAX_CONNECTIONS
            if is_full:
                self.drops += 1
                self._give_up_one()
            if len(self._places) < MAX_CONNECTIONS:
                self._admit(accepted)
            else:
                accepted.close()
            await asyncio.sleep(_PRESSED_S if is_full else 0)  # one a turn, or fewer

    def _give_up_one(self) -> None:
        idle = next((place for place in self._places if not place.is_busy), None)
        if idle is not None:
            idle.give_up()

    def _admit(self, accepted: socket.socket) -> None:
        place = _Place(self, accepted)
        place.opening = asyncio.create_task(self._open(place))
        place.opening.add_done_callback(place.opened)
        self._places[place] = None
        self._most = max(self._most, len(self._places))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look)

    async def _open(self, place: _Place) -> None:
        """Make a connection of a socket; with TLS, after its handshake."""
        loop = asyncio.get_running_loop()
        try:
            context = self._tls() if self._tls is not None else None
        except OSError as error:  # there is no room for the file that OpenSSL reads
            logger.error("nobody can connect by HTTPS now: %s", error)
            return
        place.has_begun = True
        handshake_s = None if context is None else _HANDSHAKE_S
        try:
            await loop.connect_accepted_socket(
                lambda: HttpConnection(self._server, place),
                place.socket,
                ssl=context,
                ssl_handshake_timeout=handshake_s,
                ssl_shutdown_timeout=None if context is None else 1.0,
            )
        except OSError as error:  # ssl.SSLError among them
            logger.debug("a connection was not opened: %s", error)

    def _look(self) -> None:
        """Close what has been idle for too long; look again while anything is open."""
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        for place in [each for each in self._places if not each.is_busy and now - each.idle_since > IDLE_S]:
            place.give_up()
        if self._places:
            self._timer = loop.call_later(_LOOK_EVERY_S, self._look)

    def rest(self, place: _Place) -> None:
        """Put a place behind all others: it has become idle now."""
        if place in self._places:
            self._places[place] = self._places.pop(place)

    def leave(self, place: _Place) -> None:
        """Count a place no more."""
        self._places.pop(place, None)


class _Place:
    """One of the connections there may be, from the moment it is taken from the system."""

    __slots__ = ("_connections", "has_begun", "idle_since", "is_busy", "opening", "socket", "transport")

    opening: asyncio.Task[None]

    def __init__(self, connections: Connections, accepted: socket.socket) -> None:
        self._connections = connections
        self.socket = accepted
        self.transport: asyncio.Transport | None = None
        self.has_begun = False
        self.is_busy = False
        self.idle_since = asyncio.get_running_loop().time()

    def opened(self, _: asyncio.Task[None]) -> None:
        """Clean up if that failed; asyncio has closed what it had begun with."""
        if self.transport is None:
            if not self.has_begun:
                self.socket.close()
            self.leave()

    def rest(self) -> None:
        """Become the last of the idle ones."""
        self.idle_since = asyncio.get_running_loop().time()
        self._connections.rest(self)

    def give_up(self) -> None:
        """Close at once, whatever waits."""
        if self.transport is not None:
            self.transport.abort()
        else:
            self.opening.cancel()
        self.leave()

    def leave(self) -> None:
        """Be counted no more."""
        self._connections.leave(self)
