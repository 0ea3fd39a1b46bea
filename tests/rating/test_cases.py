"""The promises of the rate controller, kept in virtual time with other dice than those of docs/rate.md."""

from __future__ import annotations

import pytest

from network.trace import Trace
from rating.cases import CASES, cellular, traces_of
from rating.contestants import CONTESTANTS
from rating.figures import Row, row_of
from rating.promises import check_promises

SEED = 2


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [row_of(case, "DELTA", run(CONTESTANTS["DELTA"], SEED)) for case, run in CASES.items()]


def test_every_promise_is_kept(rows: list[Row]) -> None:
    promises = check_promises(rows)
    assert len(promises) == 9
    assert [(each.what, each.found) for each in promises if not each.is_kept] == []


def test_unlike_round_trips_share_within_40_to_60_too(rows: list[Row]) -> None:
    figures = next(row.figures for row in rows if row.case == "round trips")
    assert 0.4 <= figures["second_share"] <= 0.6
    assert figures["both_use"] > 0.95


def test_a_cellular_link_made_of_dice_is_used_with_a_short_queue() -> None:
    (trace,) = traces_of(None, SEED).values()
    row = row_of("cellular", "DELTA", cellular(CONTESTANTS["DELTA"], trace, SEED))
    assert row.use > 0.6
    assert (row.queue_ms["p95"] or 0) < 100


def test_who_never_changes_fills_the_queue_of_a_link_that_is_too_slow() -> None:
    slow = Trace(range(3, 3000, 3))  # 4 Mbit/s for a picture of 8
    row = row_of("cellular", "fixed", cellular(CONTESTANTS["fixed"], slow, SEED))
    assert row.use > 0.99
    assert (row.queue_ms["p95"] or 0) > 3000


def test_the_gcc_like_one_finds_a_slow_link_and_keeps_its_queue_bounded() -> None:
    slow = Trace(range(3, 3000, 3))
    row = row_of("cellular", "GCC-like", cellular(CONTESTANTS["GCC-like"], slow, SEED))
    assert 0.6 < row.use <= 1.0
    assert (row.queue_ms["p50"] or 0) < 200
