"""What starts, interrupts and ends a stage that waits in something."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.support.aio import PATIENCE_S
from wavry.pipeline import Demand


class Source:
    """Something to wait in."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self._interrupted = threading.Event()

    def interrupt(self) -> None:
        self._interrupted.set()

    def wait(self) -> None:
        self.entered.set()
        assert self._interrupted.wait(PATIENCE_S)


def test_nothing_is_wanted_at_first_and_a_stage_waits_until_it_is() -> None:
    demand = Demand()
    assert not demand.is_on
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(demand.wait)
        assert not waiting.done()
        demand.want(True)
        waiting.result(PATIENCE_S)
    assert demand.is_on


def test_who_is_not_wanted_any_more_is_got_out_of_its_source() -> None:
    for end in (lambda demand: demand.want(False), Demand.stop):
        demand, source = Demand(), Source()
        demand.want(True)

        def work(demand: Demand = demand, source: Source = source) -> bool:
            with demand.interrupts(source):
                source.wait()
                return demand.is_on

        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(work)
            assert source.entered.wait(PATIENCE_S)
            end(demand)
            assert working.result(PATIENCE_S) is False


def test_a_source_that_was_left_is_interrupted_no_more() -> None:
    demand, source = Demand(), Source()
    with demand.interrupts(source):
        pass
    demand.stop()
    assert not source._interrupted.is_set()


def test_stopped_is_stopped_whatever_is_wanted_then() -> None:
    demand = Demand()
    demand.stop()
    demand.want(True)
    demand.wait()
    assert demand.is_stopped
    assert not demand.is_on
    demand.pause(3600.0)  # returns


def test_off_and_on_unnoticed_is_a_start() -> None:
    demand = Demand()
    demand.want(True)
    starts = demand.starts
    demand.want(False)
    demand.want(True)
    assert demand.is_on
    assert demand.starts == starts + 1
