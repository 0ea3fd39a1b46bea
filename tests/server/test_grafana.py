"""The dashboard for Grafana and the alerts speak of what a host really says, in words that Prometheus understands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.aio import in_loop, until
from tests.support.figured import figured_host
from wavry.server.dashboard.metrics import render

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
BOARD: dict[str, Any] = json.loads((CONTRIB / "grafana-wavry.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
EXPRESSIONS += [each["expr"] for each in BOARD["annotations"]["list"] if "expr" in each]


def metrics_in(text: str) -> set[str]:
    """The names of metrics in an expression or a query of Grafana's."""
    return set(re.findall(r"\bwavry_[a-z0-9_]+", text))


@in_loop
async def test_every_expression_names_only_metrics_that_the_host_has() -> None:
    async with figured_host() as host:
        host.figures.open()
        viewer = await host.join()
        host.figures.sample(now=0.0)
        await host.send()
        await viewer.report(packets_received=1)
        await until(lambda: host.figures.totals().packets_received)
        there = {line.split("{")[0].split(" ")[0] for line in render(host.figures).decode().splitlines()}
    assert len(there) > 50
    queries = [variable["query"]["query"] for variable in BOARD["templating"]["list"] if variable["type"] == "query"]
    rules = "\n".join(
        line
        for line in (CONTRIB / "prometheus-alerts.yml").read_text().splitlines()
        if not line.lstrip().startswith("#")
    )
    documented = metrics_in((CONTRIB.parent / "docs" / "metrics.md").read_text())
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in there if name.startswith("wavry_")} == documented
    for text in (*EXPRESSIONS, *queries, rules):
        assert metrics_in(text) <= there, text
    assert len(set().union(*map(metrics_in, EXPRESSIONS))) > 30


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_every_expression_is_understood(tmp_path: Path) -> None:
    made = [
        expression.replace("$__rate_interval", "1m").replace("$job", ".*").replace("$instance", ".*")
        for expression in EXPRESSIONS
    ]
    assert not any("$" in expression for expression in made)
    rules = [{"record": f"panel:{number}:x", "expr": expression} for number, expression in enumerate(made)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))  # JSON is YAML
    found = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{len(EXPRESSIONS)} rules found" in found.stdout


def test_it_is_a_dashboard_of_grafana_10() -> None:
    assert 38 <= BOARD["schemaVersion"] <= 39
    assert "id" not in BOARD  # Grafana gives it
    variables = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    source = {"type": "prometheus", "uid": "${datasource}"}
    numbers = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in PANELS:
        assert panel["datasource"] == source
        assert panel["targets"]
        for target in panel["targets"]:
            assert target["datasource"] == source
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_no_panel_lies_on_another_or_beside_the_page() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken.get((x, y))}"
                taken[x, y] = panel["title"]
