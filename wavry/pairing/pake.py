"""One run of SPAKE2 with a PIN, bound to both sides' keys and to this connection.

The `spake2` package does the arithmetic (Ed25519, about 10 ms a side). Its transcript has both identities, so in the
middle there is nothing to be gained: whoever shows each side another key gets two different secrets, and one guess at
the PIN for one try. The secret is used for nothing but two tags that say so.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from spake2 import SPAKE2_A, SPAKE2_B
from spake2.ed25519_basic import NotOnCurve
from spake2.spake2 import SPAKEError

from wavry.errors import RemoteProtocolError

if TYPE_CHECKING:
    from wavry.pairing.binding import Binding

_CLIENT_TAG = b"wavry pairing 1 client"
_HOST_TAG = b"wavry pairing 1 host"


class PinExchange:
    """One side of one run.

    Args:
        pin: Six digits.
        binding: Who talks with whom, on which connection.
        is_client: Which side this is.
    """

    def __init__(self, pin: str, binding: Binding, *, is_client: bool) -> None:
        side = SPAKE2_A if is_client else SPAKE2_B
        self._spake = side(pin.encode(), idA=binding.client_key, idB=binding.host_fingerprint)
        self._binding = binding
        self._is_client = is_client
        self._secret = b""
        self.element: bytes = self._spake.start()
        """What the other side gets."""

    def finish(self, element: bytes) -> None:
        """Take the other side's element. Once.

        Raises:
            RemoteProtocolError: It is no element.
        """
        try:
            self._secret = self._spake.finish(element)
        except (SPAKEError, NotOnCurve, ValueError) as error:
            raise RemoteProtocolError(f"pairing: {error}") from None

    @property
    def is_finished(self) -> bool:
        """Whether the other side's element came."""
        return bool(self._secret)

    def tag(self) -> bytes:
        """Return what proves to the other side that this one has the PIN."""
        return self._tag(_CLIENT_TAG if self._is_client else _HOST_TAG)

    def is_tag_of_peer(self, tag: bytes) -> bool:
        """Whether the other side has the same PIN, and sees the same two keys; in constant time."""
        return hmac.compare_digest(tag, self._tag(_HOST_TAG if self._is_client else _CLIENT_TAG))

    def _tag(self, label: bytes) -> bytes:
        return hmac.new(self._secret, label + self._binding.nonces, hashlib.sha256).digest()
