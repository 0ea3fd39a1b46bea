#!/usr/bin/env python3
"""The browser client by the numbers: a real host, a real Chromium with a window, driven and watched.

    python scripts/bench/browser.py memory [--minutes N]        memory of page, renderer and host while it streams
    python scripts/bench/browser.py network --profile wifi|lte  frames decoded of those sent, through scripts/impair.py
    python scripts/bench/browser.py sharing                     a native client and two tabs, one of them in the back

Prints JSON. Needs Xvfb and Debian's chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil

from harness.processes import start_relay
from tests.support.browser_page import BrowserPage
from tests.support.chromium import chromium
from tests.support.programs import Program, client, host
from tests.support.xserver import XServer
from wavry.memory.trend import theil_sen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_SETTLE_S = 3.0
_SAMPLE_S = 10.0
_WARM_UP = 0.25
"""Share of a run that is not looked at: what is loaded and compiled once."""

_RELAYED_HOST = "127.0.0.2"
"""The page connects to where it comes from, at the host's UDP port: there a relay can stand before 127.0.0.1."""

_LOOK_AWAY = """
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
"""
_LOOK_BACK = "delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'));"


class Bench:
    """A host with a page, a browser beside it; everything ends with the stack."""

    def __init__(self, stack: ExitStack, options: argparse.Namespace) -> None:
        self.stack = stack
        self.home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-browser-")))
        page = f"{_RELAYED_HOST if options.what == 'network' else '127.0.0.1'}:0"
        stream = ("--source", "testcard", "--size", options.size, "--fps", str(options.fps), "--audio", "off")
        self.host: Program = stack.enter_context(
            host(self.home, *stream, "--web", page, "--memory-report", "report.json")
        )
        self.url: str = self.host.wait_for(r"^wavry-server web (http://\S+)$")[1]
        self.address = self.host.ready_address()
        screen = stack.enter_context(XServer(1280, 900))
        arguments = ("--window-position=0,0", "--window-size=1280,900")
        self.browser: Browser = stack.enter_context(chromium(display=screen.display, arguments=arguments))

    def open(self, context: BrowserContext) -> BrowserPage:
        """Open the page, and have its figures come."""
        tab = BrowserPage(context, self.url)
        tab.wait_for_picture()
        tab.watch_figures()
        return tab

    def end(self) -> dict[str, Any]:
        """Stop the host; return its report."""
        self.host.end()
        report: dict[str, Any] = json.loads((self.home / "report.json").read_text())
        return report


def totals(page: Page) -> dict[str, Any]:
    """Return all counts since the page was opened."""
    found: dict[str, Any] = page.evaluate("window.figures.totals")
    return found


