"""Runs of one kind become a section: their charts beside each other, their figures in columns.

Two runs are compared: each table says by how much the second differs from the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.report.budgets import budget_table
from wavry.report.curves import checkpoint_table, count_table, memory_charts
from wavry.report.page import Page, Section, Table
from wavry.report.run import PERCENTILES
from wavry.report.words import difference, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.report.page import Charts
    from wavry.report.run import Run


def make_page(runs: Sequence[Run]) -> Page:
    """Return the report on runs: a section for each kind, in the order in which they were given."""
    by_kind: dict[str, list[Run]] = {}
    for run in runs:
        by_kind.setdefault(run.kind, []).append(run)
    return Page("wavry report", [_section(kind, group) for kind, group in by_kind.items()])


def _section(kind: str, runs: list[Run]) -> Section:
    title = f"{kind[0].upper()}{kind[1:]}: {' and '.join(run.name for run in runs)}"
    notes = [f"{run.name}: {note}" for run in runs for note in run.notes]
    makers: tuple[Callable[[list[Run]], list[Charts | Table]], ...] = (
        memory_charts, checkpoint_table, count_table, _latency_table, budget_table, _figure_table,
    )  # fmt: skip
    return Section(title, notes, [block for make in makers for block in make(runs)])


def _latency_table(runs: list[Run]) -> list[Charts | Table]:
    stages = list(dict.fromkeys(stage for run in runs for stage in run.latency))
    rows: list[tuple[str, ...]] = []
    if len(runs) == 1:
        rows = [
            (stage, *(in_words(each, "ms") for each in values.values())) for stage, values in runs[0].latency.items()
        ]
        return [Table("Latency", ("", *PERCENTILES), [*rows])] if rows else []
    for stage in stages:
        for percentile in PERCENTILES:
            values = [run.latency.get(stage, {}).get(percentile) for run in runs]
            if any(value is not None for value in values):
                rows.append(_row(f"{stage}, {percentile}", values, "ms"))
    return _tables("Latency", runs, rows)


def _figure_table(runs: list[Run]) -> list[Charts | Table]:
    units = {figure.name: figure.unit for run in runs for figure in run.figures}
    by_run = [{figure.name: figure.value for figure in run.figures} for run in runs]
    rows = [_row(name, [values.get(name) for values in by_run], unit) for name, unit in units.items()]
    return _tables("Figures", runs, rows)


def _row(name: str, values: list[float | None], unit: str) -> tuple[str, ...]:
    cells = (name, *(in_words(value, unit) for value in values))
    return (*cells, difference(values[0], values[1], unit)) if len(values) == 2 else cells


def _tables(title: str, runs: list[Run], rows: list[tuple[str, ...]]) -> list[Charts | Table]:
    heads = ("", *(run.name for run in runs), *(["difference"] if len(runs) == 2 else []))
    return [Table(title, heads, [*rows])] if rows else []
