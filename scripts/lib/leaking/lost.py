"""What nobody points to any more, by valgrind: memory that was lost in native code, or by it.

One run under memcheck with Python on malloc, so that it sees Python's blocks as well. Its own debugger stub is asked
for a leak check while the pipeline runs: after the warm-up, after the frames, after the sessions; each tells what was
lost since the one before. Pictures are small, for everything takes thirty times longer.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from leaking.growth import Growth, NotMeasuredError
from leaking.pipeline import PAUSED
from leaking.subject import Subject

if TYPE_CHECKING:
    from leaking.plan import Plan

SUPPRESSIONS = Path(__file__).with_name("valgrind.supp")
_CHECK = ("leak_check", "full", "definiteleak", "increased", "unlimited")
_CHECK_TIMEOUT_S = 120.0
_DEPTH = 8
_RECORD = re.compile(
    r"(?P<bytes>[\d,]+) \(\+(?P<more>[\d,]+)\) (?:\(.* indirect\) )?bytes in [\d,]+ \(\+(?P<blocks>[\d,]+)\) blocks"
    r" are definitely lost"
)
_TOTAL = re.compile(r"definitely lost: [\d,]+ \(\+?(?P<bytes>-?[\d,]+)\) bytes in [\d,]+ \(\+?(?P<blocks>-?[\d,]+)\)")
_FRAME = re.compile(r"(?:at|by) 0x[0-9A-F]+: (?P<function>.+)$")


def hunt_lost(plan: Plan, home: Path, *, plant: bool) -> tuple[list[Growth], list[Growth]]:
    """Return what was lost with frames and sessions, and what was lost before, at the start.

    Raises:
        NotMeasuredError: valgrind is not here, or the run failed.
    """
    absent = [name for name in ("valgrind", "vgdb") if shutil.which(name) is None]
    if absent:
        raise NotMeasuredError(f"{absent[0]} is not installed (the package valgrind)")
    tool = [
        "valgrind",
        "--undef-value-errors=no",  # it is asked for leaks alone
        "--leak-check=no",  # not at the end: it is asked while everything runs
        "--fair-sched=try",
        "--num-callers=40",
        f"--suppressions={SUPPRESSIONS}",
        f"--log-file={home / 'valgrind.log'}",
    ]
    arguments = [*(["--plant"] if plant else []), *plan.steps(pauses=True)]
    checks: list[list[Growth]] = []
    parts = (("warm-up", plan.warm_up), ("frames", plan.frames), ("sessions", plan.sessions))
    with Subject(tool, arguments, home, PYTHONMALLOC="malloc", PYTHONHASHSEED="0") as subject:
        for words in subject.reports():
            if words[0] == PAUSED:
                checks.append(parse_leaks(_ask(subject.process.pid), *parts[len(checks)]))
                subject.go_on()
    if len(checks) != len(parts):
        raise NotMeasuredError(f"valgrind was asked {len(checks)} times, not {len(parts)}")
    return [*checks[1], *checks[2]], checks[0]


def _ask(pid: int) -> str:
    try:
        answer = subprocess.run(
            ["vgdb", f"--pid={pid}", *_CHECK], capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise NotMeasuredError(f"valgrind can't be asked: {error}") from error
    return answer.stdout


def parse_leaks(report: str, phase: str, number: int) -> list[Growth]:
    """Return what a leak check of memcheck says was lost since the check before it.

    Raises:
        NotMeasuredError: It is no leak check, or says more in all than one by one.
    """
    total = _TOTAL.search(report)
    if total is None:
        raise NotMeasuredError("valgrind's answer has no leak summary")
    found: list[Growth] = []
    frames: list[str] = []
    for line in report.splitlines():
        if (record := _RECORD.search(line)) is not None:
            frames = []
            more, blocks = (int(record[name].replace(",", "")) for name in ("more", "blocks"))
            found.append(Growth(phase, number, blocks, more, ()))
        elif (frame := _FRAME.search(line)) is not None and found and len(frames) < _DEPTH:
            frames.append(frame["function"])
            last = found[-1]
            found[-1] = Growth(phase, number, last.allocations, last.size_bytes, tuple(frames))
    lost = int(total["blocks"].replace(",", ""))
    if lost > sum(growth.allocations for growth in found):
        raise NotMeasuredError(f"valgrind counts {lost} lost blocks and names {len(found)}")
    return found
