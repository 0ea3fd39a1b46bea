"""Resident memory of processes over time, and its picture."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from wavry.report.plot import Line, draw_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERVAL_S = 0.1


@dataclass(slots=True)
class Series:
    """Resident memory of one process: seconds since the start of sampling, and MB (10**6 bytes)."""

    name: str
    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def peak_mb(self) -> float:
        """The most that was seen."""
        return max((mb for _, mb in self.points), default=0.0)


class MemorySampler:
    """Looks at processes ten times a second until it is stopped. A thread of its own."""

    def __init__(self, processes: dict[str, int]) -> None:
        self.series = [Series(name) for name in processes]
        self._processes = [psutil.Process(pid) for pid in processes.values()]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-sampler", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        started_at = time.monotonic()
        while not self._stopped.wait(_INTERVAL_S):
            for series, process in zip(self.series, self._processes, strict=True):
                try:
                    resident = process.memory_info().rss
                except psutil.Error:
                    continue  # it has ended
                series.points.append((time.monotonic() - started_at, resident / 1e6))

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()


def draw_memory(series: Sequence[Series], *, title: str = "Resident memory (MB)") -> str:
    """Return a chart of resident memory over time as SVG, the last value at the end of each line."""
    lines = [Line(f"{each.name} {each.points[-1][1]:.0f}", each.points) for each in series if each.points]
    return draw_lines(lines, title=title, x_label="seconds")
