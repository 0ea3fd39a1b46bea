"""Every alert of `contrib/prometheus-alerts.yml` has its heading in the runbook, and every such heading its alert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ALERT = re.compile(r"^\s*- alert: (\w+)\s*$", re.MULTILINE)
_HEADING = re.compile(r"^### (Wavry\w+)$", re.MULTILINE)


def wrong_alerts(top: Path) -> Iterator[str]:
    """Yield a line for each alert that the runbook does not know, and each that it alone knows.

    Args:
        top: The checkout; one without alerts or without a runbook has no faults.
    """
    rules, runbook = top / "contrib" / "prometheus-alerts.yml", top / "docs" / "runbook.md"
    if not rules.exists() or not runbook.exists():
        return
    alerts = set(_ALERT.findall(rules.read_text(encoding="utf-8")))
    headings = set(_HEADING.findall(runbook.read_text(encoding="utf-8")))
    for alert in sorted(alerts - headings):
        yield f"docs/runbook.md: there is no heading for the alert {alert}"
    for heading in sorted(headings - alerts):
        yield f"docs/runbook.md: there is no alert {heading}"
