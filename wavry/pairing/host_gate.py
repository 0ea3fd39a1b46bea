"""The host's side of letting somebody in: one connection, from its knock to its welcome or its refusal. Sans-IO."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from wavry.errors import ConfigError, ErrorCode, RemoteProtocolError
from wavry.pairing.binding import Binding
from wavry.pairing.keys import client_fingerprint, is_signature
from wavry.pairing.pake import PinExchange
from wavry.rift.messages import NONCE_BYTES, Knock, Welcome, check_version
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

    from wavry.pairing.book import ClientBook, PairedClient
    from wavry.pairing.pin import PinOffer
    from wavry.rift import Message, Right

audit = logging.getLogger("wavry.audit")
"""A line for each event: who came in, who was refused, who was paired. No secret is ever in one."""

HOW_TO_PAIR = "run `python -m wavry.server pair` on the host and connect with --pin and the number it shows"


class HostGate:
    """Takes a peer's messages until it is open. One owner.

    Args:
        peer: The address, for the log.
        host_fingerprint: SHA-256 of the host's public key.
        book: The clients that are known.
        offer: The PIN that may be open.
        rights: What a client that is paired now may do.
        new_nonce: Makes bytes that nobody can foresee.
    """

    def __init__(
        self,
        peer: str,
        host_fingerprint: bytes,
        book: ClientBook,
        offer: PinOffer,
        rights: frozenset[Right],
        *,
        new_nonce: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._peer = peer
        self._host_fingerprint = host_fingerprint
        self._book = book
        self._offer = offer
        self._rights = rights
        self._new_nonce = new_nonce
        self._binding: Binding | None = None
        self._exchange: PinExchange | None = None
        self.client: PairedClient | None = None
        """Who it is, once the gate is open."""

    def receive(self, message: Message, *, now: float) -> list[Message]:
        """Take a message; return the answers.

        Raises:
            RemoteProtocolError: It is not to be said now, or the client is refused; the code says which. The
                connection must be closed with both.
        """
        match message:
            case Knock() if self._binding is None:
                return self._challenge(message)
            case Proof(signature=signature) if self._binding is not None and self._exchange is None:
                return self._check_proof(self._binding, signature)
            case PairStart(element=element) if self._binding is not None and self._exchange is None:
                return self._start_pairing(self._binding, element, now)
            case PairConfirm() if self._binding is not None and self._exchange is not None:
                return self._confirm(self._binding, self._exchange, message)
        raise RemoteProtocolError(f"{message.kind} is not to be said now")

    def _challenge(self, knock: Knock) -> list[Message]:
        check_version(knock)
        nonce = self._new_nonce(NONCE_BYTES)
        self._binding = Binding(self._host_fingerprint, knock.public_key, nonce, knock.nonce)
        return [Challenge(nonce=nonce)]

    def _check_proof(self, binding: Binding, signature: bytes) -> list[Message]:
        client = self._book.find(binding.client_key)
        if client is None:
            raise self._refused(binding, f"this host does not know this client; {HOW_TO_PAIR}")
        if not is_signature(signature, binding.proof_text(), binding.client_key):
            raise self._refused(binding, "the proof is wrong")
        self.client = client
        audit.info("%s came in as %s (%s)", self._peer, client.name, client.fingerprint[:16])
        return [Welcome()]

    def _start_pairing(self, binding: Binding, element: bytes, now: float) -> list[Message]:
        pin = self._offer.take_try(now=now)
        if pin is None:
            raise self._refused(binding, f"no PIN is open on this host; {HOW_TO_PAIR}")
        self._exchange = exchange = PinExchange(pin, binding, is_client=False)
        exchange.finish(element)
        return [PairAnswer(element=exchange.element)]

    def _confirm(self, binding: Binding, exchange: PinExchange, message: PairConfirm) -> list[Message]:
        if not exchange.is_tag_of_peer(message.mac):
            left = self._offer.tries_left
            what_next = f"{left} more tries" if left else "pairing is closed; open it again on the host"
            raise self._refused(binding, f"wrong PIN, or somebody is in between; {what_next}")
        if not is_signature(message.signature, binding.proof_text(), binding.client_key):
            raise self._refused(binding, "the proof is wrong")
        self._offer.close()
        try:
            self.client = self._book.add(binding.client_key, message.name, self._rights)
        except ConfigError as error:
            raise self._refused(binding, str(error)) from error
        audit.info("%s was paired as %s (%s)", self._peer, message.name, self.client.fingerprint[:16])
        return [PairDone(mac=exchange.tag()), Welcome()]

    def _refused(self, binding: Binding, reason: str) -> RemoteProtocolError:
        audit.warning("%s (%s) was refused: %s", self._peer, client_fingerprint(binding.client_key)[:16], reason)
        return RemoteProtocolError(reason, code=ErrorCode.REFUSED)
