"""The client's side of being let in: from its knock to the host's welcome. Sans-IO."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.pairing.binding import Binding
from wavry.pairing.pake import PinExchange
from wavry.rift.messages import NONCE_BYTES, Knock, Welcome
from wavry.rift.pairing import (
    Challenge,
    PairAnswer,
    PairConfirm,
    PairDone,
    PairStart,
    Proof,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.pairing.keys import ClientIdentity
    from wavry.rift import Message


class ClientGate:
    """Takes the host's messages until it is open. One owner.

    A host may open it without a challenge: it lets everybody in (`--no-auth`), and whoever has pinned its key may
    still be sure whom they talk with.

    Args:
        identity: The client's key.
        host_fingerprint: SHA-256 of the public key that the host has shown in TLS.
        pin: What the person typed; None for a client that was paired before.
        name: What the client calls itself.
        new_nonce: Makes bytes that nobody can foresee.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        host_fingerprint: bytes,
        *,
        pin: str | None,
        name: str,
        new_nonce: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._identity = identity
        self._host_fingerprint = host_fingerprint
        self._pin = pin
        self._name = name
        self._nonce = new_nonce(NONCE_BYTES)
        self._binding: Binding | None = None
        self._exchange: PinExchange | None = None
        self.has_paired = False
        """Whether the host has shown that it has the PIN: from now on its key is the one to expect."""
        self.is_open = False

    def knock(self) -> Knock:
        """Return what is said first."""
        return Knock(public_key=self._identity.public_key, nonce=self._nonce)

    def receive(self, message: Message) -> list[Message]:
        """Take a message; return the answers.

        Raises:
            RemoteProtocolError: It is not to be said now, or the host is not the one that has the PIN.
        """
        match message:
            case Challenge(nonce=nonce) if self._binding is None:
                return self._answer(nonce)
            case PairAnswer(element=element) if self._exchange is not None and not self._exchange.is_finished:
                return self._confirm(self._exchange, element)
            case PairDone(mac=mac) if self._exchange is not None and self._exchange.is_finished and not self.has_paired:
                self._check_host(self._exchange, mac)
                return []
            case Welcome() if not self.is_open and (self._exchange is None or self.has_paired):
                self.is_open = True
                return []
        raise RemoteProtocolError(f"{message.kind} is not to be said now")

    def _answer(self, nonce: bytes) -> list[Message]:
        self._binding = binding = Binding(self._host_fingerprint, self._identity.public_key, nonce, self._nonce)
        if self._pin is None:
            return [Proof(signature=self._identity.sign(binding.proof_text()))]
        self._exchange = PinExchange(self._pin, binding, is_client=True)
        return [PairStart(element=self._exchange.element)]

    def _confirm(self, exchange: PinExchange, element: bytes) -> list[Message]:
        assert self._binding is not None  # an exchange has one
        exchange.finish(element)
        signature = self._identity.sign(self._binding.proof_text())
        return [PairConfirm(mac=exchange.tag(), signature=signature, name=self._name)]

    def _check_host(self, exchange: PinExchange, mac: bytes) -> None:
        if not exchange.is_tag_of_peer(mac):
            raise RemoteProtocolError("somebody between here and the host has no PIN", code=ErrorCode.REFUSED)
        self.has_paired = True
