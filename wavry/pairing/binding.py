"""What a proof is bound to: the keys of both sides and the nonces of this one connection."""

from __future__ import annotations

from typing import NamedTuple

_PROOF_LABEL = b"wavry client proof 1\0"
_BROWSER_LABEL = b"wavry browser proof 1\0"


class Binding(NamedTuple):
    """Who talks with whom, now. A proof for one of these is worth nothing for another."""

    host_fingerprint: bytes
    """What this side knows the host by in TLS: SHA-256 of its public key; of its certificate if the client is a
    browser, which has pinned that."""

    client_key: bytes
    """The client's public key, raw."""

    host_nonce: bytes
    client_nonce: bytes
    is_browser: bool = False

    @property
    def nonces(self) -> bytes:
        """Both of them; their lengths are fixed."""
        return self.host_nonce + self.client_nonce

    def proof_text(self) -> bytes:
        """Return what a client signs."""
        label = _BROWSER_LABEL if self.is_browser else _PROOF_LABEL
        return label + self.host_fingerprint + self.client_key + self.nonces
