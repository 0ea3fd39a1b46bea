"""Each alert fires in Prometheus' own test of rules when it should, and does not when it should not.

A case is a set of made-up series, one sample a minute, and the minutes at which an alert is, and is not, firing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import json

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = Path(__file__).resolve().parents[2] / "contrib" / "prometheus-alerts.yml"

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

MB = 1_000_000
HOST = 'instance="host:9790",job="wavry"'


@dataclass(frozen=True)
class Case:
    """What is measured, and when the alert fires; minutes from the start."""

    alert: str
    series: Mapping[str, str]
    firing_at: tuple[int, ...] = ()
    quiet_at: tuple[int, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the alert, beside instance, job and severity."""


def level(value: float, minutes: int) -> str:
    """A gauge that stays."""
    return f"{value:.0f}x{minutes}"


def slope(start: float, by: float, minutes: int) -> str:
    """A gauge or counter that grows each minute."""
    return f"{start:.0f}+{by:.0f}x{minutes}"


def memory(uss: str, used: str) -> dict[str, str]:
    return {
        "wavry_memory_uss_bytes": uss,
        'wavry_budget_used_bytes{name="encode.encoders"}': used,
        'wavry_budget_cap_bytes{name="encode.encoders"}': level(100 * MB, 900),
        "wavry_start_time_seconds": level(0, 900),
    }


def latency(stage: str, slow: bool) -> dict[str, str]:
    """Sixty pictures a second, that took up to 16 ms, or up to 250."""
    buckets = {"0.016": 0 if slow else 3600, "0.1": 0 if slow else 3600, "0.25": 3600, "+Inf": 3600}
    return {
        f'wavry_stage_latency_seconds_bucket{{stage="{stage}",le="{bound}"}}': slope(0, count, 30)
        for bound, count in buckets.items()
    }


POOL = {"pool": "capture.pool"}
DOWN = {"up": "1x5 0x20"}

CASES = [
    Case("WavryHostDown", DOWN, firing_at=(8, 20), quiet_at=(4, 6)),
    Case("WavryHostDown", {"up": "1x5 0 1x20"}, quiet_at=(5, 6, 7, 10)),
    # 2 MB an hour, for fourteen hours.
    Case(
        "WavryMemoryGrows",
        memory(slope(60 * MB, 2 * MB / 60, 900), level(20 * MB, 900)),
        firing_at=(600, 880),
        quiet_at=(60, 300),
    ),
    # A first viewer comes after eight hours, and with it 30 MB that stay: a step, no slope.
    Case(
        "WavryMemoryGrows",
        memory(f"{60 * MB}x480 {90 * MB}x420", level(20 * MB, 900)),
        quiet_at=tuple(range(400, 900, 7)),
    ),
    # What grows is in the budget.
    Case(
        "WavryMemoryGrows",
        memory(slope(60 * MB, 2 * MB / 60, 900), slope(20 * MB, 2 * MB / 60, 900)),
        quiet_at=(600, 880),
    ),
    Case("WavryMemoryOverBudget", memory(level(251 * MB, 30), level(MB, 30)), firing_at=(6, 20), quiet_at=(2,)),
    Case("WavryMemoryOverBudget", memory(level(249 * MB, 30), level(MB, 30)), quiet_at=(6, 20)),
    Case(
        "WavryBudgetAtCap",
        {
            'wavry_budget_used_bytes{name="rift.send_queues"}': level(960_000, 30),
            'wavry_budget_cap_bytes{name="rift.send_queues"}': level(MB, 30),
            'wavry_budget_used_bytes{name="encode.encoders"}': level(MB, 30),
            'wavry_budget_cap_bytes{name="encode.encoders"}': level(MB, 30),
        },
        firing_at=(6, 20),
        quiet_at=(3,),
        labels={"name": "rift.send_queues"},
    ),
    Case(
        "WavryBudgetAtCap",
        {
            'wavry_budget_used_bytes{name="rift.send_queues"}': level(900_000, 30),
            'wavry_budget_cap_bytes{name="rift.send_queues"}': level(MB, 30),
        },
        quiet_at=(6, 20),
    ),
    Case(
        "WavryPoolExhausted",
        {'wavry_buffer_pool_refusals_total{pool="capture.pool"}': slope(0, 60, 30)},
        firing_at=(6, 20),
        quiet_at=(1,),
        labels=POOL,
    ),
    # One now and then, as when a window is dragged over a busy machine; and a pool that was made anew.
    Case(
        "WavryPoolExhausted",
        {'wavry_buffer_pool_refusals_total{pool="capture.pool"}': "0+2x10 0+2x20"},
        quiet_at=(6, 11, 12, 20),
    ),
    Case("WavryReorderBoundReached", {"wavry_reorder_full_total": "0x10 1x20"}, firing_at=(11, 13), quiet_at=(9, 18)),
    Case("WavryReorderBoundReached", {"wavry_reorder_full_total": level(7, 30)}, quiet_at=(1, 6, 20)),
    Case("WavryViewerStalled", {"wavry_viewer_stalls_total": "0x10 1x20"}, firing_at=(11, 13), quiet_at=(9, 18)),
    Case("WavryViewerStalled", {"wavry_viewer_stalls_total": level(7, 30)}, quiet_at=(1, 6, 20)),
    Case(
        "WavryFramesDropped",
        {"wavry_frames_dropped_total": slope(0, 300, 30), "wavry_frames_sent_total": slope(0, 3600, 30)},
        firing_at=(12, 25),
        quiet_at=(3,),
    ),
    Case(
        "WavryFramesDropped",
        {"wavry_frames_dropped_total": slope(0, 100, 30), "wavry_frames_sent_total": slope(0, 3600, 30)},
        quiet_at=(12, 25),
    ),
    Case(
        "WavryFramesDropped",
        {"wavry_frames_dropped_total": level(5, 30), "wavry_frames_sent_total": level(900, 30)},
        quiet_at=(12, 25),
    ),
    Case("WavryLossUnrepaired", {"wavry_loss_after_repair_ratio": "0.02x20"}, firing_at=(6, 15), quiet_at=(2,)),
    Case("WavryLossUnrepaired", {"wavry_loss_after_repair_ratio": "0.005x20"}, quiet_at=(6, 15)),
    Case("WavryLatencyHigh", latency("capture_to_decoded", slow=True), firing_at=(12, 25), quiet_at=(3,)),
    Case("WavryLatencyHigh", latency("capture_to_decoded", slow=False), quiet_at=(12, 25)),
    Case("WavryLatencyHigh", latency("network", slow=True), quiet_at=(12, 25)),
    Case("WavryEncoderSlow", latency("encode", slow=True), firing_at=(12, 25), quiet_at=(3,)),
    Case("WavryEncoderSlow", latency("encode", slow=False), quiet_at=(12, 25)),
    Case("WavrySourceLost", {"wavry_source_available": "1x5 0x10 1x10"}, firing_at=(8, 14), quiet_at=(4, 6, 18)),
    Case("WavrySourceLost", {"wavry_source_available": "1x5 0 1x10"}, quiet_at=(5, 6, 7)),
    Case("WavryDescriptorsGrow", {"wavry_descriptors": "20x5 600x30"}, firing_at=(17, 30), quiet_at=(4, 10)),
    Case("WavryDescriptorsGrow", {"wavry_descriptors": level(60, 30)}, quiet_at=(12, 25)),
]


