from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz_browser.py"


def test_mutated_packets_are_refused_or_skipped_by_what_a_browser_runs() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--count", "6000"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert 0 < report["refused"] < report["inputs"] == 6000
    assert all(report["values"].values())  # some went all the way
