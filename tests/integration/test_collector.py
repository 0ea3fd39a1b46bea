"""The programs keep the garbage collector out of the frame loop from the moment at which they are ready."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from wavry.capture import CaptureConfig
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.media import Size
from wavry.server.config import HostConfig
from wavry.server.host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@in_loop
async def test_a_host_that_is_ready_has_exempted_what_it_imported(capsys: pytest.CaptureFixture[str]) -> None:
    stop = asyncio.Event()
    capture = CaptureConfig(source="testcard", size=Size(64, 64))
    host = asyncio.create_task(Host(HostConfig(capture=capture, listen=("127.0.0.1", 0), no_auth=True)).run(stop))
    await until(lambda: host.done() or " ready " in capsys.readouterr().out)
    exempt = gc.get_freeze_count()
    stop.set()
    await host
    assert exempt > 10_000


@in_loop
async def test_a_client_has_exempted_what_it_imported_before_it_connects() -> None:
    stop = asyncio.Event()
    stop.set()
    await ClientApp(ClientConfig(address=("127.0.0.1", 1), headless=True, no_auth=True)).run(stop)
    assert gc.get_freeze_count() > 10_000
