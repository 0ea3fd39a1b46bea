"""No secret is in what both programs print and write, whatever happens."""

from __future__ import annotations

import re
import signal
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from tests.support.programs import Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

HOST = ("--source", "testcard", "--size", "320x180", "--fps", "30", "--audio", "off", "--log-level", "debug",
        "--memory-report", "report.json", "--log-memory-checkpoints")  # fmt: skip
CLIENT = ("--headless", "--duration", "2s", "--stats-json", "stats.json", "--log-level", "debug")


def secrets_of(home: Path) -> list[str]:
    """What nobody is to see of the keys in a directory: their lines, and the bytes of the key in hex."""
    texts: list[str] = []
    for file in home.glob("**/*-key.pem"):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("-")]
        texts += [line[:40] for line in lines]
        texts.append(b64decode("".join(lines)).hex()[-64:])
    return texts


def test_keys_and_pin_are_in_no_log_and_no_report(tmp_path: Path) -> None:
    home, away = tmp_path / "host", tmp_path / "client"
    home.mkdir()
    away.mkdir()
    said: list[str] = []
    with Program("wavry.server", "--listen", "127.0.0.1:0", *HOST, home=home) as host:
        address = host.ready_address()
        with Program("wavry.server", "pair", home=home) as command:
            pin = command.wait_for(r"PIN (\d{6})")[1]
        wrong = f"{(int(pin) + 1) % 1_000_000:06}"
        for arguments in (("--pin", wrong), ("--pin", pin), ()):
            with Program("wavry.client", address, *CLIENT, *arguments, home=away) as client:
                client.wait()
                said += client.lines
        host.notify(signal.SIGUSR1)
        host.end()
        said += host.lines
    words = "\n".join(line for line in said if not line.startswith("MemoryCheckpoint"))
    assert "was paired" in words
    for secret in (pin, wrong):  # not looked for among figures, where any six digits may stand
        assert not re.search(rf"(?<![0-9a-f]){secret}(?![0-9a-f])", words)
    assert "server.door" in (home / "report.json").read_text()
    said += [file.read_text() for file in tmp_path.glob("**/*.json")]
    keys = [*secrets_of(home), *secrets_of(away)]
    assert len(keys) >= 6
    for secret in keys:
        assert secret not in "\n".join(said)
