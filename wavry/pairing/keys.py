"""The client's key: Ed25519, made at the first start, for its owner's eyes only.

Proofs are signatures of it. The host's key is TLS's business (`wavry.transport.identity`), and both are files of the
same kind (`wavry.pairing.keyfile`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wavry.errors import ConfigError
from wavry.keyfile import load_or_create_key

if TYPE_CHECKING:
    from pathlib import Path

_KEY_FILE = "client-key.pem"
_KIND = "an Ed25519 key"


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A client's key. Its `repr` says nothing of it."""

    _key: Ed25519PrivateKey

    @classmethod
    def load_or_create(cls, directory: Path) -> ClientIdentity:
        """Read the key in `directory`, or make one there (readable by its owner only).

        Raises:
            ConfigError: The file is there and is no Ed25519 key, or the directory can't be used.
        """
        path = directory / _KEY_FILE
        key = load_or_create_key(path, Ed25519PrivateKey.generate, what="client key", kind=_KIND)
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError("client key", path, _KIND)
        return cls(key)

    @property
    def public_key(self) -> bytes:
        """The public half, raw, 32 bytes."""
        return self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, text: bytes) -> bytes:
        """Return a signature of 64 bytes."""
        return self._key.sign(text)

    def __repr__(self) -> str:
        return f"ClientIdentity({client_fingerprint(self.public_key)})"


def client_fingerprint(public_key: bytes) -> str:
    """Return what a client is known by: the SHA-256 of its raw public key in hex."""
    return hashlib.sha256(public_key).hexdigest()


def is_signature(signature: bytes, text: bytes, public_key: bytes) -> bool:
    """Whether a signature of a text is that of a key; False for what is no key at all."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
