"""Private keys, and a token, in files that only their owner can read, made at the first start."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


_TOKEN_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,256}")
_MOST_BYTES = 64 * 1024
"""No key of ours is longer."""


def data_directory() -> Path:
    """Return the directory of this user's wavry files; it may not exist yet."""
    return Path(platformdirs.user_data_dir("wavry", appauthor=False))


def load_or_create_key(path: Path, generate: Callable[[], PrivateKeyTypes], *, what: str, kind: str) -> PrivateKeyTypes:
    """Read the key in a file, or make one there (0600).

    Args:
        path: The file; its directory is made (0700).
        generate: Makes a new key.
        what: The key's name, and
        kind: what it is, for messages: "an ECDSA P-256 key".

    Raises:
        ConfigError: The file is there and is no key, or has a password, others than its owner may read it, or the
            directory can't be used.
    """
    try:
        if not path.exists():
            _create(path, _pem(generate()))
        return serialization.load_pem_private_key(_read(path, what), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it has a password
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(what, path, f"{kind} that can be read ({error})") from error


def load_or_create_token(path: Path, *, what: str) -> str:
    """Read a token in a file, or make one there (0600): 32 letters, digits, `-` and `_`, 24 random bytes.

    Args:
        path: The file; its directory is made (0700).
        what: The token's name, for messages.

    Raises:
        ConfigError: The file is there and holds something else, others than its owner may read it, or the directory
            can't be used.
    """
    try:
        if not path.exists():
            _create(path, secrets.token_urlsafe(_TOKEN_BYTES).encode() + b"\n")
        token = _read(path, what).decode(errors="replace").strip()
    except OSError as error:
        raise ConfigError(what, path, f"a file that can be read ({error})") from error
    if not _TOKEN.fullmatch(token):
        raise ConfigError(what, path, "32 or more letters, digits, - and _; without the file a new one is made")
    return token


def _read(path: Path, what: str) -> bytes:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ConfigError(what, path, "a file that only its owner can read (chmod 600)")
    with path.open("rb") as file:
        return file.read(_MOST_BYTES)


def _pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _create(path: Path, secret: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
        os.link(temporary, path)  # unlike a rename, it does not replace what another process has just made
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
