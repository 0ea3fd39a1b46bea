"""What is said of a result: a row of a table, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from wavry.observe.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rating.cases import Result

_HEAD = ("case", "who", "use", "queue p50 / p95 / p99", "frame p50 / p95 / p99", "not made", "given up", "besides")


@dataclass(frozen=True, slots=True)
class Row:
    """One case of one contestant; times are milliseconds."""

    case: str
    contestant: str
    use: float
    """Share of the link's capacity that arrived."""

    queue_ms: dict[str, float | None]
    frame_ms: dict[str, float | None]
    frames_not_made: int
    frames_given_up: int
    figures: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return everything as numbers."""
        return asdict(self)


def row_of(case: str, contestant: str, result: Result) -> Row:
    """Sum up a result."""
    record, (begin, end) = result.record, result.seconds
    return Row(
        case,
        contestant,
        record.arrived_bps(begin, end) * (end - begin) / result.capacity_bits,
        _percentiles(record.queueing, begin, end),
        _percentiles(record.frames, begin, end),
        record.skipped,
        record.given_up,
        result.figures,
    )


def format_rows(rows: Sequence[Row]) -> str:
    """Return a table in Markdown, contestants of one case below each other."""
    lines = [_HEAD, ("---",) * len(_HEAD)]
    for case in dict.fromkeys(row.case for row in rows):
        lines += [_cells(row) for row in rows if row.case == case]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    besides = ", ".join(f"{name} {value:.2f}" for name, value in row.figures.items())
    return (
        row.case if row.contestant == "DELTA" else "",
        row.contestant,
        f"{row.use:.0%}",
        _format_times(row.queue_ms),
        _format_times(row.frame_ms),
        str(row.frames_not_made),
        str(row.frames_given_up),
        besides,
    )


def _format_times(times_ms: dict[str, float | None]) -> str:
    values = (times_ms[name] for name in ("p50", "p95", "p99"))
    return " / ".join("-" if value is None else f"{value:.0f}" for value in values)


def _percentiles(samples: Iterable[tuple[float, float]], begin: float, end: float) -> dict[str, float | None]:
    histogram = Histogram()
    for at, seconds in samples:
        if begin <= at < end:
            histogram.add(seconds * 1000)
    return histogram.summary()
