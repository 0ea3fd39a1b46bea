"""What is said on the control stream before a client is let in. WIRE.md section 12 is the definition.

Numbers of bytes are exact: anything else breaks the protocol.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from wavry.rift.framing import Message, MessageKinds
from wavry.rift.messages import U16, Bye, Text
from wavry.rift.packet import PROTOCOL_MAJOR, PROTOCOL_MINOR

NONCE_BYTES = 32

Nonce: TypeAlias = Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
PublicKey: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""Ed25519, raw (RFC 8032)."""

Signature: TypeAlias = Annotated[bytes, Meta(min_length=64, max_length=64)]
Element: TypeAlias = Annotated[bytes, Meta(min_length=33, max_length=33)]
"""Of SPAKE2: a letter for the side, and a point."""

Mac: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]


class Knock(Message, frozen=True, kw_only=True):
    """Client to host, first: who it is. The version's fields keep their meaning in every version."""

    kind: ClassVar[str] = "knock"

    version_major: U16 = PROTOCOL_MAJOR
    version_minor: U16 = PROTOCOL_MINOR
    public_key: PublicKey
    nonce: Nonce


class Challenge(Message, frozen=True, kw_only=True):
    """Host to client: prove it."""

    kind: ClassVar[str] = "challenge"

    nonce: Nonce


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


class Welcome(Message, frozen=True, kw_only=True):
    """Host to client: come in. `hello` follows."""

    kind: ClassVar[str] = "welcome"


TO_HOST = MessageKinds((Knock, Proof, PairStart, PairConfirm, Bye))
TO_CLIENT = MessageKinds((Challenge, PairAnswer, PairDone, Welcome, Bye))
