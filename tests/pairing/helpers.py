"""Both gates with messages between them, and somebody who may stand there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from wavry.pairing.book import ClientBook
from wavry.pairing.client_gate import ClientGate
from wavry.pairing.host_gate import HostGate
from wavry.pairing.keys import ClientIdentity
from wavry.pairing.pin import PinOffer
from wavry.rift.rights import ALL_RIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wavry.rift import Message

HOST_KEY = hashlib.sha256(b"the host's key").digest()
OTHER_KEY = hashlib.sha256(b"the key of somebody in between").digest()


class Host:
    """A host with its book and its PIN."""

    def __init__(self, directory: Path) -> None:
        self.book = ClientBook(directory)
        self.offer = PinOffer()

    def gate(self, fingerprint: bytes = HOST_KEY) -> HostGate:
        """The gate of a new connection."""
        return HostGate("127.0.0.1:9", fingerprint, self.book, self.offer, ALL_RIGHTS)


def client_gate(
    directory: Path, *, pin: str | None = None, fingerprint: bytes = HOST_KEY, name: str = "a client"
) -> ClientGate:
    """The gate of a client whose key is in a directory."""
    return ClientGate(ClientIdentity.load_or_create(directory), fingerprint, pin=pin, name=name)


def meet(
    client: ClientGate, host: HostGate, *, now: float = 0.0, between: Callable[[Message], Message] = lambda each: each
) -> list[Message]:
    """Let them talk until they have nothing to say; return all that was said."""
    said: list[Message] = []
    to_host: list[Message] = [client.knock()]
    while to_host:
        to_client = [answer for message in to_host for answer in host.receive(between(message), now=now)]
        said += to_host + to_client
        to_host = [answer for message in to_client for answer in client.receive(between(message))]
    return said
