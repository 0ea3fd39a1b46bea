#!/usr/bin/env python3
"""What the dashboard costs a host that streams.

    python scripts/bench/dashboard.py [--seconds N] [--rounds N] [--size WxH] [--pairs N] [--pages N] [--connections N]

In turns, each with a host and a client of its own: no dashboard, one that nobody reads, one with a page open. Then,
at one host: a page that is open in every other stretch of a few seconds, for its CPU (from host to host that differs by
more than a page takes); pages that are opened and closed; and TCP connections that do nothing, all at once. A page is
a reader that makes a page's requests (`scripts/lib/pages`): a browser would take more of two cores than all that is
measured. Prints JSON, and MISSES for each figure that is over its limit. CPU is of one core; MB are 10**6 bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import start_client, start_host
from pages.reader import Page

MOST_RSS_MB = 14.0
MOST_CPU_PERCENT = 1.0
MOST_FRAME_MS = 1.0
MOST_GROWTH_MB = 1.0
MOST_STALL_S = 10.0
_SETTLE_S = 4.0
_STRETCH_S = 4.0
_LEFT = "a page that takes nothing was left"
_URL = re.compile(r"wavry-server dashboard http://(\S+)/")
_KINDS = ("none", "closed", "open")


class Run(NamedTuple):
    """A host that streams to a client, as it was in the end."""

    rss_mb: float
    cpu_percent: float
    p95_ms: float
    frames: int


class Stage:
    """A host, its client, and where its dashboard is."""

    def __init__(self, stack: ExitStack, size: str, *, has_dashboard: bool) -> None:
        self.out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-dashboard-")))
        environment = os.environ | {"XDG_DATA_HOME": str(self.out), "PYTHONUNBUFFERED": "1"}
        source = ("--source", "testcard", "--size", size, "--audio", "off")
        pages = ("--dashboard", "127.0.0.1:0") if has_dashboard else ()
        self.host, address = start_host(self.out, environment, *source, *pages)
        stack.callback(self.host.close)
        self.client = start_client(address, self.out, environment, "--stats-json", str(self.out / "client.json"))
        stack.callback(self.client.close)
        self.process = psutil.Process(self.host.process.pid)
        match = _URL.search((self.out / "host.log").read_text(encoding="utf-8"))
        self.dashboard = "" if match is None else match[1]

    def rss_mb(self) -> float:
        """Return what the host holds now."""
        return float(self.process.memory_info().rss) / 1e6

    def cpu_percent(self, seconds: float) -> float:
        """Return what it computes in the next seconds, of one core."""
        computed, began = self._cpu_s(), time.monotonic()
        time.sleep(seconds)
        return (self._cpu_s() - computed) / (time.monotonic() - began) * 100

    def _cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def encoded(self) -> int:
        """Return how many frames it has encoded."""
        with urllib.request.urlopen(f"http://{self.dashboard}/api/memory", timeout=30) as answer:
            return int(json.load(answer)["frames_encoded"])

    def stop(self) -> tuple[float, int]:
        """End both; return the p95 from capture to decoded, and how many frames were decoded."""
        self.client.leave()
        self.host.leave()
        stats = json.loads((self.out / "client.json").read_text(encoding="utf-8"))
        return stats["latency_ms"]["capture_to_decoded"]["p95"], stats["video"]["frames_decoded"]


def measure(kind: str, size: str, seconds: float) -> Run:
    """Stream for a while with or without a dashboard, and a page."""
    with ExitStack() as stack:
        stage = Stage(stack, size, has_dashboard=kind != "none")
        page = Page(stage.dashboard) if kind == "open" else None
        time.sleep(_SETTLE_S)
        cpu_percent = stage.cpu_percent(seconds)
        rss_mb = stage.rss_mb()
        if page is not None:
            assert page.samples >= seconds, f"the page got {page.samples} samples"
            page.close()
        p95_ms, frames = stage.stop()
        return Run(rss_mb, cpu_percent, p95_ms, frames)


def compare(size: str, seconds: float, rounds: int) -> dict[str, object]:
    """Measure the three kinds in turns, and return what the medians differ by."""
    runs: dict[str, list[Run]] = {kind: [] for kind in _KINDS}
    for _ in range(rounds):
        for kind in _KINDS:
            runs[kind].append(measure(kind, size, seconds))
    found: dict[str, object] = {
        kind: {name: round(statistics.median(getattr(run, name) for run in each), 2) for name in Run._fields}
        for kind, each in runs.items()
    }
    limits = {"rss_mb": MOST_RSS_MB, "p95_ms": MOST_FRAME_MS}
    for kind in ("closed", "open"):
        for name, limit in limits.items():
            pairs = zip(runs[kind], runs["none"], strict=True)
            difference = statistics.median(getattr(one, name) - getattr(other, name) for one, other in pairs)
            found[f"{kind}_{name}_more"] = judged(difference, limit)
    return found


def take_turns(stage: Stage, pairs: int) -> dict[str, object]:
    """Open a page for every other stretch; return what the host computes more in those, of one core."""
    more: list[float] = []
    for _ in range(pairs):
        page = Page(stage.dashboard)
        page.wait_for(1)  # opening it is another matter
        with_page = stage.cpu_percent(_STRETCH_S)
        assert page.samples >= _STRETCH_S, f"the page got {page.samples} samples"
        page.close()
        time.sleep(0.5)
        more.append(with_page - stage.cpu_percent(_STRETCH_S))
    spread = statistics.stdev(more) / len(more) ** 0.5
    return {
        "pairs": pairs,
        "open_cpu_percent_more": judged(statistics.mean(more), MOST_CPU_PERCENT),
        "standard_error": round(spread, 2),
    }


def open_and_close(stage: Stage, pages: int) -> dict[str, object]:
    """Open pages one after the other; return by what the host has grown."""
    for _ in range(10):  # the first ones load what is loaded on demand
        visit(stage)
    time.sleep(_SETTLE_S)
    before = stage.rss_mb()
    for _ in range(pages):
        visit(stage)
    time.sleep(_SETTLE_S)
    return {"pages": pages, "growth_mb": judged(stage.rss_mb() - before, MOST_GROWTH_MB)}


def visit(stage: Stage) -> None:
    """Open a page, look at two samples, and close it."""
    page = Page(stage.dashboard)
    page.wait_for(2)
    assert page.samples, "the page got nothing"
    page.close()


def stall(stage: Stage) -> dict[str, object]:
    """Ask for events and take none; return after how long the host leaves such a reader."""
    host, _, port = stage.dashboard.rpartition(":")
    with socket.create_connection((host, int(port))) as reader:
        reader.sendall(f"GET /api/events HTTP/1.1\r\nHost: {stage.dashboard}\r\n\r\n".encode())
        began = time.monotonic()
        while _LEFT not in (stage.out / "host.log").read_text(encoding="utf-8"):
            stage.host.check()
            time.sleep(0.05)
    return {"stalled_reader_left_after_s": judged(time.monotonic() - began, MOST_STALL_S)}


def flood(stage: Stage, connections: int) -> dict[str, object]:
    """Open many connections and let them be; return what the host does meanwhile, and whether it still answers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    host, _, port = stage.dashboard.rpartition(":")
    before_mb, encoded, began = stage.rss_mb(), stage.encoded(), time.monotonic()
    held: list[socket.socket] = []
    most_mb, most_descriptors = before_mb, 0
    for number in range(connections):
        opened = socket.socket()
        opened.settimeout(10)
        with suppress(OSError):
            opened.connect((host, int(port)))
        held.append(opened)
        if number % 200 == 0:
            most_mb, most_descriptors = max(most_mb, stage.rss_mb()), max(most_descriptors, stage.process.num_fds())
    took_s = time.monotonic() - began
    page = Page(stage.dashboard)
    page.wait_for(2)
    frames, passed_s = stage.encoded() - encoded, time.monotonic() - began
    page.close()
    for opened in held:
        opened.close()
    stage.host.check()
    return {
        "connections": len(held), "seconds": round(took_s, 1), "frames_per_s": round(frames / passed_s, 1),
        "page_got": page.samples, "host_most_descriptors": most_descriptors,
        "host_most_more_mb": round(most_mb - before_mb, 2), "host_after_more_mb": round(stage.rss_mb() - before_mb, 2),
    }  # fmt: skip


