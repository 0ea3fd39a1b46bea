#!/usr/bin/env python3
"""Several viewers of one host, one of them stalled: what the others get, and what each costs the host.

    python scripts/bench/sharing.py [--viewers N] [--seconds N] [--size WxH]

One viewer watches alone, then several do, of which one is stopped (SIGSTOP) after two seconds. Prints JSON: frames per
second of the one alone and of each that goes on, how many encoders ran, and how much the host's private memory (USS)
grew with each viewer more.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil

from tests.support.programs import Program, client, host

_PATIENCE_S = 120.0
_SETTLE_S = 3.0


def uss_mb(pid: int) -> float:
    """Return what only this process has in memory."""
    return float(psutil.Process(pid).memory_full_info().uss) / 1e6


def start_viewer(home: Path, name: str, address: str, seconds: float) -> Program:
    """Start a viewer in a directory of its own."""
    (home / name).mkdir(exist_ok=True)
    flags = ("--headless", "--duration", f"{seconds}s", "--stats-json", "stats.json")
    viewer = client(home / name, address, *flags)
    viewer.wait_for("stream: ")
    return viewer


def fps_of(home: Path, name: str) -> float:
    """Return how many frames a second a viewer got that has ended."""
    return float(json.loads((home / name / "stats.json").read_text(encoding="utf-8"))["video"]["fps"])


def main() -> None:
    """Share and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--size", default="640x360")
    options = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-sharing-")))
        stream = ("--source", "testcard", "--size", options.size, "--fps", "30", "--audio", "off")
        streaming = stack.enter_context(host(home, *stream, "--memory-report", "report.json"))
        address = streaming.ready_address()
        with start_viewer(home, "alone", address, options.seconds) as viewer:
            viewer.wait(_PATIENCE_S)
        viewers: list[Program] = []
        memory_mb: list[float] = []
        for number in range(options.viewers):
            seconds = options.seconds + _SETTLE_S * (options.viewers - number)
            viewers.append(stack.enter_context(start_viewer(home, str(number), address, seconds)))
            time.sleep(_SETTLE_S)
            memory_mb.append(uss_mb(streaming.pid))
        viewers[-1].notify(signal.SIGSTOP)
        for viewer in viewers[:-1]:
            viewer.wait(_PATIENCE_S)
        viewers[-1].notify(signal.SIGCONT)
        viewers[-1].wait(_PATIENCE_S)
        streaming.end()
        report = json.loads((home / "report.json").read_text(encoding="utf-8"))
        shared = [fps_of(home, str(number)) for number in range(options.viewers - 1)]
        alone = fps_of(home, "alone")
    more = [round(after - before, 2) for before, after in pairwise(memory_mb)]
    result = {
        "fps_alone": round(alone, 2),
        "fps_beside_a_stalled_one": [round(each, 2) for each in shared],
        "worst_share": round(min(shared) / alone, 3),
        "frames_encoded_per_frame_captured": round(report["frames_encoded"] / report["frames_captured"], 3),
        "host_mb_per_viewer_more": more,
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
