"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, data: bytes, *, flag: str, mode: int = 0o666) -> None:
    """Write a file so that a reader sees all of it or the one before.

    Args:
        path: The file.
        data: All of it.
        flag: The setting that asked for it, for the message.
        mode: Who may read and write it, less the umask.

    Raises:
        ConfigError: It can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError as error:
        _remove(temporary)
        raise ConfigError(flag, path, f"a file that can be written ({error.strerror})") from error


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # it was never there, or the disk that failed fails again
