#!/usr/bin/env python3
"""A real Prometheus scrapes a host that really streams: whether it ever failed, how long it took, what it read.

The host shows its test card to a client without a window. The rules of `contrib/` are evaluated meanwhile. Prints JSON
and, where something was not as it should be, a line that begins with MISSES. Needs prometheus and promtool.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import start_client, start_host
from tests.support.prometheus import Prometheus, free_port

_RULES = Path(__file__).resolve().parents[2] / "contrib" / "prometheus-alerts.yml"
_SETTLE_S = 15.0
"""Until the first stream has brought what it needs, and the rate is found: what grows then is not of a scrape."""


def measure(seconds: float, every_s: int, size: str) -> dict[str, object]:
    """Stream and scrape for a while."""
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-scrape-")))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1"}
        page = f"127.0.0.1:{free_port()}"
        card = ("--source", "testcard", "--size", size, "--audio", "off", "--dashboard", page)
        host, address = start_host(out, environment, *card)
        stack.callback(host.close)
        client = start_client(address, out, environment, "--stats-json", str(out / "client.json"))
        stack.callback(client.close)
        time.sleep(_SETTLE_S)
        process = psutil.Process(host.process.pid)
        before_bytes = process.memory_info().rss
        prometheus = stack.enter_context(Prometheus(page, out, every_s=every_s, rules=_RULES))
        prometheus.wait_for("up")
        time.sleep(seconds)
        whole = f"[{round(seconds)}s]"
        scrapes = prometheus.value(f"count_over_time(up{whole})") or 0.0
        good = prometheus.value(f"sum_over_time(up{whole})") or 0.0
        text = urllib.request.urlopen(f"http://{page}/metrics", timeout=10).read()
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        alerts = prometheus.ask("/api/v1/alerts")["alerts"]
        figures: dict[str, object] = {
            "seconds": seconds,
            "scrapes": round(scrapes),
            "failures": round(scrapes - good),
            "always_up": prometheus.value(f"min_over_time(up{whole})") == 1,
            "scrape_p50_ms": _ms(prometheus.value(f"quantile_over_time(0.5, scrape_duration_seconds{whole})")),
            "scrape_p95_ms": _ms(prometheus.value(f"quantile_over_time(0.95, scrape_duration_seconds{whole})")),
            "series": round(prometheus.value("scrape_samples_scraped") or 0),
            "bytes": len(text),
            "frames_encoded": round(prometheus.value("wavry_frames_encoded_total") or 0),
            "promtool": "clean" if checked.returncode == 0 else (checked.stdout + checked.stderr).decode(),
            "firing": sorted({alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}),
            "rss_growth_mb": round((process.memory_info().rss - before_bytes) / 1e6, 2),
        }
        client.leave()
        host.leave()
        stats = json.loads((out / "client.json").read_text(encoding="utf-8"))
        return figures | {"fps": stats["video"]["fps"], "p95_ms": stats["latency_ms"]["capture_to_decoded"]["p95"]}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _misses(figures: dict[str, object]) -> list[str]:
    """Return what is not as it should be."""
    wanted: dict[str, object] = {"failures": 0, "always_up": True, "promtool": "clean", "firing": []}
    return [f"{name} is {figures[name]}, not {value}" for name, value in wanted.items() if figures[name] != value]


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="of scraping (120)")
    parser.add_argument("--every", type=int, default=1, help="seconds between scrapes (1)")
    parser.add_argument("--size", default="1280x720", help="of the test card (1280x720)")
    options = parser.parse_args()
    if options.every < 1:
        parser.error("--every is at least 1")
    figures = measure(options.seconds, options.every, options.size)
    print(json.dumps(figures, indent=2))
    for miss in _misses(figures):
        print(f"MISSES: {miss}")
    sys.exit(bool(_misses(figures)))


if __name__ == "__main__":
    main()
