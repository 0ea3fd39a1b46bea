"""Who the host is: one key for life, and a certificate that is renewed under it.

What identifies a host is the SHA-256 of its public key (SubjectPublicKeyInfo, DER). The certificate only carries
the key through TLS; it is valid for 13 days, because browsers accept a pinned certificate for at most 14. The next one
is made a day before it is shown, so that a page that was told of both still finds what it expects.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wavry.errors import ConfigError
from wavry.keyfile import load_or_create_key

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

CERTIFICATE_LIFETIME = timedelta(days=13)
_RENEW_BEFORE_END = timedelta(days=2)
_MAKE_BEFORE_END = _RENEW_BEFORE_END + timedelta(days=1)
_KEY_FILE = "host-key.pem"
_KIND = "an ECDSA P-256 key"
_COMMON_NAME = "wavry"


def key_fingerprint(public_key: CertificatePublicKeyTypes) -> str:
    """Return the SHA-256 of a public key (SPKI, DER) in hex: what a host is known by."""
    spki = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


@dataclass(slots=True)
class HostIdentity:
    """The host's key with its certificate of the day."""

    key: ec.EllipticCurvePrivateKey
    _certificate: x509.Certificate | None = None
    _next: x509.Certificate | None = None
    """Made ahead of its time."""

    @classmethod
    def load_or_create(cls, directory: Path) -> HostIdentity:
        """Read the key in `directory`, or make one there (readable by its owner only).

        Raises:
            ConfigError: The file is there and is no ECDSA P-256 key, or the directory can't be used.
        """
        path = directory / _KEY_FILE
        key = load_or_create_key(path, lambda: ec.generate_private_key(ec.SECP256R1()), what="host key", kind=_KIND)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ConfigError("host key", path, _KIND)
        return cls(key)

    @staticmethod
    def exists(directory: Path) -> bool:
        """Whether a key was made in `directory`; says nothing of its being any good."""
        return (directory / _KEY_FILE).exists()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key (SPKI, DER) in hex."""
        return key_fingerprint(self.key.public_key())

    def certificate(self, *, at: datetime | None = None) -> x509.Certificate:
        """Return a certificate that is valid at a wall-clock time (now), renewing it when its end is near."""
        at = at or datetime.now(UTC)
        if not _is_good(self._certificate, at, _RENEW_BEFORE_END):
            self._certificate, self._next = self._next, None
        if self._certificate is None or not _is_good(self._certificate, at, _RENEW_BEFORE_END):
            self._certificate = _self_signed(self.key, at)
        return self._certificate

    def certificate_hashes(self, *, at: datetime | None = None) -> list[str]:
        """Return what a browser may be shown if it connects within a day: SHA-256 of certificates (DER) in hex.

        The first is that of the present certificate; there is a second one on its last day.
        """
        at = at or datetime.now(UTC)
        certificates = [self.certificate(at=at)]
        if not _is_good(certificates[0], at, _MAKE_BEFORE_END):
            self._next = self._next or _self_signed(self.key, at)
            certificates.append(self._next)
        return [each.fingerprint(hashes.SHA256()).hex() for each in certificates]


def _is_good(certificate: x509.Certificate | None, at: datetime, before_end: timedelta) -> bool:
    """Whether there is a certificate that has begun, and does not end so soon."""
    if certificate is None:
        return False
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc - before_end


def _self_signed(key: ec.EllipticCurvePrivateKey, at: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _COMMON_NAME)])
    start = at - timedelta(minutes=5)  # the peer's clock may be a little behind
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + CERTIFICATE_LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_COMMON_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