def judged(value: float, limit: float) -> str:
    """Return a figure with its limit."""
    return f"{value:.2f} (limit {limit:g}){' MISSES' if value > limit else ''}"


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run (20)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the three kinds; 0 for none (3)")
    parser.add_argument("--size", default="1280x720", help="of the testcard (1280x720)")
    parser.add_argument("--pairs", type=int, default=30, help="of stretches with and without a page (30)")
    parser.add_argument("--pages", type=int, default=100, help="that are opened and closed (100)")
    parser.add_argument("--connections", type=int, default=10_000, help="at once (10000)")
    options = parser.parse_args()
    if options.rounds:
        print(json.dumps(compare(options.size, options.seconds, options.rounds), indent=1), flush=True)
    with ExitStack() as stack:
        stage = Stage(stack, options.size, has_dashboard=True)
        time.sleep(_SETTLE_S)
        print(json.dumps(take_turns(stage, options.pairs)), flush=True)
        print(json.dumps(open_and_close(stage, options.pages)), flush=True)
        print(json.dumps(stall(stage)), flush=True)
        print(json.dumps(flood(stage, options.connections)), flush=True)
        print(json.dumps(dict(zip(("p95_ms", "frames"), stage.stop(), strict=True))), flush=True)


if __name__ == "__main__":
    main()
