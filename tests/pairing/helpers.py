"""Both gates with messages between them, and somebody who may stand there."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Protocol

from wavry.errors import RemoteProtocolError
from wavry.pairing.book import ClientBook
from wavry.pairing.client_gate import ClientGate
from wavry.pairing.host_gate import HostGate
from wavry.pairing.keys import ClientIdentity
from wavry.pairing.pin import PinOffer
from wavry.rift.messages import NONCE_BYTES, Knock, Welcome
from wavry.rift.pairing import Challenge, PairPin, Proof
from wavry.rift.rights import ALL_RIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wavry.rift import Message

HOST_KEY = hashlib.sha256(b"the host's key").digest()
OTHER_KEY = hashlib.sha256(b"the key of somebody in between").digest()
CERTIFICATE = hashlib.sha256(b"the host's certificate").digest()
OTHER_CERTIFICATE = hashlib.sha256(b"the certificate of somebody in between").digest()


class Caller(Protocol):
    """A client's side of a gate, of whatever kind."""

    def knock(self) -> Knock: ...

    def receive(self, message: Message) -> list[Message]: ...


class Host:
    """A host with its book and its PIN."""

    def __init__(self, directory: Path) -> None:
        self.book = ClientBook(directory)
        self.offer = PinOffer()

    def gate(self, fingerprint: bytes = HOST_KEY) -> HostGate:
        """The gate of a new connection."""
        return HostGate("127.0.0.1:9", fingerprint, self.book, self.offer, ALL_RIGHTS)

    def web_gate(self, certificate: bytes = CERTIFICATE) -> HostGate:
        """The gate of a new connection of a browser."""
        return HostGate("127.0.0.1:9", HOST_KEY, self.book, self.offer, ALL_RIGHTS, certificate_sha256=certificate)


class PageGate:
    """A page's side, as WIRE.md section 11 says it."""

    def __init__(
        self,
        directory: Path,
        *,
        pin: str | None = None,
        pinned: bytes = CERTIFICATE,
        name: str = "a page",
        trusts: bool = False,
    ) -> None:
        self._identity = ClientIdentity.load_or_create(directory)
        self._pin = pin
        self._pinned = pinned
        self._name = name
        self._trusts = trusts
        """Whether it signs for what it has pinned even if the host says that it shows something else."""
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self.is_open = False

    def knock(self) -> Knock:
        return Knock(public_key=self._identity.public_key, nonce=self._nonce)

    def receive(self, message: Message) -> list[Message]:
        match message:
            case Challenge(nonce=nonce, certificate=shown):
                if shown != self._pinned and not self._trusts:
                    raise RemoteProtocolError("that is not the certificate that was pinned")
                text = b"wavry browser proof 1\0" + self._pinned + self._identity.public_key + nonce + self._nonce
                signature = self._identity.sign(text)
                if self._pin is None:
                    return [Proof(signature=signature)]
                return [PairPin(pin=self._pin, signature=signature, name=self._name)]
            case Welcome():
                self.is_open = True
        return []


def client_gate(
    directory: Path, *, pin: str | None = None, fingerprint: bytes = HOST_KEY, name: str = "a client"
) -> ClientGate:
    """The gate of a client whose key is in a directory."""
    return ClientGate(ClientIdentity.load_or_create(directory), fingerprint, pin=pin, name=name)


def meet(
    client: Caller, host: HostGate, *, now: float = 0.0, between: Callable[[Message], Message] = lambda each: each
) -> list[Message]:
    """Let them talk until they have nothing to say; return all that was said."""
    said: list[Message] = []
    to_host: list[Message] = [client.knock()]
    while to_host:
        to_client = [answer for message in to_host for answer in host.receive(between(message), now=now)]
        said += to_host + to_client
        to_host = [answer for message in to_client for answer in client.receive(between(message))]
    return said
