"""Private keys in files that only their owner can read, made at the first start."""

from __future__ import annotations

import os
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
            _create(path, generate())
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigError(what, path, "a file that only its owner can read (chmod 600)")
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it has a password
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(what, path, f"{kind} that can be read ({error})") from error


def _create(path: Path, key: PrivateKeyTypes) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        os.link(temporary, path)  # unlike a rename, it does not replace the key another process has just made
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
