#!/usr/bin/env python3
"""How long the garbage collector stops a host that streams, which is how late a frame can be because of it.

Starts a host and a viewer, lets them stream, and prints JSON. The host is the real one, with a clock around each
collection. A collection stops all threads. Until the host is ready is start-up; after it, none may take more than 2 ms
(exit 1), in CPU time, since on a busy machine any of it may be interrupted. Exit 2: it could not be measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import ProgramError, start_client, start_host
from wavry.server.__main__ import run

LIMIT_MS = 2.0
_AS_HOST = "--as-host"


class Pauses:
    """Times every collection of this process, in ms, apart for start-up and for what comes after it."""

    def __init__(self) -> None:
        self._began_at = self._began_cpu = 0.0
        self._start_up: list[float] = []
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def on_collection(self, phase: str, info: dict[str, int]) -> None:
        """Be told by the collector, before and after."""
        now, cpu = time.perf_counter(), time.thread_time()
        if phase == "start":
            self._began_at, self._began_cpu = now, cpu
        elif gc.get_freeze_count() == 0:  # the host exempts what it has imported when it is ready
            self._start_up.append((cpu - self._began_cpu) * 1e3)
        else:
            self._wall.append((now - self._began_at) * 1e3)
            self._cpu.append((cpu - self._began_cpu) * 1e3)

    def summary(self) -> dict[str, object]:
        """Return what became of it."""
        return {
            "collections": len(self._cpu),
            "longest_cpu_ms": round(max(self._cpu, default=0.0), 3),
            "longest_wall_ms": round(max(self._wall, default=0.0), 3),
            "over_limit": sum(pause > LIMIT_MS for pause in self._cpu),
            "start_up_longest_cpu_ms": round(max(self._start_up, default=0.0), 3),
            "exempt_objects": gc.get_freeze_count(),
        }


def be_host(result: Path, arguments: list[str]) -> None:
    """Be a host whose collector is timed."""
    pauses = Pauses()
    gc.callbacks.append(pauses.on_collection)
    run(arguments)
    gc.callbacks.remove(pauses.on_collection)
    result.write_text(json.dumps(pauses.summary()), encoding="utf-8")


def main() -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it streams (60)")
    parser.add_argument("--size", default="1920x1080", help="of the testcard (1920x1080)")
    parser.add_argument("--fps", default="60", help="as the host's flag (60)")
    options = parser.parse_args()
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-gc-")))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1"}
        result = out / "pauses.json"
        flags = ["--source", "testcard", "--size", options.size, "--fps", options.fps]
        try:
            host, address = start_host(out, environment, *flags, program=(__file__, _AS_HOST, str(result)))
            stack.callback(host.close)
            viewer = start_client(address, out, environment)
            stack.callback(viewer.close)
            time.sleep(options.seconds)
            viewer.leave()
            host.leave()
        except ProgramError as error:
            print(f"gc_pauses: {error}", file=sys.stderr)
            return 2
        pauses = json.loads(result.read_text(encoding="utf-8"))
    print(json.dumps({"what": "gc pauses", "seconds": options.seconds, "size": options.size} | pauses))
    return int(pauses["over_limit"] > 0) if pauses["collections"] else 2  # there is one when the stream has settled


if __name__ == "__main__":
    if sys.argv[1:2] == [_AS_HOST]:
        be_host(Path(sys.argv[2]), sys.argv[3:])
    else:
        sys.exit(main())
