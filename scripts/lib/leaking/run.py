"""The command line of the leak hunt."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from leaking.growth import NotMeasuredError
from leaking.heap import hunt_growth
from leaking.lost import hunt_lost
from leaking.plan import Plan

if TYPE_CHECKING:
    from leaking.growth import Growth

_EPILOG = """
The pipeline is a real host and a real client that stream a small testcard to each other over QUIC.
Exit 0: no leak; 1: something leaks; 2: it could not be measured. Takes two to four minutes.
"""


def main() -> int:
    """Hunt, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/leaks.py",
        description="Run the pipeline under memray and valgrind, and say what grows with frames or sessions.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--frames", type=int, default=500, help="that are judged (500)")
    parser.add_argument("--sessions", type=int, default=20, help="that are judged (20)")
    parser.add_argument("--tool", choices=("memray", "valgrind"), help="only this one (both)")
    parser.add_argument("--plant", action="store_true", help="leak on purpose, to see that it is found")
    options = parser.parse_args()
    plan = Plan(frames=options.frames, sessions=options.sessions)
    with tempfile.TemporaryDirectory(prefix="wavry-leaks-") as home:
        try:
            found = []
            if options.tool != "valgrind":
                found += _hunt_growth(plan, Path(home), plant=options.plant)
            if options.tool != "memray":
                found += _hunt_lost(plan, Path(home), plant=options.plant)
        except (NotMeasuredError, OSError) as error:
            print(f"leaks: {error}", file=sys.stderr)
            return 2
    return int(bool(found))


def _hunt_growth(plan: Plan, home: Path, *, plant: bool) -> list[Growth]:
    found, notes = hunt_growth(plan, home, plant=plant)
    _say("memray, live allocations", plan, found)
    for note in notes:
        print(f"  not ours: {note}")
    return found


def _hunt_lost(plan: Plan, home: Path, *, plant: bool) -> list[Growth]:
    found, before = hunt_lost(plan, home, plant=plant)
    _say("valgrind, definitely lost", plan, found)
    for growth in before:
        print("\n".join([f"  lost at the start, not judged: {growth.size_bytes} bytes", *growth.lines()[1:]]))
    return found


def _say(what: str, plan: Plan, found: list[Growth]) -> None:
    verdict = f"{len(found)} sites grow" if found else "nothing grows"
    print(f"{what}: {verdict} with {plan.frames} frames or {plan.sessions} sessions", flush=True)
    for growth in found:
        print("\n".join(f"  {line}" for line in growth.lines()))
