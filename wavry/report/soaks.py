"""The CSV files of `scripts/soak.py`: a line for each look at a process, under the names of what was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.report.run import Curve, Kind, Run, number
from wavry.report.thinned import Thinned

if TYPE_CHECKING:
    from collections.abc import Iterable

_TIME = "seconds"
_MEMORY = {"rss_bytes": "RSS", "pss_bytes": "PSS", "uss_bytes": "USS"}
_COUNTED_MEMORY = {"heap_bytes": "C heap", "budget_bytes": "budget"}
_COUNTS = ("objects", "blocks", "threads", "native_threads", "tasks", "descriptors", "buffers")
_MB = 1e6


def is_header(line: bytes) -> bool:
    """Whether a file that begins with this line is one of a soak."""
    names = _names(line)
    return names[0] == _TIME and any(_curve(name) is not None for name in names)


def read_soak(lines: Iterable[bytes], name: str) -> Run | None:
    """Return a soak's samples; None if there is not one.

    Args:
        lines: The header first; a malformed line is skipped and counted.
        name: What the run is called.
    """
    rows = iter(lines)
    columns = [_curve(each) for each in _names(next(rows, b""))]
    kind = Kind.SOAK if any(each and each.is_memory for each in columns) else Kind.COUNTS
    last_at, skipped, taken = 0.0, 0, 0
    for line in rows:
        values = _values(line, len(columns))
        if values is None or values[0] is None or values[0] < last_at:
            skipped += 1
            continue
        last_at = values[0]
        taken += 1
        for column, value in zip(columns, values, strict=True):
            if column is not None and value is not None:
                column.curve.series.add(last_at, value / column.scale)
    if not taken:
        return None
    seen = [each for each in columns if each is not None and each.curve.series.count]
    run = Run(
        name,
        kind,
        memory=[each.curve for each in seen if each.is_memory],
        counts=[each.curve for each in seen if not each.is_memory],
    )
    if skipped:
        run.notes.append(f"{skipped} malformed lines were skipped")
    return run


@dataclass(frozen=True, slots=True)
class _Column:
    curve: Curve
    scale: float
    is_memory: bool


def _curve(name: str) -> _Column | None:
    if name in _MEMORY:
        return _Column(Curve(_MEMORY[name], "MB", Thinned()), _MB, is_memory=True)
    if name in _COUNTED_MEMORY:
        return _Column(Curve(_COUNTED_MEMORY[name], "MB", Thinned()), _MB, is_memory=False)
    if name in _COUNTS:
        return _Column(Curve(name.replace("_", " "), "", Thinned()), 1.0, is_memory=False)
    return None


def _names(line: bytes) -> list[str]:
    return line.decode("ascii", "replace").strip().split(",")


def _values(line: bytes, count: int) -> list[float | None] | None:
    """Return the numbers of a row, None for each that is not known; None for a row that is none."""
    cells = line.strip().split(b",")
    if len(cells) != count:
        return None
    try:
        values = [number(float(cell)) if cell else None for cell in cells]
    except ValueError:
        return None
    return None if any(cell and value is None for cell, value in zip(cells, values, strict=True)) else values
