"""Stream for some seconds, wait until the screen stands still, compare, and say how it went.

Usage: python -m demo                 run the demo
       python -m demo --has-screen    exit 0 if this machine's screen can be captured, 1 if not
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from demo.desktop import VirtualDesktop
from demo.pictures import psnr, read_png
from demo.screen import has_screen, looks_same, take_screenshot, wait_until_still
from harness.memory import MemorySampler, draw_memory
from harness.processes import ProgramError, start_client, start_host

if TYPE_CHECKING:
    from harness.memory import Series

OUTPUT = Path("demo-out")
SNAPSHOT, STATS, CHART = OUTPUT / "snapshot.png", OUTPUT / "stats.json", OUTPUT / "memory.svg"
MOTION_S = 10.0
"""For how long the desktop moves."""
STILL_TIMEOUT_S = 20.0
"""A real screen that does not stand still for a second within this time can't be compared."""
ENOUGH_DB = 34.0
"""Above this, text is as readable as on the screen itself; 4:2:0 colour keeps even a perfect codec from much more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the run has shown."""

    psnr_db: float
    stats: dict[str, Any]
    memory: list[Series]


def main() -> int:
    """Run the demo and return its exit code."""
    if sys.argv[1:] == ["--has-screen"]:
        return 0 if has_screen() else 1
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: in the background of a script it is ignored
        signal.signal(number, _interrupt)
    OUTPUT.mkdir(exist_ok=True)
    for path in (SNAPSHOT, STATS, CHART):
        path.unlink(missing_ok=True)
    try:
        with ExitStack() as stack:
            outcome = _run(stack)
    except ProgramError as error:
        print(f"demo: {error} (logs are in {OUTPUT}/)", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    _summarize(outcome)
    if outcome.psnr_db < ENOUGH_DB:
        print(f"demo: the picture that arrived does not match the screen: {outcome.psnr_db:.1f} dB", file=sys.stderr)
        return 1
    return 0


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(stack: ExitStack) -> Outcome:
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-demo-")))
    desktop = None
    if has_screen():
        print(f"demo: streaming this machine's screen for {MOTION_S:.0f} s")
    else:
        desktop = stack.enter_context(VirtualDesktop(scratch, MOTION_S))
        desktop.open_programs()
        print(f"demo: no screen here; streaming a virtual one with a small desktop for {MOTION_S:.0f} s")
    # The host's key goes to the scratch directory: a demo should not make a key for life.
    environment = os.environ | {"XDG_DATA_HOME": str(scratch), "PYTHONUNBUFFERED": "1"}
    host, address = start_host(OUTPUT, environment)
    stack.callback(host.close)
    client = start_client(
        address,
        OUTPUT,
        environment,
        *("--duration", "5m", "--snapshot", str(SNAPSHOT), "--stats-json", str(STATS)),
    )
    stack.callback(client.close)
    sampler = MemorySampler({"host": host.process.pid, "client": client.process.pid})
    stack.callback(sampler.stop)

    def check() -> None:
        host.check()
        client.check()

    move_until = time.monotonic() + MOTION_S
    while time.monotonic() < move_until:
        check()
        time.sleep(0.2)
    if desktop is not None:
        desktop.freeze()
    shown = wait_until_still(STILL_TIMEOUT_S, check)
    sampler.stop()
    client.leave()
    still_shown = shown is not None and looks_same(shown, take_screenshot())
    host.leave()
    CHART.write_text(draw_memory(sampler.series), encoding="utf-8")
    if shown is None or not still_shown:
        raise ProgramError("the screen kept changing, so the match could not be verified; leave it alone for a moment")
    if not SNAPSHOT.exists():
        raise ProgramError("no picture arrived")
    arrived = read_png(SNAPSHOT)
    if arrived.shape != shown.shape:
        raise ProgramError(
            f"the screen is {shown.shape[1]}x{shown.shape[0]}, {arrived.shape[1]}x{arrived.shape[0]} came"
        )
    stats = json.loads(STATS.read_text(encoding="utf-8"))
    return Outcome(psnr(shown, arrived), stats, sampler.series)


def _summarize(outcome: Outcome) -> None:
    video, network = outcome.stats["video"], outcome.stats["network"]
    latency = outcome.stats["latency_ms"]["capture_to_decoded"]
    loss = network["loss"]
    rows = {
        "picture": f"{video['width']}x{video['height']} {video['codec']}, {outcome.psnr_db:.1f} dB against the screen",
        "frames": f"{video['frames_decoded']} decoded, {video['frames_lost']} lost, {_number(video['fps'])} per second",
        "latency": f"{_number(latency['p50'])} ms p50, {_number(latency['p95'])} ms p95, from capture to decoded",
        "loss": "unknown" if loss is None else f"{loss:.2%} of the packets",
        "memory": ", ".join(f"{each.name} {each.peak_mb:.0f} MB at most" for each in outcome.memory),
        "files": ", ".join(map(str, (SNAPSHOT, STATS, CHART))),
    }
    for name, text in rows.items():
        print(f"  {name:8} {text}")


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
