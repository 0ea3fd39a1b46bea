"""How many things a process has, over time: a leak of small ones is seen here long before it is seen in RSS.

Every byte that Python and the native libraries allocate is in one of two counts: `blocks` are those of Python's own
allocator (up to 512 bytes each), `heap_bytes` is the C library's heap, which has all the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import psutil

from harness.processes import ProgramError, ask_for_report
from soaking.samples import growth_per_hour, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from harness.processes import Role
    from wavry.memory.trend import Trend

_TOLERATED = {"objects": 100, "blocks": 2000, "heap_bytes": 1_000_000, "budget_bytes": 1_000_000}
"""Growth that a cache or a longer number makes in a run; of all others not one more is tolerated."""


@dataclass(frozen=True, slots=True)
class CountSample:
    """One look. What is not known is None."""

    seconds: float
    objects: int
    """That the garbage collector tracks."""
    blocks: int
    heap_bytes: int | None
    threads: int
    """Of Python."""
    native_threads: int | None = None
    """All, with those of encoders."""
    tasks: int | None = None
    descriptors: int | None = None
    buffers: int | None = None
    """Of the capture pool, lent or not."""
    budget_bytes: int | None = None
    """What the budget's entries hold together."""


COUNTS = tuple(each.name for each in fields(CountSample) if each.name != "seconds")


@dataclass(frozen=True, slots=True)
class CountVerdict:
    """What became of one count after warm-up."""

    name: str
    first: int
    last: int
    per_hour: Trend
    grew_by: float
    """How much growth is certain at 95 %, over the time that is judged."""

    @property
    def is_growth(self) -> bool:
        """Whether more of it is certain than is tolerated."""
        return self.grew_by > _TOLERATED.get(self.name, 0)

    def line(self) -> str:
        """Say it to a person."""
        word = "GROWS" if self.is_growth else "does not grow"
        return f"{self.name} {word}: {self.first} to {self.last}, {self.per_hour.lower:+.1f} an hour or more (95 %)"


@dataclass(slots=True)
class CountSeries:
    """The counts of one process over time."""

    name: str
    samples: list[CountSample] = field(default_factory=list)
    types: list[dict[str, int]] = field(default_factory=list)
    """Objects by type, of each sample that has them."""

    def verdicts(self, *, warm_up_share: float) -> list[CountVerdict]:
        """Judge what came after warm-up; nothing for what was not known, or for too few samples."""
        kept = self.samples[int(len(self.samples) * warm_up_share) :]
        return [verdict for name in COUNTS if (verdict := _judge(name, kept)) is not None]

    def grown_types(self, *, warm_up_share: float) -> dict[str, int]:
        """Return by how much each type has grown that has, the most first: where to look."""
        kept = self.types[int(len(self.types) * warm_up_share) :]
        if len(kept) < 2:
            return {}
        grown = {name: count - kept[0][name] for name, count in kept[-1].items() if count > kept[0].get(name, count)}
        return dict(sorted(grown.items(), key=lambda item: -item[1]))

    def write_csv(self, path: Path) -> None:
        """Write all samples."""
        write_csv(path, self.samples, CountSample)


def _judge(name: str, samples: list[CountSample]) -> CountVerdict | None:
    values = [getattr(sample, name) for sample in samples]
    if any(value is None for value in values):
        return None
    times = [sample.seconds for sample in samples]
    growth = growth_per_hour(times, [float(value) for value in values])
    if growth is None:
        return None
    certain = max(0.0, growth.lower) * (times[-1] - times[0]) / 3600
    return CountVerdict(name, values[0], values[-1], growth, certain)


class HostCounts:
    """Asks a host for its report and keeps what it counts.

    Args:
        host: Started with `--memory-report`.
        report: That file.
    """

    def __init__(self, host: Role, report: Path) -> None:
        self.series = CountSeries(host.name)
        self._host = host
        self._report = report

    def sample(self, seconds: float) -> None:
        """Ask now.

        Raises:
            ProgramError: It does not answer, or counts something else than before.
            psutil.Error: It is gone.
        """
        self._take(ask_for_report(self._host, self._report), seconds)

    def rehearse(self) -> None:
        """Ask and forget the answer: what a report takes shall be there before anything is judged."""
        ask_for_report(self._host, self._report)

    def _take(self, report: dict[str, Any], seconds: float) -> None:
        try:
            counts, memory = report["counts"], report["memory"]
            sample = CountSample(
                seconds=seconds,
                objects=counts["objects"],
                blocks=memory["allocation_count"],
                heap_bytes=memory["heap_bytes"],
                threads=counts["threads"],
                native_threads=psutil.Process(self._host.process.pid).num_threads(),
                tasks=counts["tasks"],
                descriptors=counts["descriptors"],
                buffers=counts["buffers"],
                budget_bytes=sum(entry["used_bytes"] for entry in report["budget"]),
            )
            self.series.types.append(counts["objects_by_type"])
        except (KeyError, TypeError) as error:
            raise ProgramError(f"the {self._host.name}'s report has no {error}") from error
        self.series.samples.append(sample)
