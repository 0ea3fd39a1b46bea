from __future__ import annotations

import asyncio

import pytest

from tests.support.aio import PATIENCE_S, in_loop
from tests.support.transport import Listener
from wavry.client import session as session_module
from wavry.client.clock_sync import ClockSync
from wavry.client.session import HostSession
from wavry.client.statistics import Statistics
from wavry.errors import ErrorCode
from wavry.memory import MemoryBudget
from wavry.rift import Pong, encode_message
from wavry.transport.loopback import LoopbackConnection, loopback_pair


def watch(connection: LoopbackConnection) -> HostSession:
    return HostSession(
        connection,
        "test",
        Statistics(ClockSync()),
        MemoryBudget(),
        on_stream=lambda _: None,
        on_unit=lambda _: None,
        on_source_state=lambda *_: None,
        is_behind=lambda: False,
    )


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_SILENCE_S", 0.03)
    for interval in ("PING_INTERVAL_S", "_SETTLING_PING_INTERVAL_S"):
        monkeypatch.setattr(session_module, interval, 0.005)


@in_loop
async def test_a_host_that_says_nothing_for_too_long_is_given_up() -> None:
    client, host = loopback_pair()
    Listener(host)
    session = watch(client)
    async with asyncio.timeout(PATIENCE_S):
        error = await session.ended
    assert error.code == ErrorCode.TIMEOUT
    assert "silent" in str(error)
    client.close(0, "")
    await host.wait_closed()


@in_loop
async def test_a_host_that_answers_pings_is_not_given_up_however_long_it_sends_no_picture() -> None:
    client, host = loopback_pair()
    pings = 0
    enough = asyncio.Event()

    class Answering(Listener):
        def control_received(self, data: bytes, *, now: float) -> None:
            nonlocal pings
            pings += 1
            host.send_control(encode_message(Pong(ping_id=0, sent_us=0, received_us=0)))
            host.flush()
            if pings == 20:  # several times the silence that would end it
                enough.set()

    Answering(host)
    session = watch(client)
    async with asyncio.timeout(PATIENCE_S):
        await enough.wait()
    assert not session.ended.done()
    client.close(0, "")
    await host.wait_closed()
