"""What memray's records come to."""

from __future__ import annotations

from dataclasses import dataclass, field

from leaking.growth import Phase
from leaking.heap import judge
from leaking.plan import Plan

PHASES = [Phase("frames", 500, 10, 40), Phase("sessions", 20, 40, 70)]
SAMPLES = 70


@dataclass
class Span:
    allocated_before_snapshot: int
    deallocated_before_snapshot: int | None
    n_allocations: int = 1
    n_bytes: int = 64


@dataclass
class Site:
    """Allocations of one site; the native function is the allocator's."""

    name: str
    intervals: list[Span] = field(default_factory=list)
    native: str = "PyBytes_New"

    def stack_trace(self, max_stacks: int | None = None) -> list[tuple[str, str, int]]:
        return [(self.name, "wavry/rift/sender.py", 7)]

    def native_stack_trace(self, max_stacks: int | None = None) -> list[tuple[str, str, int]]:
        return [(self.native, "Objects/object.c", 1)]


def kept(begin: int, end: int, each: int) -> list[Span]:
    """Return allocations that nobody frees, some at each sample."""
    return [Span(sample, None, each, 64 * each) for sample in range(begin, end)]


def found(*sites: Site) -> list[tuple[str, str]]:
    growths, _ = judge(sites, SAMPLES, PHASES)
    return [(growth.phase, growth.where[-1].split()[0]) for growth in growths]


def test_what_is_kept_with_each_frame_is_found_in_that_phase() -> None:
    assert found(Site("on_picture", kept(10, 40, 16))) == [("frames", "on_picture")]


def test_what_is_kept_with_each_session_is_found_in_that_phase() -> None:
    assert found(Site("admit", kept(40, 70, 1))) == [("sessions", "admit")]


def test_what_is_freed_again_is_not_found() -> None:
    assert found(Site("send", [Span(sample, sample + 2, 30, 9000) for sample in range(SAMPLES - 3)])) == []


def test_what_was_allocated_in_the_warm_up_is_not_found() -> None:
    assert found(Site("import", kept(0, 10, 1000))) == []


def test_one_place_reached_in_two_ways_is_one_site() -> None:
    assert found(Site("send", kept(10, 40, 5)), Site("send", kept(10, 40, 5))) == [("frames", "send")]


def test_what_another_keeps_within_bounds_is_a_note_with_its_reason() -> None:
    growths, notes = judge([Site("x", kept(40, 70, 1), native="PyObject_GetAttrString")], SAMPLES, PHASES)
    assert growths == []
    assert "4096 at most" in notes[0]


def test_a_leak_of_ours_at_the_same_site_is_found_beside_it() -> None:
    assert found(
        Site("x", kept(40, 70, 1), native="PyObject_GetAttrString"), Site("x", kept(40, 70, 1), native="PyDict_New")
    ) == [("sessions", "x")]


def test_a_phase_is_the_samples_between_the_ends_of_two_steps() -> None:
    done = [("sessions", 20, 100), ("frames", 300, 1000), ("frames", 500, 2000), ("sessions", 20, 3000)]
    phases = Plan().phases_of(done, list(range(0, 4000, 250)))
    assert phases == [Phase("frames", 500, 4, 9), Phase("sessions", 20, 8, 13)]
