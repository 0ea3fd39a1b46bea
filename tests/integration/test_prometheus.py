"""A real Prometheus reads a host that really streams."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.support.programs import Program, client, host
from tests.support.prometheus import IS_INSTALLED, Prometheus

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not IS_INSTALLED, reason="prometheus is not installed"),
]

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
CARD = ("--source", "testcard", "--size", "320x180", "--audio", "off")


def page_of(server: Program) -> str:
    """HOST:PORT of a host's page, whether that was printed before the ready line or after it."""
    pattern = r"^wavry-server dashboard http://(\S+?)/"
    printed = [match[1] for line in server.lines if (match := re.search(pattern, line)) is not None]
    return printed[0] if printed else server.wait_for(pattern)[1]


def test_prometheus_reads_what_the_host_says_and_no_rule_has_anything_to_say(tmp_path: Path) -> None:
    with host(tmp_path, *CARD, "--dashboard", "127.0.0.1:0") as server:
        address = server.ready_address()
        page = page_of(server)
        with client(tmp_path, address, "--headless") as viewer:
            server.wait_for("watches")
            with Prometheus(page, tmp_path, rules=CONTRIB / "prometheus-alerts.yml") as prometheus:
                rate = prometheus.wait_for("rate(wavry_frames_encoded_total[10s]) > 0")
                assert rate < 200
                assert prometheus.wait_for("wavry_sessions == 1") == 1
                assert prometheus.wait_for('wavry_stage_latency_seconds_count{stage="decode"} > 0')
                assert prometheus.wait_for("wavry:memory_outside_budget:bytes > 0")

                text = urllib.request.urlopen(f"http://{page}/metrics", timeout=10).read()
                checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
                assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
                with urllib.request.urlopen(f"http://{page}/api/memory", timeout=10) as answer:
                    memory = json.load(answer)
                rss = prometheus.wait_for("wavry_memory_rss_bytes")
                assert rss == pytest.approx(memory["memory"]["rss_mb"] * 1e6, rel=0.1)
                caps = prometheus.wait_for('sum(wavry_budget_cap_bytes{name=~"rift.*"})')
                assert caps == sum(
                    entry["cap_bytes"] for entry in memory["budget"] if entry["name"].startswith("rift.")
                )

                assert viewer.end() == 0
                prometheus.wait_for("wavry_sessions == 0")
                assert prometheus.value("min_over_time(up[1m])") == 1
                assert prometheus.ask("/api/v1/alerts")["alerts"] == []
                unhealthy = [
                    rule
                    for group in prometheus.ask("/api/v1/rules")["groups"]
                    for rule in group["rules"]
                    if rule["health"] != "ok"
                ]
                assert unhealthy == []
        assert server.end() == 0
