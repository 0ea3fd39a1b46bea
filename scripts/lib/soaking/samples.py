"""What is measured of a process from outside, and what its series says."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

import psutil

from wavry.memory.trend import theil_sen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from _typeshed import DataclassInstance

    from wavry.memory.trend import Trend

_MB = 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one process."""

    seconds: float
    rss_bytes: int
    pss_bytes: int
    uss_bytes: int
    threads: int
    descriptors: int


@dataclass(slots=True)
class ProcessSeries:
    """One process over time."""

    name: str
    pid: int
    samples: list[Sample] = field(default_factory=list)

    def sample(self, seconds: float) -> None:
        """Look now.

        Raises:
            psutil.Error: The process is gone or can't be read; a soak must fail then, not pass.
        """
        process = psutil.Process(self.pid)
        memory = process.memory_full_info()
        self.samples.append(
            Sample(seconds, memory.rss, memory.pss, memory.uss, process.num_threads(), process.num_fds())
        )

    def verdict(self, *, warm_up_share: float) -> Verdict:
        """Judge what came after warm-up."""
        kept = self.samples[int(len(self.samples) * warm_up_share) :]
        times = [sample.seconds for sample in kept]
        return Verdict(
            name=self.name,
            samples=len(kept),
            rss_peak_mb=max((sample.rss_bytes for sample in self.samples), default=0) / _MB,
            pss_peak_mb=max((sample.pss_bytes for sample in self.samples), default=0) / _MB,
            rss=growth_per_hour(times, [sample.rss_bytes / _MB for sample in kept]),
            uss=growth_per_hour(times, [sample.uss_bytes / _MB for sample in kept]),
            threads=_range([sample.threads for sample in kept]),
            descriptors=_range([sample.descriptors for sample in kept]),
        )

    def write_csv(self, path: Path) -> None:
        """Write all samples."""
        write_csv(path, self.samples, Sample)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a series says."""

    name: str
    samples: int
    rss_peak_mb: float
    pss_peak_mb: float
    rss: Trend | None
    """In MB per hour."""
    uss: Trend | None
    threads: tuple[int, int] | None
    descriptors: tuple[int, int] | None

    def is_within(self, limit_mb_per_hour: float) -> bool:
        """Whether growth above the limit can be ruled out at 95 %. Without a slope nothing can."""
        return self.rss is not None and self.rss.lower <= limit_mb_per_hour

    def line(self) -> str:
        """Say it to a person."""
        if self.rss is None:
            return f"{self.name}: too few samples for a verdict"
        return (
            f"{self.name}: {self.rss.slope:+.3f} MB/h ({self.rss.lower:+.3f} to {self.rss.upper:+.3f}),"
            f" peak {self.rss_peak_mb:.1f} MB RSS, {self.pss_peak_mb:.1f} MB PSS,"
            f" threads {self.threads}, descriptors {self.descriptors}"
        )


def growth_per_hour(times: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Return the growth of values over seconds, in units per hour; None for fewer than 4 samples."""
    trend = theil_sen(times, values)
    return None if trend is None else trend.per_hour


def write_csv(path: Path, samples: Sequence[DataclassInstance], kind: type[DataclassInstance]) -> None:
    """Write samples of a kind, a line each, under the names of their fields."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(each.name for each in fields(kind))
        writer.writerows(asdict(sample).values() for sample in samples)


def _range(counts: list[int]) -> tuple[int, int] | None:
    return (min(counts), max(counts)) if counts else None
