"""Where a connection waits until its client has proved who it is. Nothing of a session exists before.

A connection that waits costs itself (`transport.quic` in the budget) and a gate of a few hundred bytes. There are few
of them, fewer from one address, and none for long; an address that keeps failing is not listened to for a while.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from wavry.errors import ConfigError, ErrorCode, RemoteProtocolError
from wavry.failures import FailureLog, address_of
from wavry.observe.logs import printable
from wavry.pairing.host_gate import HOW_TO_PAIR, HostGate
from wavry.rift import MAX_MESSAGE_BYTES, Bye, Hello, MessageDecoder, MessageKinds, encode_message
from wavry.rift.pairing import TO_HOST
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.errors import ConnectionLostError
    from wavry.pairing.book import ClientBook, PairedClient
    from wavry.pairing.pin import PinOffer
    from wavry.rift import Message, Right
    from wavry.transport import Connection

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""For everything from the handshake to the proof."""

MAX_WAITING = 16
MAX_WAITING_PER_ADDRESS = 4

_WAITING_BYTES = MAX_MESSAGE_BYTES + 8 * 1024
"""Of one that waits: an unfinished message of the largest size, its gate and its decoder."""

_MAX_REASON = 256
_TOO_MANY = "too many are waiting to be let in; try again"
_KINDS = MessageKinds((*TO_HOST, Hello))
"""`Hello` is what a client says that does not want to prove anything."""


class Door:
    """Lets connections in. On the loop.

    Policy when full: the oldest that waits is sent away.

    Args:
        host_fingerprint: SHA-256 of the host's public key.
        book: The clients that are known.
        offer: The PIN that may be open.
        rights: What a client that is paired now may do.
        on_proved: Gets a connection that nobody observes any more, with its client.
    """

    policy = "the oldest that waits is sent away"

    def __init__(
        self,
        host_fingerprint: bytes,
        book: ClientBook,
        offer: PinOffer,
        rights: frozenset[Right],
        on_proved: Callable[[Connection, PairedClient], None],
    ) -> None:
        self._host_fingerprint = host_fingerprint
        self._book = book
        self._offer = offer
        self._rights = rights
        self._on_proved = on_proved
        self._waiting: dict[_Waiting, None] = {}
        """The oldest first."""
        self._most_waiting = 0
        self._failures = FailureLog()
        self.drops = 0
        """Connections that had to make room for others, or came from an address that has to wait."""

    @property
    def waiting(self) -> int:
        """How many connections wait."""
        return len(self._waiting)

    @property
    def cap_bytes(self) -> int:
        """Most that those who wait may have said, and the addresses that failed."""
        return MAX_WAITING * _WAITING_BYTES + self._failures.cap_bytes

    @property
    def used_bytes(self) -> int:
        """What it may hold now: each that waits counts as if it had said most of the longest message."""
        return self.waiting * _WAITING_BYTES + self._failures.used_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most that it may have held."""
        return self._most_waiting * _WAITING_BYTES + self._failures.high_water_bytes

    def admit(self, connection: Connection) -> None:
        """Let a connection wait; when too many do, the oldest has had its time."""
        now = asyncio.get_running_loop().time()
        address = address_of(connection.peer)
        wait_s = self._failures.wait_s(address, now=now)
        if wait_s > 0:
            self.drops += 1
            connection.close(ErrorCode.REFUSED, f"too many failures from {address}; try again in {math.ceil(wait_s)} s")
            return
        from_there = [each for each in self._waiting if each.address == address]
        if len(from_there) >= MAX_WAITING_PER_ADDRESS:
            self._make_room(from_there[0])
        elif len(self._waiting) >= MAX_WAITING:
            self._make_room(next(iter(self._waiting)))
        gate = HostGate(
            connection.peer,
            self._host_fingerprint,
            self._book,
            self._offer,
            self._rights,
            certificate_sha256=connection.certificate_sha256 if connection.door == "web" else None,
        )
        self._waiting[_Waiting(connection, address, gate, self)] = None
        self._most_waiting = max(self._most_waiting, self.waiting)

    def _make_room(self, oldest: _Waiting) -> None:
        self.drops += 1
        oldest.refuse(ErrorCode.REFUSED, _TOO_MANY)

    def proved(self, waiting: _Waiting, client: PairedClient) -> None:
        """Take a connection from those that wait: it has shown who it is."""
        self._waiting.pop(waiting, None)
        self._failures.forgive(waiting.address)
        self._book.saw(client.key)
        self._on_proved(waiting.connection, client)

    def gone(self, waiting: _Waiting, *, has_failed: bool) -> None:
        """Take a connection from those that wait: it has ended."""
        self._waiting.pop(waiting, None)
        if has_failed:
            self._failures.note(waiting.address, now=asyncio.get_running_loop().time())

    def close(self) -> None:
        """Send all away."""
        for waiting in list(self._waiting):
            waiting.refuse(ErrorCode.SHUTTING_DOWN, "the host is being stopped")


class _Waiting:
    """A `ConnectionObserver` with a gate."""

    def __init__(self, connection: Connection, address: str, gate: HostGate, door: Door) -> None:
        self.connection = connection
        self.address = address
        self._gate = gate
        self._door = door
        self._decoder = MessageDecoder(_KINDS)
        self._has_failed = False
        self._is_done = False
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(PATIENCE_S, self.refuse, ErrorCode.TIMEOUT, "no proof came")
        connection.observe(self)

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Take what is said at the gate; anything else ends it."""
        if self._is_done:
            return
        try:
            if channel is not Channel.CONTROL:
                raise RemoteProtocolError("nothing but the control stream is read before the proof")
            for message in self._decoder.receive(data):
                self._handle(message, now)
        except RemoteProtocolError as error:
            self._has_failed = True
            self.refuse(error.code, str(error))
        except ConfigError as error:  # the list of clients can't be read or written
            logger.error("nobody can be let in: %s", error)
            self.refuse(ErrorCode.INTERNAL_ERROR, "the host can't read its list of clients")

    def _handle(self, message: Message, now: float) -> None:
        if isinstance(message, Bye):
            return
        if isinstance(message, Hello):
            reason = f"this host lets nobody in without pairing; {HOW_TO_PAIR}"
            raise RemoteProtocolError(reason, code=ErrorCode.REFUSED)
        for answer in self._gate.receive(message, now=now):
            self.connection.send_stream(Channel.CONTROL, encode_message(answer))
        self.connection.flush()
        client = self._gate.client
        if client is not None:
            self._is_done = True
            self._timer.cancel()
            self._door.proved(self, client)

    def refuse(self, code: ErrorCode, reason: str) -> None:
        """Say why, and end."""
        self._is_done = True
        self._timer.cancel()
        self._door.gone(self, has_failed=self._has_failed)
        reason = printable(reason, _MAX_REASON)
        self.connection.send_stream(Channel.CONTROL, encode_message(Bye(code=code, reason=reason)))
        self.connection.flush()
        self.connection.close(code, reason)

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Nothing is taken before the proof."""

    def writable(self, *, now: float) -> None:
        """Nothing waits here."""

    def connection_lost(self, error: ConnectionLostError) -> None:
        """End."""
        self._timer.cancel()
        if not self._is_done:
            self._door.gone(self, has_failed=False)