def alerts() -> dict[str, str]:
    """The severity of each alert in the file."""
    found = re.findall(r"- alert: (\w+)\n(?:.*\n)*?\s+labels: \{severity: (\w+)\}", RULES.read_text())
    return dict(found)


def rule_test(case: Case) -> dict[str, object]:
    """What promtool is to test."""
    found = re.compile(r"^(\w+)(?:\{(.*)\})?$")
    series = []
    for text, values in case.series.items():
        match = found.match(text)
        assert match is not None
        labels = ",".join(filter(None, (match[2], HOST)))
        series.append({"series": f"{match[1]}{{{labels}}}", "values": values})
    fired = {"instance": "host:9790", "job": "wavry", "severity": alerts()[case.alert], "alertstate": "firing"}
    sample = ",".join(f'{name}="{value}"' for name, value in {"alertname": case.alert, **fired, **case.labels}.items())
    expression = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    return {
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": expression,
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f"ALERTS{{{sample}}}", "value": 1}] if is_firing else [],
            }
            for is_firing, minutes in ((True, case.firing_at), (False, case.quiet_at))
            for minute in minutes
        ],
    }


def promtool(tmp_path: Path, case: Case) -> subprocess.CompletedProcess[str]:
    tests = tmp_path / "test.yml"
    contents = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [rule_test(case)]}
    tests.write_bytes(json.encode(contents))  # JSON is YAML
    return subprocess.run(["promtool", "test", "rules", tests], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}-{'fires' if case.firing_at else 'quiet'}")
def test_it_fires_when_it_should_and_not_otherwise(tmp_path: Path, case: Case) -> None:
    found = promtool(tmp_path, case)
    assert found.returncode == 0, found.stdout + found.stderr


def test_such_a_test_fails_where_an_alert_is_silent_that_should_fire(tmp_path: Path) -> None:
    silent = Case("WavryHostDown", {"up": "1x20"}, firing_at=(10,))
    assert promtool(tmp_path, silent).returncode != 0


def test_each_alert_is_made_to_fire_and_kept_quiet() -> None:
    assert {case.alert for case in CASES if case.firing_at} == set(alerts())
    assert {case.alert for case in CASES if not case.firing_at} == set(alerts())


def test_promtool_accepts_the_files() -> None:
    for command, name in (("rules", "prometheus-alerts.yml"), ("config", "prometheus.yml")):
        found = subprocess.run(
            ["promtool", "check", command, RULES.parent / name], capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr
