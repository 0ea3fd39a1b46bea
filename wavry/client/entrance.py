"""The way into a host: its key is the expected one, and we prove ours, or have the PIN that makes both known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wavry.errors import ConnectionLostError, ErrorCode, NotLetInError, RemoteProtocolError
from wavry.keyfile import data_directory
from wavry.observe.logs import printable
from wavry.pairing.client_gate import ClientGate
from wavry.pairing.host_gate import HOW_TO_PAIR
from wavry.pairing.keys import ClientIdentity
from wavry.pairing.known_hosts import KnownHosts, is_same
from wavry.rift import Bye, MessageDecoder, MessageKinds, encode_message
from wavry.rift.pairing import TO_CLIENT
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.rift import Message
    from wavry.transport import Connection

_PATIENCE_S = 5.0
_MAX_REASON = 256


class Entrance:
    """What a client needs to be let in, from one connection to the next.

    Args:
        address: `HOST:PORT` as the person wrote it: what the host's key is remembered under.
        name: What the client calls itself.
        pin: What the person typed; used until it has worked.

    Raises:
        ConfigError: The client's key or its list of hosts can't be read.
    """

    def __init__(self, address: str, name: str, pin: str | None) -> None:
        directory = data_directory()
        self._address = address
        self._name = name
        self._pin = pin
        self._hosts = KnownHosts(directory)
        self._expected = self._hosts.fingerprint(address)
        self._identity = ClientIdentity.load_or_create(directory)

    async def pass_through(self, connection: Connection, host_fingerprint: str) -> None:
        """Be let in on a new connection. Nobody observes it afterwards.

        Raises:
            NotLetInError: The host is not known, is another one, or refuses.
            ConnectionLostError: The connection has ended.
        """
        self._check_key(connection, host_fingerprint)
        gate = ClientGate(self._identity, bytes.fromhex(host_fingerprint), pin=self._pin, name=self._name)
        knocking = _Knocking(connection, gate)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await knocking.done
        except TimeoutError:
            raise ConnectionLostError("the host does not answer", code=ErrorCode.TIMEOUT) from None
        except ConnectionLostError as error:
            if error.code == ErrorCode.REFUSED:
                raise NotLetInError(self._address, printable(error.reason, _MAX_REASON)) from error
            raise
        if gate.has_paired:
            self._hosts.remember(self._address, host_fingerprint)
            self._expected, self._pin = host_fingerprint, None

    def _check_key(self, connection: Connection, host_fingerprint: str) -> None:
        """Make sure that it is the host that we know; one that is to be paired now shows that it has the PIN."""
        if self._pin is not None:
            return
        if self._expected is None:
            reason = f"this client has not been paired with it; {HOW_TO_PAIR}"
        elif not is_same(host_fingerprint, self._expected):
            reason = (
                f"ITS KEY IS NOT THE ONE THAT WAS PAIRED: it has sha256:{host_fingerprint[:16]}..., expected was "
                f"sha256:{self._expected[:16]}... Somebody may be in between. If the host was set up anew, pair again: "
                f"{HOW_TO_PAIR}"
            )
        else:
            return
        connection.close(ErrorCode.NO_ERROR, "")
        raise NotLetInError(self._address, reason)


class _Knocking:
    """A `ConnectionObserver` until the host says welcome."""

    def __init__(self, connection: Connection, gate: ClientGate) -> None:
        self._connection = connection
        self._gate = gate
        self._decoder = MessageDecoder(MessageKinds(TO_CLIENT))
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the host has welcomed us; fails with `ConnectionLostError`."""
        connection.observe(self)
        self._say([gate.knock()])

    def _say(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._connection.send_stream(Channel.CONTROL, encode_message(message))
        self._connection.flush()

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Take what the host says."""
        if self.done.done():
            return
        try:
            for message in self._decoder.receive(data) if channel is Channel.CONTROL else ():
                if isinstance(message, Bye):  # the last word: the close that follows may get lost
                    raise RemoteProtocolError(message.reason, code=_known_code(message.code))
                self._say(self._gate.receive(message))
        except RemoteProtocolError as error:
            self._connection.close(error.code, str(error)[:256])
            self.done.set_exception(ConnectionLostError(str(error), code=error.code))
            return
        if self._gate.is_open:
            self.done.set_result(None)

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Nothing is taken before the welcome."""

    def writable(self, *, now: float) -> None:
        """Nothing waits here."""

    def connection_lost(self, error: ConnectionLostError) -> None:
        """Fail."""
        if not self.done.done():
            self.done.set_exception(error)


def _known_code(code: int) -> ErrorCode:
    return ErrorCode(code) if code in set(ErrorCode) else ErrorCode.INTERNAL_ERROR
