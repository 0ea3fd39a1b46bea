#!/usr/bin/env python3
"""What host and client hold while a real screen is busy: RSS and PSS when ready, and the most of both while streaming.

A screen of its own (Xvfb) with a terminal that scrolls all over it, one client without a window. Prints JSON, a line
for each size; MB are 10**6 bytes. Needs Xvfb, xrandr and xterm.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import Role, end, start_client, start_host
from tests.support.xserver import XServer
from wavry import cli

_LOOK_EVERY_S = 0.25
_READY_S = 2.0
_GLYPH_PIXELS = (6, 13)
"""Of X's font `fixed`, which xterm uses."""

_SCROLL = "while :; do seq 1 100000; done"


def held(role: Role) -> tuple[float, float]:
    """Return RSS and PSS of a program now."""
    memory = psutil.Process(role.process.pid).memory_full_info()
    return memory.rss / 1e6, memory.pss / 1e6


def measure(width: int, height: int, seconds: float, audio: str) -> dict[str, object]:
    """Stream a busy screen of that size for a while."""
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-resident-")))
        screen = stack.enter_context(XServer(width, height))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1", "DISPLAY": screen.display}
        host, address = start_host(out, environment, "--audio", audio, "--memory-report", str(out / "host.json"))
        stack.callback(host.close)
        time.sleep(_READY_S)
        ready = held(host)
        columns, rows = width // _GLYPH_PIXELS[0] - 4, height // _GLYPH_PIXELS[1] - 4
        terminal = subprocess.Popen(
            ["xterm", "-fn", "fixed", "-geometry", f"{columns}x{rows}+0+0", "-e", "sh", "-c", _SCROLL], env=environment
        )
        stack.callback(end, terminal)
        client = start_client(address, out, environment, "--stats-json", str(out / "client.json"))
        stack.callback(client.close)
        most = {"host": (0.0, 0.0), "client": (0.0, 0.0)}
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            time.sleep(_LOOK_EVERY_S)
            for name, role in (("host", host), ("client", client)):
                most[name] = max(most[name], held(role))
        client.leave()
        host.leave()
        report = json.loads((out / "host.json").read_text(encoding="utf-8"))
        figures: dict[str, tuple[float, float]] = {"ready": ready, **most}
        rounded = {f"{name}_rss_pss_mb": [round(each, 1) for each in pair] for name, pair in figures.items()}
        return {"size": f"{width}x{height}", **rounded, "encoded": report["frames_encoded"]}


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1920x1080,3840x2160", help="one after the other (1920x1080,3840x2160)")
    parser.add_argument("--duration", type=cli.duration, default=15.0, help="of each (15s)")
    parser.add_argument("--audio", default="tone", help="as the host's flag; the client decodes it (tone)")
    options = parser.parse_args()
    for size in options.sizes.split(","):
        print(json.dumps(measure(*cli.size(size), options.duration, options.audio)), flush=True)


if __name__ == "__main__":
    main()
