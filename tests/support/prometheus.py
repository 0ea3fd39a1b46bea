"""A real Prometheus that scrapes one target and answers questions."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

PATIENCE_S = 60.0
"""For Prometheus to start, or to have scraped, on a machine that is busy with something else."""

_LOOK_EVERY_S = 0.1
IS_INSTALLED = shutil.which("prometheus") is not None


def free_port() -> int:
    """A TCP port of loopback that nobody has just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Prometheus:
    """Runs for the length of a block, and keeps what it has read in a folder.

    Args:
        target: `HOST:PORT` whose `/metrics` it reads.
        folder: For its data, its configuration and its log.
        every_s: Time between two scrapes.
        rules: A file of rules to evaluate, each second.
    """

    def __init__(self, target: str, folder: Path, *, every_s: int = 1, rules: Path | None = None) -> None:
        self._url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "prometheus.log"
        config = {
            "global": {"scrape_interval": f"{every_s}s", "evaluation_interval": "1s"},
            "rule_files": [] if rules is None else [str(rules)],
            "scrape_configs": [{"job_name": "wavry", "static_configs": [{"targets": [target]}]}],
        }
        file = folder / "prometheus.yml"
        file.write_text(json.dumps(config))  # JSON is YAML
        address = self._url.removeprefix("http://")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={file}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={address}",
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def ask(self, path: str, **query: str) -> Any:
        """Return what its API says.

        Raises:
            OSError: It does not answer.
        """
        url = f"{self._url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, expression: str) -> float | None:
        """Return the one value of an expression now; None where it has none."""
        result = self.ask("/api/v1/query", query=expression)["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def wait_for(self, expression: str) -> float:
        """Wait until an expression has a value, and return it."""
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at and self._still_runs():
            try:
                if (value := self.value(expression)) is not None:
                    return value
            except OSError:
                pass  # it does not listen yet
        raise AssertionError(f"no value of {expression!r}; {self._log.read_text()[-2000:]}")

    def _still_runs(self) -> bool:
        """Let it go on for a moment; say whether it has not ended."""
        try:
            self._process.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            return True
        return False

    def __enter__(self) -> Prometheus:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
