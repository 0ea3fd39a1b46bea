"""What HTTPS speaks with: the user's certificate, or the host's own."""

from __future__ import annotations

import os
import ssl
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.transport.identity import HostIdentity


class Certificate:
    """Gives the TLS context of the moment. On the loop."""

    def __init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_alpn_protocols(["http/1.1"])
        self._identity: HostIdentity | None = None
        self._loaded: x509.Certificate | None = None
        self.names: tuple[str, ...] = ()
        """What it was issued for, where somebody has checked that; of our own, nobody has."""

    @classmethod
    def of_files(cls, certificate: Path, key: Path) -> Certificate:
        """Return one that others have issued.

        Raises:
            ConfigError: A file can't be read, or is not what it should be, or the two do not go together.
        """
        ours = cls()
        try:
            ours._context.load_cert_chain(certificate, key, password=_refuse_password)
        except (OSError, ValueError) as error:  # ssl.SSLError among them
            raise ConfigError(
                "--tls-cert", f"{certificate}, --tls-key {key}", f"a PEM chain and its key ({error})"
            ) from (error)
        ours.names = _names(certificate)
        return ours

    @classmethod
    def of_host(cls, identity: HostIdentity) -> Certificate:
        """Return the host's own, which nobody vouches for: browsers ask once whether to go on."""
        ours = cls()
        ours._identity = identity
        return ours

    def context(self) -> ssl.SSLContext:
        """Return what the next connection speaks with; the host's own certificate is renewed when it is time."""
        if self._identity is not None and (current := self._identity.certificate()) is not self._loaded:
            self._load(self._identity, current)
        return self._context

    def _load(self, identity: HostIdentity, current: x509.Certificate) -> None:
        """Give OpenSSL certificate and key, which it takes from a file alone."""
        key = identity.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with _readable(current.public_bytes(serialization.Encoding.PEM) + key) as path:
            self._context.load_cert_chain(path)
        self._loaded = current


@contextmanager
def _readable(data: bytes) -> Iterator[str | Path]:
    """Make a file for the block: in memory where there is such a thing, which needs no place that may be written to.

    Raises:
        OSError: There is neither that nor a temporary directory. A file there is its owner's alone, for 1 ms.
    """
    if hasattr(os, "memfd_create"):  # Linux
        with open(os.memfd_create("wavry-certificate"), "wb", buffering=0) as file:
            file.write(data)
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.TemporaryDirectory(prefix="wavry-") as directory:  # 0700
        path = Path(directory) / "certificate.pem"
        path.touch(mode=0o600)
        path.write_bytes(data)
        yield path


def _refuse_password() -> str:
    raise ValueError("the key has a password")


def _names(path: Path) -> tuple[str, ...]:
    try:
        extension = x509.load_pem_x509_certificate(path.read_bytes()).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (OSError, ValueError, x509.ExtensionNotFound):
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))
