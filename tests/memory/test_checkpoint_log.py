from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from wavry.memory import CheckpointLog, MemoryCheckpoint, checkpoint, set_checkpoint_recorder
from wavry.memory import checkpoint as checkpoint_hook

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = re.compile(
    r"MemoryCheckpoint \d+\.\d \d+\.\d{3} name=(\w+) delta_mb=-?\d+\.\d{3} alloc=\d+ alloc_delta=-?\d+ .*"
)


@pytest.fixture
def recorder() -> Iterator[None]:
    yield
    set_checkpoint_recorder(None)


def test_a_line_plots_with_awk(recorder: None) -> None:
    output = io.StringIO()
    set_checkpoint_recorder(CheckpointLog(60.0, output))
    checkpoint("encode_output_ready")
    line = output.getvalue().rstrip("\n")
    assert LINE.fullmatch(line), line
    word, seconds, rss_mb = line.split()[:3]
    assert word == "MemoryCheckpoint"
    assert float(seconds) >= 0
    assert 5 < float(rss_mb) < 2000


def test_each_name_gets_one_line_per_interval(recorder: None) -> None:
    output = io.StringIO()
    log = CheckpointLog(3600.0, output)
    for _ in range(100):
        log("capture_frame_acquired")
        log("encode_output_ready")
    assert [match[1] for match in LINE.finditer(output.getvalue())] == ["capture_frame_acquired", "encode_output_ready"]


def test_a_line_says_how_often_the_point_was_passed(recorder: None) -> None:
    output = io.StringIO()
    log = CheckpointLog(0.0, output)
    log("encode_output_ready")
    log("encode_output_ready")
    assert output.getvalue().splitlines()[1].endswith("passes=2")


def test_made_up_names_do_not_grow_the_log(recorder: None) -> None:
    output = io.StringIO()
    log = CheckpointLog(3600.0, output)
    for number in range(10_000):
        log(f"name_{number}")
    assert len(output.getvalue().splitlines()) == 64


def test_a_log_that_cannot_be_written_stops_nothing(recorder: None) -> None:
    output = io.StringIO()
    log = CheckpointLog(0.0, output)
    output.close()
    log("encode_output_ready")


def test_a_delta_is_taken_from_the_baseline() -> None:
    baseline = MemoryCheckpoint("a", 10.0, 100.0, 1000)
    delta = MemoryCheckpoint("b", 12.5, 103.25, 900).delta_from_baseline(baseline)
    assert (delta.name, delta.elapsed_ms, delta.rss_delta_mb, delta.alloc_delta) == ("b", 2500, 3.25, -100)


def test_capture_measures_this_process() -> None:
    held = bytearray(50_000_000)
    with_it = MemoryCheckpoint.capture("with")
    held[::4096] = b"x" * len(held[::4096])
    touched = MemoryCheckpoint.capture("touched")
    assert touched.rss_mb - with_it.rss_mb >= -1
    assert touched.rss_mb > 50
    assert touched.allocation_count > 1000


def test_nobody_listens_at_first() -> None:
    assert checkpoint_hook.__name__ == "checkpoint"
    checkpoint("nobody_hears_this")
