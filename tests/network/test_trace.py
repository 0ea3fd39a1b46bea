"""Traces: when a link has room for the next bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.trace import Trace, TraceCursor
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

traces = st.lists(st.integers(0, 50), min_size=1, max_size=12).map(sorted).filter(lambda stamps: stamps[-1] > 0)


@given(stamps=traces, milliseconds=st.integers(0, 500))
def test_the_first_opportunity_from_a_time_is_found_in_any_period(stamps: list[int], milliseconds: int) -> None:
    trace = Trace(stamps)
    number = trace.first_from(milliseconds / 1000)
    assert round(trace.at(number) * 1000) >= milliseconds
    assert number == 0 or round(trace.at(number - 1) * 1000) < milliseconds


def test_a_trace_repeats_after_its_last_stamp() -> None:
    trace = Trace([2, 5, 10])
    assert [round(trace.at(number) * 1000) for number in range(7)] == [2, 5, 10, 12, 15, 20, 22]


def test_small_packets_share_an_opportunity_and_large_ones_take_several() -> None:
    cursor = TraceCursor(Trace([1, 2, 3, 4, 5, 100]), begins_at=10.0)
    through = [round((cursor.pass_through(size, 10.0) - 10) * 1000) for size in (700, 700, 700, 3000)]
    assert through == [1, 1, 2, 4]


def test_opportunities_nobody_was_there_for_are_gone() -> None:
    cursor = TraceCursor(Trace([10, 20, 30]), begins_at=0.0)
    assert cursor.pass_through(100, 0.011) == pytest.approx(0.020)
    assert cursor.pass_through(100, 0.015) == pytest.approx(0.020)
    assert cursor.pass_through(100, 0.021) == pytest.approx(0.030)


def test_a_file_has_a_stamp_on_each_line(tmp_path: Path) -> None:
    path = tmp_path / "link.down"
    path.write_text("0\n71\n73\n")
    assert Trace.load(path).period_s == pytest.approx(0.073)


@pytest.mark.parametrize("text", ["", "0\n", "5\n3\n", "one\n", "-1\n", "99999999999\n"])
def test_a_file_that_is_no_trace_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "link.down"
    path.write_text(text)
    with pytest.raises(ConfigError):
        Trace.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        Trace.load(tmp_path / "missing")
