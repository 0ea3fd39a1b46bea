"""The host's side of letting somebody in: one connection, from its knock to its welcome or its refusal. Sans-IO."""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import TYPE_CHECKING

from wavry.errors import ConfigError, ErrorCode, RemoteProtocolError
from wavry.observe.logs import printable
from wavry.pairing.binding import Binding
from wavry.pairing.keys import client_fingerprint, is_signature
from wavry.pairing.pake import PinExchange
from wavry.rift.messages import NONCE_BYTES, Knock, Welcome, check_version
from wavry.rift.pairing import (
    Challenge,
    PairAnswer,
    PairConfirm,
    PairDone,
    PairPin,
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

HOW_TO_PAIR_A_PAGE = "run `python -m wavry.server pair` on the host and type the number it shows"
HOW_TO_PAIR = "run `python -m wavry.server pair` on the host and connect with --pin and the number it shows"


class HostGate:
    """Takes a peer's messages until it is open. One owner.

    Args:
        peer: The address, for the log.
        host_fingerprint: SHA-256 of the host's public key.
        book: The clients that are known.
        offer: The PIN that may be open.
        rights: What a client that is paired now may do.
        certificate_sha256: SHA-256 of the certificate that the host shows to a browser; None for a native client.
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
        certificate_sha256: bytes | None = None,
        new_nonce: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._peer = peer
        self._host_fingerprint = host_fingerprint
        self._book = book
        self._offer = offer
        self._rights = rights
        self._certificate_sha256 = certificate_sha256
        self._how_to_pair = HOW_TO_PAIR if certificate_sha256 is None else HOW_TO_PAIR_A_PAGE
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
            case PairPin() if self._binding is not None and self._binding.is_browser:
                return self._pair_browser(self._binding, message, now)
            case PairStart(element=element) if (
                self._binding is not None and self._exchange is None and not self._binding.is_browser
            ):
                return self._start_pairing(self._binding, element, now)
            case PairConfirm() if self._binding is not None and self._exchange is not None:
                return self._confirm(self._binding, self._exchange, message)
        raise RemoteProtocolError(f"{message.kind} is not to be said now")

    def _challenge(self, knock: Knock) -> list[Message]:
        check_version(knock)
        nonce = self._new_nonce(NONCE_BYTES)
        shown = self._certificate_sha256
        self._binding = Binding(
            shown or self._host_fingerprint, knock.public_key, nonce, knock.nonce, is_browser=shown is not None
        )
        return [Challenge(nonce=nonce, certificate=shown)]

    def _check_proof(self, binding: Binding, signature: bytes) -> list[Message]:
        client = self._book.find(binding.client_key)
        if client is None or client.is_browser is not binding.is_browser:
            raise self._refused(binding, f"this host does not know this client; {self._how_to_pair}")
        if not is_signature(signature, binding.proof_text(), binding.client_key):
            raise self._refused(binding, "the proof is wrong")
        self.client = client
        audit.info("%s came in as %s (%s)", self._peer, printable(client.name), client.fingerprint[:16])
        return [Welcome()]

    def _start_pairing(self, binding: Binding, element: bytes, now: float) -> list[Message]:
        pin = self._offer.take_try(now=now)
        if pin is None:
            raise self._refused(binding, f"no PIN is open on this host; {self._how_to_pair}")
        self._exchange = exchange = PinExchange(pin, binding, is_client=False)
        exchange.finish(element)
        return [PairAnswer(element=exchange.element)]

    def _confirm(self, binding: Binding, exchange: PinExchange, message: PairConfirm) -> list[Message]:
        if not exchange.is_tag_of_peer(message.mac):
            raise self._refused(binding, f"wrong PIN, or somebody is in between; {self._what_next()}")
        self._pair(binding, message.signature, message.name)
        return [PairDone(mac=exchange.tag()), Welcome()]

    def _pair_browser(self, binding: Binding, message: PairPin, now: float) -> list[Message]:
        """Compare the PIN itself: a page has no SPAKE2, and whoever serves the page could have the PIN anyway."""
        pin = self._offer.take_try(now=now)
        if pin is None:
            raise self._refused(binding, f"no PIN is open on this host; {self._how_to_pair}")
        if not hmac.compare_digest(message.pin.encode(), pin.encode()):
            raise self._refused(binding, f"wrong PIN; {self._what_next()}")
        self._pair(binding, message.signature, message.name)
        return [Welcome()]

    def _what_next(self) -> str:
        left = self._offer.tries_left
        return f"{left} more tries" if left else "pairing is closed; open it again on the host"

    def _pair(self, binding: Binding, signature: bytes, name: str) -> None:
        """Take the client, who has the PIN, into the book, if it has the key that it showed as well."""
        if not is_signature(signature, binding.proof_text(), binding.client_key):
            raise self._refused(binding, "the proof is wrong")
        self._offer.close()
        try:
            self.client = self._book.add(binding.client_key, name, self._rights, is_browser=binding.is_browser)
        except ConfigError as error:
            raise self._refused(binding, str(error)) from error
        audit.info("%s was paired as %s (%s)", self._peer, printable(name), self.client.fingerprint[:16])

    def _refused(self, binding: Binding, reason: str) -> RemoteProtocolError:
        audit.warning("%s (%s) was refused: %s", self._peer, client_fingerprint(binding.client_key)[:16], reason)
        return RemoteProtocolError(reason, code=ErrorCode.REFUSED)
