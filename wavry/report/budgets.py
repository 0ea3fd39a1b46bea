"""The budget as a table: what may hold memory, how much of it was held, what gives way when it is full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.report.page import Bar, Table
from wavry.report.words import difference, in_words

if TYPE_CHECKING:
    from wavry.report.page import Cell, Charts
    from wavry.report.run import Entry, Run


def budget_table(runs: list[Run]) -> list[Charts | Table]:
    """Return the table of all entries, the largest caps first; nothing if there is none."""
    by_run = [{entry.name: entry for entry in run.budget} for run in runs]
    all_entries = {entry.name: entry for run in runs for entry in run.budget}
    if not all_entries:
        return []
    names = sorted(all_entries, key=lambda name: -(all_entries[name].cap_bytes or 0.0))
    is_comparison = len(runs) == 2
    heads = ["cap of", *(head for run in runs for head in _heads(run, is_alone=len(runs) == 1))]
    if is_comparison:
        heads.append("difference of most")
    rows = []
    for name in names:
        entries = [entries.get(name) for entries in by_run]
        row: list[Cell] = [name, *(cell for entry in entries for cell in _cells(entry))]
        if is_comparison:
            before, after = (None if entry is None else entry.high_water_bytes for entry in entries)
            row.append(difference(before, after, "bytes"))
        rows.append((*row, all_entries[name].policy))
    return [Table("Budget", (*heads, "when full"), rows)]


def _heads(run: Run, *, is_alone: bool) -> tuple[str, ...]:
    return ("cap", "of it", "used", "most", "drops") if is_alone else (run.name, "of it", "used", "most", "drops")


def _cells(entry: Entry | None) -> tuple[Cell, ...]:
    if entry is None:
        return ("", "", "", "", "")
    cap = entry.cap_bytes or 0.0
    bar = Bar(_share(entry.used_bytes, cap), _share(entry.high_water_bytes, cap))
    sizes = (in_words(each, "bytes") for each in (entry.used_bytes, entry.high_water_bytes))
    return (in_words(entry.cap_bytes, "bytes"), bar, *sizes, in_words(entry.drops, ""))


def _share(value: float | None, cap: float) -> float:
    return min(max((value or 0.0) / cap, 0.0), 1.0) if cap > 0 else 0.0
