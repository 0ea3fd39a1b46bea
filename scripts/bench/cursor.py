#!/usr/bin/env python3
"""How soon a pointer that changes on the host's screen looks so over the client's window.

    python scripts/bench/cursor.py [--count 50] [--size 1920x1080] [--rtt 150ms]

Two screens of Xvfb, host and client as they are. The pointer rests over the client's window; on the host it becomes in
turn that of a text field, a link and the edge of a window. The clock runs from the change on the host's server to the
moment when the client's server tells of the same image, hot spot included. Prints JSON: milliseconds by shape. Pauses
between changes are of uneven length, so that no clock of either program is met at the same phase.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import start_relay
from tests.support.pointer import EDGE, LINK, TEXT, ScreenPointer
from tests.support.programs import client, host
from tests.support.xserver import XServer
from wavry import cli

_SHAPES = {"text": TEXT, "link": LINK, "edge": EDGE}
_PAUSES_S = (0.05, 0.15)
_SETTLE_S = 2.0


def measure(there: ScreenPointer, here: ScreenPointer, count: int, dice: random.Random) -> dict[str, list[float]]:
    """Return the milliseconds of each change by shape."""
    took_ms: dict[str, list[float]] = {name: [] for name in _SHAPES}
    for _ in range(count):
        for name, glyph in _SHAPES.items():
            time.sleep(dice.uniform(*_PAUSES_S))
            began_at = time.perf_counter()
            there.show(glyph)
            wanted = there.image()
            while here.image() != wanted:
                here.wait_for_change()
            took_ms[name].append(1000 * (time.perf_counter() - began_at))
    return took_ms


def summary(values: list[float]) -> dict[str, float]:
    """Return what is told of some durations."""
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 2),
        "max": round(ordered[-1], 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50, help="changes to each shape")
    parser.add_argument("--size", type=cli.size, default=cli.size("1920x1080"), help="of both screens")
    parser.add_argument("--rtt", help="round trip of a network between them, for example 150ms")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-cursor-")))
        screens = [stack.enter_context(XServer(*options.size)) for _ in range(2)]
        there, here = (stack.enter_context(ScreenPointer(screen.display)) for screen in screens)
        server = stack.enter_context(host(home, DISPLAY=screens[0].display))
        address = server.ready_address()
        if options.rtt is not None:
            relay, address = start_relay(address, home, os.environ | {"PYTHONUNBUFFERED": "1"}, "--rtt", options.rtt)
            stack.callback(relay.close)
        viewer = stack.enter_context(client(home, address, "--no-audio", DISPLAY=screens[1].display))
        viewer.wait_for("window: ")
        here.move(options.size.width // 2, options.size.height // 2)
        time.sleep(_SETTLE_S)
        here.watch()
        took_ms = measure(there, here, options.count, random.Random(options.seed))
    shapes = {name: summary(values) for name, values in took_ms.items()}
    print(json.dumps({"size": str(options.size), "rtt": options.rtt, "count": options.count, "ms": shapes}))


if __name__ == "__main__":
    main()
