"""What the soak says of counts, and that it fails where it can't count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.processes import ProgramError, Role
from soaking.counts import CountSample, CountSeries, HostCounts

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 20


def series(*objects: int, heap_bytes: int | None = 5_000_000) -> CountSeries:
    found = CountSeries("host")
    for number, each in enumerate(objects):
        found.samples.append(CountSample(number * 60.0, each, blocks=80_000, heap_bytes=heap_bytes, threads=4))
    return found


def grown(found: CountSeries) -> list[str]:
    return [verdict.name for verdict in found.verdicts(warm_up_share=0.25) if verdict.is_growth]


def test_a_leak_of_objects_beside_the_noise_of_a_stream_is_growth() -> None:
    assert grown(series(*(20_000 + 30 * number + 90 * (number % 3) for number in range(SAMPLES)))) == ["objects"]


def test_counts_that_come_and_go_are_no_growth() -> None:
    assert grown(series(*(20_000 + 900 * (number % 3) for number in range(SAMPLES)))) == []


def test_what_warms_up_is_no_growth() -> None:
    assert grown(series(*(min(20_000 + 500 * number, 22_000) for number in range(SAMPLES)))) == []


def test_one_thread_more_now_and_then_is_growth() -> None:
    found = CountSeries("host")
    for number in range(SAMPLES):
        found.samples.append(CountSample(number * 60.0, 20_000, 80_000, 5_000_000, threads=4 + number // 4))
    assert grown(found) == ["threads"]


def test_what_is_not_known_is_not_judged() -> None:
    names = [verdict.name for verdict in series(*[20_000] * SAMPLES, heap_bytes=None).verdicts(warm_up_share=0.25)]
    assert names == ["objects", "blocks", "threads"]


def test_too_few_samples_are_not_judged() -> None:
    assert series(1, 2, 3).verdicts(warm_up_share=0.0) == []


def test_types_that_have_grown_are_named_the_most_first() -> None:
    found = CountSeries("host", types=[{"dict": 10, "list": 5, "Timer": 1}, {"dict": 12, "list": 5, "Timer": 9}])
    assert list(found.grown_types(warm_up_share=0.0).items()) == [("Timer", 8), ("dict", 2)]


def test_a_host_that_does_not_report_fails_the_soak(tmp_path: Path) -> None:
    host = Role("host", ["-c", "print('ready', flush=True); input()"], tmp_path / "host.log", {})
    try:
        counts = HostCounts(host, tmp_path / "report.json")
        host.next_line()
        host.process.kill()
        with pytest.raises(ProgramError, match="the host ended"):
            counts.sample(1.0)
    finally:
        host.close()
