"""The files of a page: a folder that was listed once, so that no path can lead out of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
_INDEX = "index.html"


class StaticFile(NamedTuple):
    """A file that is being sent."""

    file: BinaryIO
    """Open, to be closed by whoever got it."""
    size_bytes: int
    content_type: str
    etag: str
    """With its quotes, as in the header."""


class StaticFolder:
    """Files by the paths of their URLs; other types than pages are made of are not there.

    Holds names alone; a file is read when it is asked for.

    Args:
        folder: Listed now, with all folders in it. Links are not followed.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, Path] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES and path.is_file() and not path.is_symlink():
                name = "/" + path.relative_to(folder).as_posix()
                self._files[name] = path
                if path.name == _INDEX:
                    self._files[name.removesuffix(_INDEX)] = path

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def open(self, path: str) -> StaticFile | None:
        """Open a file; None if there is none of that path, or not any more. Blocks for 50 µs."""
        known = self._files.get(path)
        if known is None:
            return None
        try:
            file = known.open("rb")
        except OSError:
            return None
        status = os.fstat(file.fileno())
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        return StaticFile(file, status.st_size, _TYPES[known.suffix], etag)
