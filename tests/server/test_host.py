"""What a host does around the moment at which it says that it is ready."""

from __future__ import annotations

import asyncio
import builtins
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.aio import in_loop, until
from wavry.capture import CaptureConfig
from wavry.media import Size
from wavry.server.config import HostConfig
from wavry.server.host import Host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no such signal")
@in_loop
async def test_who_reads_that_it_is_ready_may_ask_for_a_report_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal ends a process that does not expect it."""
    expected: list[bool] = []

    def note(*_: Any, **__: Any) -> None:
        expected.append(signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL)

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(builtins, "print", note)
    capture = CaptureConfig(source="testcard", size=Size(64, 64))
    stop = asyncio.Event()
    config = HostConfig(capture=capture, listen=("127.0.0.1", 0), no_auth=True, memory_report=tmp_path / "report.json")
    host = asyncio.create_task(Host(config).run(stop))
    await until(lambda: host.done() or bool(expected))
    stop.set()
    await host
    assert expected == [True]
