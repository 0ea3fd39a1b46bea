"""Host and client with a bad network between them: the relay of `scripts/impair.py`, all as real processes."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.programs import Program, client, host

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def impair(home: Path, target: str, *arguments: str) -> Program:
    return Program("scripts.impair", "127.0.0.1:0", target, *arguments, home=home)


def test_a_stream_crosses_a_bad_network_that_counts_it(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "640x360") as server:
        with impair(tmp_path, server.ready_address(), "--rtt", "20ms", "--loss", "5%") as relay:
            address = relay.wait_for(r"^impair ready udp://(127\.0\.0\.1:\d+)$")[1]
            with client(tmp_path, address, "--headless", "--duration", "3s", "--stats-json", "s.json") as viewer:
                viewer.wait_for("stream: ")
                relay.notify(signal.SIGUSR1)
                early = json.loads(relay.wait_for(r"^\{.*\}$")[0])
                assert viewer.wait() == 0, viewer.lines
            assert relay.end(signal.SIGINT) == 0, relay.lines
    late = json.loads(relay.lines[-1])
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["video"]["frames_decoded"] > 10
    assert stats["network"]["loss"] > 0
    assert stats["network"]["rtt_ms"] > 19
    assert late["forward"]["lost"] > 0
    assert 0 < early["forward"]["sent"] < late["forward"]["sent"]
    assert late["forward"]["delivered_bytes"] > stats["network"]["received_bytes"] > 0
    assert (late["clients_ever"], late["unsent"]) == (1, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "moon"], "--profile moon: .*lan, wifi"),
        (["--rate-steps", "now:1M"], "--rate-steps now:1M: .*duration"),
        (["--trace", "missing.down"], "--trace missing.down"),
    ],
)
def test_a_relay_that_cannot_start_says_why_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    with impair(tmp_path, "127.0.0.1:9", *arguments) as relay:
        relay.wait_for(message)
        assert relay.wait() == 2
    assert len(relay.lines) == 1
