"""Files of any kind, told apart by what is in them and not by what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from wavry.errors import ConfigError
from wavry.report.checkpoints import read_checkpoints
from wavry.report.reports import MOST_BYTES, read_report
from wavry.report.soaks import is_header, read_soak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wavry.report.run import Run

_LONGEST_LINE = 4096
"""What a line has beyond is not looked at; checkpoints have 150 bytes."""


def read_run(path: Path, name: str) -> Run:
    """Read a file, in memory that does not depend on its size. A pipe will do.

    Args:
        path: The file.
        name: What the run is called.

    Raises:
        ConfigError: It can't be read, or is none of the kinds.
    """
    try:
        with path.open("rb") as file:
            run = _read(file, name)
    except OSError as error:
        raise ConfigError("FILE", path, f"a file that can be read ({error.strerror})") from error
    if run is None:
        raise ConfigError(
            "FILE", path, "a log with MemoryCheckpoint lines, a memory report, --stats-json or a soak's CSV"
        )
    return run


def _read(file: BinaryIO, name: str) -> Run | None:
    lines = bounded_lines(file)
    first = next(lines, b"")
    if first.lstrip().startswith(b"{"):
        data = first + file.read(MOST_BYTES)
        return read_report(data, name) if len(data) < MOST_BYTES else None
    if is_header(first):
        return read_soak(_with(first, lines), name)
    return read_checkpoints(_with(first, lines), name)


def _with(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield each line, or the first 4096 bytes of it."""
    while line := file.readline(_LONGEST_LINE):
        yield line
        while not line.endswith(b"\n") and (line := file.readline(_LONGEST_LINE)):
            pass
