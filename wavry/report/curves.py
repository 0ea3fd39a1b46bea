"""What runs say over time: large charts of memory, tables with a small line for each count and checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.report.page import Chart, Spark, Table
from wavry.report.plot import Axes, Line
from wavry.report.words import difference, in_words, slope_in_words, time_unit, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wavry.report.page import Cell, Charts
    from wavry.report.run import Curve, Run


def memory_charts(runs: list[Run]) -> list[Charts | Table]:
    """Return two charts for each run: memory from zero on, and its change after warm-up, close up, with the trend."""
    runs = [run for run in runs if run.memory]
    if not runs:
        return []
    scale, unit = time_unit(max(run.memory[0].series.last_at for run in runs))
    whole = [[_line(curve, curve.series.points(), scale) for curve in run.memory] for run in runs]
    close = [_change(run.memory[0], scale) for run in runs]
    peaks = [f"{in_words(run.memory[0].series.most, 'MB')} at most, {run.memory[0].name}" for run in runs]
    verdicts = [f"{run.memory[0].name}: {verdict(run.memory[0].trend())}" for run in runs]
    close_axes = Axes.around(_all_points(close), is_close_up=True)
    rows = (
        _charts("Memory (MB)", runs, whole, unit, Axes.around(_all_points(whole)), peaks),
        _charts("Change after warm-up (MB)", runs, close, unit, close_axes, verdicts),
    )
    return [(*rows[0], *rows[1])] if len(runs) == 1 else [*rows]


def _charts(
    title: str, runs: list[Run], lines: list[list[Line]], x_label: str, axes: Axes, captions: list[str]
) -> Charts:
    return tuple(
        Chart(f"{title}: {run.name}" if len(runs) > 1 else title, each, x_label, axes, caption)
        for run, each, caption in zip(runs, lines, captions, strict=True)
    )


def _line(curve: Curve, points: Iterable[tuple[float, float]], scale: float) -> Line:
    return Line(f"{curve.name} {curve.series.last:.1f}", [(at / scale, value) for at, value in points])


def _change(curve: Curve, scale: float) -> list[Line]:
    """Return by how much memory differs from that at the end of warm-up, and the trend through the middle of it."""
    series = curve.newest or curve.series
    times, values = series.after_warm_up()
    if not times:
        return []
    begin = values[0]
    points = [(at / scale, value - begin) for at, value in series.points() if at >= times[0]]
    lines = [Line(f"{curve.name} {series.last - begin:+.2f}", points)]
    trend = curve.trend()
    if trend is not None:
        offsets = sorted(value - begin - trend.slope * at for at, value in zip(times, values, strict=True))
        offset = offsets[len(offsets) // 2]
        ends = (times[0], series.last_at)
        lines.append(Line("trend", [(at / scale, offset + trend.slope * at) for at in ends], is_dashed=True))
    return lines


def _all_points(charts: list[list[Line]]) -> list[tuple[float, float]]:
    return [point for lines in charts for line in lines for point in line.points]


def checkpoint_table(runs: list[Run]) -> list[Charts | Table]:
    """Return resident memory at each checkpoint by its name."""
    return _curve_table("Resident memory at each checkpoint", runs, [run.checkpoints for run in runs])


def count_table(runs: list[Run]) -> list[Charts | Table]:
    """Return what was counted over time."""
    return _curve_table("Counts over time", runs, [run.counts for run in runs])


_HEADS = ("over time", "lines", "first", "last", "most", "slope (95 %)")


def _curve_table(title: str, runs: Sequence[Run], curves: list[list[Curve]]) -> list[Charts | Table]:
    by_run = [{curve.name: curve for curve in each} for each in curves]
    names = list(dict.fromkeys(name for each in by_run for name in each))
    if not names:
        return []
    is_comparison = len(runs) == 2
    heads = ["", *(head for run in runs for head in _curve_heads(run, is_alone=len(runs) == 1))]
    rows = []
    for name in names:
        found = [each.get(name) for each in by_run]
        row: list[Cell] = [name, *(cell for curve in found for cell in _curve_cells(curve))]
        if is_comparison:
            unit = next(curve.unit for curve in found if curve is not None)
            before, after = (None if curve is None else curve.series.last for curve in found)
            row.append(difference(before, after, unit))
        rows.append(tuple(row))
    return [Table(title, (*heads, *(["difference of last"] if is_comparison else [])), rows)]


def _curve_heads(run: Run, *, is_alone: bool) -> tuple[str, ...]:
    return _HEADS if is_alone else (run.name, *_HEADS[1:])


def _curve_cells(curve: Curve | None) -> tuple[Cell, ...]:
    if curve is None:
        return ("",) * len(_HEADS)
    series = curve.series
    values = (in_words(each, curve.unit) for each in (series.first, series.last, series.most))
    return (Spark(series.points()), in_words(series.count, ""), *values, slope_in_words(curve.trend(), curve.unit))
