"""What is said on the control stream before a client is let in, besides `Knock` and `Welcome`: WIRE.md section 11.

Numbers of bytes are exact: anything else breaks the protocol.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from wavry.rift.framing import Message
from wavry.rift.messages import Bye, Knock, Nonce, Text, Welcome

Signature: TypeAlias = Annotated[bytes, Meta(min_length=64, max_length=64)]
Element: TypeAlias = Annotated[bytes, Meta(min_length=33, max_length=33)]
"""Of SPAKE2: a letter for the side, and a point."""

Mac: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]


class Challenge(Message, frozen=True, kw_only=True):
    """Host to client: prove it."""

    kind: ClassVar[str] = "challenge"

    nonce: Nonce
    certificate: Annotated[bytes, Meta(min_length=32, max_length=32)] | None = None
    """To a browser: SHA-256 of the certificate (DER) that the host shows on this connection."""


class Proof(Message, frozen=True, kw_only=True):
    """Client to host: the answer of one that was paired before."""

    kind: ClassVar[str] = "proof"

    signature: Signature
    """Of `proof_text`, with the key of the `Knock`."""


class PairStart(Message, frozen=True, kw_only=True):
    """Client to host: the answer of one that has a PIN."""

    kind: ClassVar[str] = "pair_start"

    element: Element


class PairAnswer(Message, frozen=True, kw_only=True):
    """Host to client: its half of SPAKE2."""

    kind: ClassVar[str] = "pair_answer"

    element: Element


class PairConfirm(Message, frozen=True, kw_only=True):
    """Client to host: it has the PIN, and the key that it showed."""

    kind: ClassVar[str] = "pair_confirm"

    mac: Mac
    signature: Signature
    """As in `Proof`."""

    name: Text = ""
    """What the client calls itself, for the host's list."""


class PairDone(Message, frozen=True, kw_only=True):
    """Host to client: it had the PIN too, and knows the client from now on."""

    kind: ClassVar[str] = "pair_done"

    mac: Mac


class PairPin(Message, frozen=True, kw_only=True):
    """A browser to its host: the answer of one that has a PIN."""

    kind: ClassVar[str] = "pair_pin"

    pin: Annotated[str, Meta(max_length=16)]
    signature: Signature
    """As in `Proof`."""

    name: Text = ""
    """As in `PairConfirm`."""


TO_HOST: tuple[type[Message], ...] = (Knock, Proof, PairStart, PairConfirm, PairPin, Bye)
TO_CLIENT: tuple[type[Message], ...] = (Challenge, PairAnswer, PairDone, Welcome, Bye)
