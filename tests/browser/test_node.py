"""The tests in JavaScript, file by file, with node's own runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.test.js"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HERE).as_posix())
def test_javascript(path: Path) -> None:
    done = subprocess.run(["node", "--test", "--test-reporter=spec", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


def test_there_are_tests_in_javascript() -> None:
    assert FILES
