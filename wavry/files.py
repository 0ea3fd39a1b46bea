"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, data: bytes, *, flag: str) -> None:
    """Write a file so that a reader sees all of it or the one before.

    Raises:
        ConfigError: It can't be written; `flag` names the setting that asked for it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        _remove(temporary)
        raise ConfigError(flag, path, f"a file that can be written ({error.strerror})") from error


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # it was never there, or the disk that failed fails again
