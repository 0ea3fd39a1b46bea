"""What is alive and grows, by memray: every allocation of Python and of the native libraries, with both stacks.

One run: a warm-up, then frames, then sessions; the live allocations of each site are counted four times a second. A
window or a cache that is full swings between bounds, a leak climbs (`growth`).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from leaking.growth import Growth, NotMeasuredError, Phase, certain_growth, is_leak
from leaking.pipeline import DONE
from leaking.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leaking.plan import Plan

_DEPTH = 3
"""Python functions that name a site, the innermost first."""

_METHOD_CACHE = "CPython's method cache keeps attribute names that are computed or come from C, 4096 at most"

_OTHERS = {
    "PyObject_GetAttrString": _METHOD_CACHE,
    "8PyString3new": _METHOD_CACHE,  # what cryptography, in Rust, asks of Python objects
    "_parse_transport_parameters": _METHOD_CACHE,  # aioquic computes six names for each connection
    "_PyCode_InitLineArray": "CPython makes a table of lines for each function that memray traces for the first time",
}
"""Parts of the names of functions of others below which something grows that is bounded, and why."""


Stack = list[tuple[str, str, int]]
"""Function, file, line; the innermost first."""


class Interval(Protocol):
    """Allocations that came and went between the same two samples, as memray tells them."""

    allocated_before_snapshot: int
    deallocated_before_snapshot: int | None
    n_allocations: int
    n_bytes: int


class Record(Protocol):
    """All allocations of one pair of stacks, as memray tells them."""

    @property
    def intervals(self) -> Sequence[Interval]:
        """When they were alive."""

    def stack_trace(self, max_stacks: int | None = None) -> Stack:
        """Return the Python functions."""

    def native_stack_trace(self, max_stacks: int | None = None) -> Stack:
        """Return the native functions."""


def hunt_growth(plan: Plan, home: Path, *, plant: bool) -> tuple[list[Growth], list[str]]:
    """Return what grows, and of what grows the notes on what others keep and why.

    Raises:
        NotMeasuredError: memray is not here, or the run failed.
    """
    try:
        from memray import FileReader
    except ImportError:
        raise NotMeasuredError("memray is not installed (the extra `leaks`)") from None
    file = home / "pipeline.memray"
    flags = ["--memray", str(file), *(["--plant"] if plant else [])]
    with Subject([], [*flags, *plan.steps(pauses=False)], home, PYTHONHASHSEED="0") as subject:
        done = [(words[1], int(words[2]), int(words[3])) for words in subject.reports() if words[0] == DONE]
    with FileReader(str(file)) as reader:
        times = [snapshot.time for snapshot in reader.get_memory_snapshots()]
        records = list(reader.get_temporal_allocation_records(merge_threads=True))
        judged = judge(records, len(times), plan.phases_of(done, times))
    return judged


def judge(records: Sequence[Record], samples: int, phases: Sequence[Phase]) -> tuple[list[Growth], list[str]]:
    """Return what grows, and of what grows the notes on what others keep and why."""
    sites: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in records:
        sites[_where(record.stack_trace(max_stacks=_DEPTH))].append(record)
    found: list[Growth] = []
    notes: set[str] = set()
    for where, group in sites.items():
        for phase in phases:
            growth = _growth(group, samples, phase, where)
            if growth is None:
                continue
            reasons = [_reason(record) for record in group]
            notes.update(reason for reason in reasons if reason is not None)
            ours = [record for record, reason in zip(group, reasons, strict=True) if reason is None]
            growth = _growth(ours, samples, phase, where)
            if growth is not None:
                found.append(growth)
    return sorted(found, key=lambda growth: -growth.size_bytes), sorted(notes)


def _growth(records: Sequence[Record], samples: int, phase: Phase, where: tuple[str, ...]) -> Growth | None:
    """Return the growth of a site in a phase, if it is one."""
    allocations, sizes = _alive(records, samples)
    more = certain_growth(allocations[phase.begins : phase.ends])
    more_bytes = certain_growth(sizes[phase.begins : phase.ends])
    if not is_leak(phase, more, more_bytes):
        return None
    native = max(records, key=lambda record: len(record.intervals)).native_stack_trace(max_stacks=_DEPTH)
    return Growth(phase.name, phase.number, more, more_bytes, (*_where(native), *where))


def _alive(records: Sequence[Record], samples: int) -> tuple[list[int], list[int]]:
    """Return how many allocations, and bytes, are alive at each sample."""
    allocations, sizes = [0] * (samples + 1), [0] * (samples + 1)
    for record in records:
        for interval in record.intervals:
            allocations[interval.allocated_before_snapshot] += interval.n_allocations
            sizes[interval.allocated_before_snapshot] += interval.n_bytes
            freed = interval.deallocated_before_snapshot
            if freed is not None:
                allocations[freed] -= interval.n_allocations
                sizes[freed] -= interval.n_bytes
    return list(accumulate(allocations)), list(accumulate(sizes))


def _reason(record: Record) -> str | None:
    """Return why something is another's and bounded; None if nobody says so."""
    functions = [function for function, _, _ in [*record.native_stack_trace(), *record.stack_trace(max_stacks=1)]]
    return next((why for part, why in _OTHERS.items() if any(part in function for function in functions)), None)


def _where(stack: Sequence[tuple[str, str, int]]) -> tuple[str, ...]:
    return tuple(f"{function} ({'/'.join(file.rsplit('/', 2)[-2:])}:{line})" for function, file, line in stack)
