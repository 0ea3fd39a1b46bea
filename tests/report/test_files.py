"""Real files of real runs, and files that are none. `data/` was written by a host, a client and a soak of a minute."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from wavry.errors import ConfigError
from wavry.report.files import bounded_lines, read_run
from wavry.report.run import Kind

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("host.log", Kind.CHECKPOINTS),
        ("client.log", Kind.CHECKPOINTS),
        ("host.json", Kind.HOST),
        ("client.json", Kind.CLIENT),
        ("soak-host.csv", Kind.SOAK),
        ("soak-counts.csv", Kind.COUNTS),
    ],
)
def test_what_a_file_is_is_told_from_its_content(tmp_path: Path, name: str, kind: Kind) -> None:
    path = tmp_path / "renamed"
    path.write_bytes((DATA / name).read_bytes())
    assert read_run(path, "a run").kind is kind


def test_a_log_has_every_checkpoint_by_its_name() -> None:
    run = read_run(DATA / "host.log", "host")
    lines = [line for line in (DATA / "host.log").read_text().splitlines() if line.startswith("MemoryCheckpoint")]
    assert sum(curve.series.count for curve in run.checkpoints) == len(lines) == run.memory[0].series.count
    assert {curve.name for curve in run.checkpoints} >= {"capture_frame_acquired", "encode_output_ready"}
    assert run.memory[0].series.most == max(float(line.split()[2]) for line in lines)
    assert run.notes == []


def test_a_log_with_prefixes_of_a_journal_is_a_log(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("".join(f"Nov 27 host wavry[7]: {line}\n" for line in (DATA / "host.log").read_text().splitlines()))
    assert read_run(path, "journal").memory[0].series.count == read_run(DATA / "host.log", "x").memory[0].series.count


def test_malformed_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "log"
    good = "MemoryCheckpoint 1.0 50.0 name=a delta_mb=0 alloc=5\n"
    path.write_text(
        good + "MemoryCheckpoint nan inf name=a\nMemoryCheckpoint 2.0\nMemoryCheckpoint 1e9 3 name=a\nsomething else\n"
    )
    run = read_run(path, "x")
    assert run.memory[0].series.count == 1
    assert run.notes == ["3 malformed lines were skipped"]


def test_starts_of_a_program_in_one_log_are_laid_end_to_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(
        "".join(f"MemoryCheckpoint {at}.0 {mb}.0 name=a\n" for mb in (90, 50) for at in (0, 10, 20, 30, 40, 50, 60))
    )
    run = read_run(path, "x")
    curve = run.memory[0]
    assert curve.series.last_at == 120
    assert curve.newest is not None
    assert curve.newest.most == 50  # the trend is of what ran last
    assert run.notes == ["2 starts of the program, laid end to end; slopes are of the last one"]


def test_lines_of_threads_that_change_places_are_no_start(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("MemoryCheckpoint 1.2 50 name=a\nMemoryCheckpoint 1.1 50 name=b\n")
    assert read_run(path, "x").notes == []


def test_a_soak_is_in_megabytes_and_knows_its_counts() -> None:
    run = read_run(DATA / "soak-host.csv", "host")
    header, *rows = (DATA / "soak-host.csv").read_text().splitlines()
    column = header.split(",").index("rss_bytes")
    assert run.memory[0].series.most == max(int(row.split(",")[column]) for row in rows) / 1e6
    assert [curve.name for curve in run.counts] == ["threads", "descriptors"]


def test_rows_of_a_soak_that_are_none_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "soak.csv"
    path.write_text("seconds,objects,heap_bytes\n1,5,\n2,six,1\n3,7\n,8,1\n0.5,9,1\n4,1e400,1\n5,10,2000000\n")
    run = read_run(path, "x")
    assert [(curve.name, curve.series.count, curve.series.last) for curve in run.counts] == [
        ("objects", 2, 10.0),
        ("C heap", 1, 2.0),
    ]
    assert run.notes == ["5 malformed lines were skipped"]


def test_a_report_has_its_budget_latencies_and_figures() -> None:
    run = read_run(DATA / "client.json", "client")
    assert {"rift.reorder", "decode.units"} <= {entry.name for entry in run.budget}
    assert run.latency["capture to decoded"]["p50"] is not None
    figures = {figure.name: figure for figure in run.figures}
    assert figures["video: frames decoded"].value == 751
    assert figures["memory: rss"].unit == "MB"
    assert figures["memory: gpu memory"].value is None  # unknown stays unknown


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5000, b"a line\nanother\n", b"{}", b'{"memory": 5}', b"[" * 100_000, b"{" * 100_000, b"a,b\n1,2\n"],
)
def test_a_file_of_no_known_kind_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strange"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"FILE {path}: allowed is a log with MemoryCheckpoint lines"):
        read_run(path, "x")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing: allowed is a file that can be read \(No such file"):
        read_run(tmp_path / "missing", "x")
    with pytest.raises(ConfigError, match="Is a directory"):
        read_run(tmp_path, "x")


def test_a_line_of_any_length_takes_4_kb() -> None:
    lines = list(bounded_lines(io.BytesIO(b"a" * 1_000_000 + b"\nMemory\n" + b"b" * 5000)))
    assert [len(line) for line in lines] == [4096, 7, 4096]


def test_memory_does_not_depend_on_the_length_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("w") as file:
        for number in range(200_000):
            file.write(
                f"MemoryCheckpoint {number}.0 {50 + number % 7}.5 name=n{number % 100} alloc={number} passes=1\n"
            )
    tracemalloc.start()
    try:
        run = read_run(path, "x")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 700_000  # the file has 13 MB
    assert len(run.checkpoints) == 64
    assert run.notes == ["72000 lines are of further names than 64"]
    assert len(run.memory[0].series.points()) < 1600
