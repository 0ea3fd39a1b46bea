"""The soak as fast as it goes: sender and receiver in virtual time, a day in minutes.

Judged are the counts of this process, which are exact and free. tracemalloc would name the line of each byte, and
makes the simulation 7.5 times slower (6.6 s an hour without, 49 s with it).
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
import threading
from collections import Counter
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from harness.processes import ProgramError
from network.conditions import PathConditions
from network.encoder import StreamShape
from network.profiles import PROFILES
from network.simulation import Simulation
from soaking.counts import CountSample, CountSeries
from wavry.memory.metrics import heap_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

_SHAPE = StreamShape(fps=30, bitrate_bps=2_000_000)
_INTERVAL_S = 300.0
_SESSION_S = 900.0
"""With churn: a viewer stays so long, then another comes over the next link."""

_QUIET_PROFILE = "wifi"


def soak(duration_s: float, *, churn: bool) -> tuple[CountSeries, dict[str, Any]]:
    """Stream for so many virtual seconds; return what was counted and what was streamed.

    With churn, sessions follow each other over all the links there are; without, there is one, over one that loses a
    little. A sample is taken while the stream runs. What streams is a process of its own, that keeps no history.

    Raises:
        ProgramError: It failed.
    """
    series = CountSeries("protocol")
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_stream, args=(there, duration_s, churn))
    process.start()
    there.close()
    try:
        while isinstance(answer := here.recv(), tuple):
            sample, types = answer
            series.samples.append(sample)
            series.types.append(types)
    except EOFError:
        raise ProgramError("the simulation ended before its time; its last words are above") from None
    finally:
        process.terminate()
        process.join()
    return series, {"frames": answer}


def _stream(there: Connection, duration_s: float, churn: bool) -> None:
    """Send a sample and its types every now and then, and at the end what was streamed."""
    totals: Counter[str] = Counter()
    elapsed_s = 0.0
    for simulation in _sessions(churn):
        session_s = min(duration_s - elapsed_s, _SESSION_S if churn else duration_s)
        for _ in range(max(1, round(session_s / _INTERVAL_S))):
            outcome = simulation.run(_INTERVAL_S)
            elapsed_s += _INTERVAL_S
            there.send(_count(elapsed_s))
        totals.update(sent=outcome.frames_sent, delivered=outcome.frames_delivered, sessions=1)
        if elapsed_s >= duration_s:
            break
    there.send(dict(totals))


def _sessions(churn: bool) -> Iterator[Simulation]:
    profiles = cycle(PROFILES) if churn else islice(cycle([_QUIET_PROFILE]), 1)
    for number, name in enumerate(profiles):
        yield Simulation(PathConditions.both(PROFILES[name]), _SHAPE, seed=number)


def _count(seconds: float) -> tuple[CountSample, dict[str, int]]:
    gc.collect()
    objects = gc.get_objects()
    sample = CountSample(
        seconds=seconds,
        objects=len(objects),
        blocks=sys.getallocatedblocks(),
        heap_bytes=heap_bytes(),
        threads=threading.active_count(),
    )
    return sample, dict(Counter(type(each).__name__ for each in objects).most_common(25))
