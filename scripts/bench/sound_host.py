#!/usr/bin/env python3
"""What sound costs a host and a client: processor and memory without it, in silence and with a tone, in one run.

    python scripts/bench/sound_host.py [--rounds 2] [--seconds 10]

Starts a PulseAudio of its own. The picture is a small testcard at 30 frames a second, so that it hardly counts; the
client has no window and no sound card. Prints a line of JSON for each state and round: percent of a core of both
programs and of the host's busiest threads; RSS of both at the end, MB of 10**6 bytes. Needs pulseaudio and pacat.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.programs import client, host
from tests.support.sound import SoundServer, tone

_TESTCARD = ("--source", "testcard", "--size", "320x180", "--fps", "30")
_SETTLE_S = 6.0
"""A sink that nobody listened to gives its first sound after up to 2 s; the rest is imports."""
_STATES = {"off": ("off", False), "silence": ("system", False), "tone": ("system", True)}


def spent_s(process: psutil.Process) -> tuple[float, dict[int, float]]:
    """Return processor time of a process and of each of its threads."""
    times = process.cpu_times()
    return times.user + times.system, {each.id: each.user_time + each.system_time for each in process.threads()}


def measure(home: Path, server: SoundServer, state: str, seconds: float) -> dict[str, object]:
    """Stream for a while and return what it cost."""
    audio, plays = _STATES[state]
    with host(home, *_TESTCARD, "--audio", audio, **server.environment) as streaming:
        address = streaming.ready_address()
        with client(home, address, "--headless", **server.environment) as listening:
            programs = psutil.Process(streaming.pid), psutil.Process(listening.pid)
            with server.play(tone(1_000, 1.0)) if plays else contextlib.nullcontext():
                time.sleep(_SETTLE_S)
                before, began = [spent_s(each) for each in programs], time.perf_counter()
                time.sleep(seconds)
                after, took_s = [spent_s(each) for each in programs], time.perf_counter() - began
                held = [each.memory_info().rss for each in programs]
            listening.end()
        streaming.end()
    percent = [100 * (late[0] - early[0]) / took_s for early, late in zip(before, after, strict=True)]
    threads = (100 * (late - before[0][1].get(each, 0.0)) / took_s for each, late in after[0][1].items())
    return {
        "state": state,
        "host_percent": round(percent[0], 1),
        "client_percent": round(percent[1], 1),
        "host_threads_percent": [round(each, 1) for each in sorted(threads, reverse=True)[:4]],
        "host_mb": round(held[0] / 1e6, 1),
        "client_mb": round(held[1] / 1e6, 1),
    }


def main() -> None:
    """Measure each state in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="how often each state is measured (2)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (10)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wavry-") as directory, SoundServer(Path(directory)) as server:
        for _ in range(options.rounds):
            for state in _STATES:
                print(json.dumps(measure(Path(directory), server, state, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