def frames_sent(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Return how many frames the host has sent in between, by what the page knows of those that were lost."""
    names = ("framesReceived", "framesLost", "framesUndecodable")
    return sum(int(after[name]) - int(before[name]) for name in names)


# Memory.


def renderer(bench: Bench) -> psutil.Process:
    """Return the process that has the page and its worker: the largest one of its kind."""
    kind = "--type=renderer"
    ours = [each for each in psutil.Process(os.getpid()).children(recursive=True) if kind in each.cmdline()]
    return max(ours, key=lambda each: int(each.memory_info().rss))


def mb_a_minute(times_s: list[float], values_mb: list[float]) -> float | None:
    """Return how fast something grows, after it has warmed up; None for too few samples."""
    begin = int(len(times_s) * _WARM_UP)
    trend = theil_sen(times_s[begin:], values_mb[begin:])
    return None if trend is None else round(trend.slope * 60, 4)


def measure_memory(bench: Bench, options: argparse.Namespace) -> dict[str, Any]:
    """Stream for a while and see what grows."""
    tab = bench.open(bench.browser.new_context())
    shows, serves = renderer(bench), psutil.Process(bench.host.pid)
    before = totals(tab.page)
    series: dict[str, list[float]] = {"page_mb": [], "renderer_mb": [], "renderer_own_mb": [], "host_mb": []}
    times: list[float] = []
    began = monotonic()
    while monotonic() - began < options.minutes * 60:
        tab.page.wait_for_timeout(_SAMPLE_S * 1000)
        times.append(monotonic() - began)
        # With the worker's heap; the browser takes its time until it has collected what nobody holds.
        heap = tab.page.evaluate("performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)")
        own = shows.memory_full_info()
        for name, size in zip(series, (heap, own.rss, own.uss, serves.memory_info().rss), strict=True):
            series[name].append(size / 1e6)
    after = totals(tab.page)
    tab.check()
    return {
        "minutes": options.minutes,
        "samples": len(times),
        "frames_sent": frames_sent(before, after),
        "pictures_decoded": after["picturesDecoded"] - before["picturesDecoded"],
        "first_last_mb": {name: [round(values[0], 1), round(values[-1], 1)] for name, values in series.items()},
        "mb_a_minute": {name: mb_a_minute(times, values) for name, values in series.items()},
    }


# Bad networks.


def measure_network(bench: Bench, options: argparse.Namespace) -> dict[str, Any]:
    """Stream over a bad network and count what arrives."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    relay_address = f"{_RELAYED_HOST}:{bench.address.rpartition(':')[2]}"
    network = ("--profile", options.profile, "--seed", "1")
    relay, _ = start_relay(bench.address, bench.home, environment, *network, listen=relay_address)
    bench.stack.callback(relay.close)
    tab = bench.open(bench.browser.new_context())
    tab.page.wait_for_timeout(_SETTLE_S * 1000)
    before = totals(tab.page)
    tab.page.wait_for_timeout(options.seconds * 1000)
    after = totals(tab.page)
    sent = frames_sent(before, after)
    decoded = after["picturesDecoded"] - before["picturesDecoded"]
    lost, repaired = (after[name] - before[name] for name in ("packetsLost", "packetsRepaired"))
    return {
        "profile": options.profile,
        "frames_sent": sent,
        "pictures_decoded": decoded,
        "decoded_share": round(decoded / sent, 4) if sent else None,
        "packets_lost": lost,
        "packets_repaired": repaired,
        "keyframe_requests": after["keyframeRequests"] - before["keyframeRequests"],
        "latency_ms": tab.page.evaluate("window.figures.latenciesMs.captureToShown"),
    }


# Several at once.


def measure_sharing(bench: Bench, options: argparse.Namespace) -> dict[str, Any]:
    """Have a native client and two tabs watch, then send one tab to the back; compare what the others get."""
    first, second = (bench.open(bench.browser.new_context()) for _ in range(2))
    native = bench.stack.enter_context(client(bench.home, bench.address, "--headless", "--stats-json", "stats.json"))
    native.wait_for("stream: ")
    first.page.wait_for_timeout(_SETTLE_S * 1000)

    def decoded_a_second() -> list[float]:
        tabs = (first, second)
        before = [totals(tab.page)["picturesDecoded"] for tab in tabs]
        first.page.wait_for_timeout(options.seconds * 1000)
        return [
            round((totals(tab.page)["picturesDecoded"] - count) / options.seconds, 1)
            for tab, count in zip(tabs, before, strict=True)
        ]

    both = decoded_a_second()
    second.page.evaluate(_LOOK_AWAY)
    first.page.wait_for_timeout(_SETTLE_S * 1000)
    one_in_the_back = decoded_a_second()
    second.page.evaluate(_LOOK_BACK)
    second.wait_for_figure("picturesDecoded", totals(second.page)["picturesDecoded"] + 10)
    native.end()
    stats = json.loads((bench.home / "stats.json").read_text())["video"]
    return {
        "decoded_per_s_both_in_front": both,
        "decoded_per_s_second_in_the_back": one_in_the_back,
        "native": {"fps": stats["fps"], "frames_lost": stats["frames_lost"]},
        "encoders_opened": bench.host.count("encode: h264"),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("memory", "network", "sharing"))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--profile", default="wifi")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=int, default=30)
    options = parser.parse_args()
    measures = {"memory": measure_memory, "network": measure_network, "sharing": measure_sharing}
    with ExitStack() as stack:
        bench = Bench(stack, options)
        result = measures[options.what](bench, options)
        report = bench.end()
    result["host"] = {name: report[name] for name in ("frames_captured", "frames_encoded")}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
