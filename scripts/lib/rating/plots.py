"""The capacity step as two charts: what the encoder was told, and how long packets waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.report.plot import Line, draw_lines

if TYPE_CHECKING:
    from rating.cases import Result

_BEGIN_S, _END_S, _BIN_S = 27.0, 42.0, 0.1


def draw_step(results: dict[str, Result]) -> dict[str, str]:
    """Return file names and charts; seconds count from 3 s before the step."""
    link = Line("link", [(0, 20), (3, 20), (3, 4), (6, 4), (6, 20), (_END_S - _BEGIN_S, 20)])
    rates, queues = [link], []
    for name, result in results.items():
        record = result.record
        rates.append(Line(name, _binned([(at, bps / 1e6) for at, bps, _ in record.decisions])))
        queues.append(Line(name, _binned([(at, seconds * 1000) for at, seconds in record.queueing])))
    return {
        "rate-step.svg": draw_lines(rates, title="Encoder's target (Mbit/s)", x_label="seconds"),
        "rate-step-queue.svg": draw_lines(queues, title="Queueing delay (ms)", x_label="seconds"),
    }


def _binned(samples: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the largest value of each tenth of a second."""
    largest: dict[int, float] = {}
    for at, value in samples:
        if _BEGIN_S <= at < _END_S:
            number = int((at - _BEGIN_S) / _BIN_S)
            largest[number] = max(largest.get(number, 0.0), value)
    return [(number * _BIN_S, value) for number, value in sorted(largest.items())]
