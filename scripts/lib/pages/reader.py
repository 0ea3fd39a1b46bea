"""A page of the dashboard without a browser: the same requests, and what comes is read and thrown away."""

from __future__ import annotations

import http.client
import threading
import time
from pathlib import Path

_STATIC = Path(__file__).resolve().parents[3] / "wavry" / "server" / "dashboard" / "static"
_FILES = sorted(f"/{path.relative_to(_STATIC)}" for path in _STATIC.rglob("*") if path.suffix in (".js", ".css"))
_TIMEOUT_S = 10.0


class Page(threading.Thread):
    """Loads the page and reads its events until it is closed.

    Args:
        address: HOST:PORT of the dashboard.
    """

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._address = address
        self._closed = threading.Event()
        self.samples = 0
        """That came."""
        self.start()

    def run(self) -> None:
        """Be a page."""
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        for path in ("/", *_FILES, "/api/session", "/api/history?since=300"):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200, (path, answer.status)
            answer.read()
        connection.request("GET", "/api/events")
        events = connection.getresponse()
        while not self._closed.is_set():
            self.samples += events.readline().startswith(b"event: sample")
        events.close()
        connection.close()

    def wait_for(self, samples: int) -> None:
        """Wait until so many samples have come, and a little at most."""
        give_up_at = time.monotonic() + _TIMEOUT_S
        while self.samples < samples and self.is_alive() and time.monotonic() < give_up_at:
            time.sleep(0.05)

    def close(self) -> None:
        """Leave."""
        self._closed.set()
        self.join(_TIMEOUT_S)
