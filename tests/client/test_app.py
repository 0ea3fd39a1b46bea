from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.transport import Listener
from wavry.client import app as app_module
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.client.hands.hands import Hands
from wavry.media import Codec
from wavry.rift import CONTROL, Hello, MessageDecoder, Playout, StreamConfig, encode_message
from wavry.rift.fec import ParityFamily, ParityPacket
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
    from wavry.transport.loopback import LoopbackConnection

STREAM = StreamConfig(epoch=0, codec=Codec.H264, width=64, height=64, fps=60, bitrate_bps=1_000_000)
PARITY = ParityPacket(ParityFamily.BLOCK, 0, 1, 0, 1, 1, bytes(30))


class Dialer:
    """What `connect` returns, without QUIC."""

    host_fingerprint = "none"

    def __init__(self, link: LoopbackConnection) -> None:
        self.link = link
        self.memory = Playout()  # anything that can stand in the budget

    def close(self) -> None:
        self.link.close(0, "")


@pytest.mark.parametrize("is_protected", [True, False])
@in_loop
async def test_what_repairs_take_is_loaded_beside_the_loop_once_a_protected_stream_runs(
    is_protected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, host = loopback_pair()
    Listener(host)
    connected, settled = asyncio.Event(), asyncio.Event()
    loaded_by: list[str] = []

    async def connect(*_: object, **__: object) -> Dialer:
        connected.set()
        return Dialer(link)

    monkeypatch.setattr(app_module, "_SETTLED_S", 0.0)
    monkeypatch.setattr(app_module, "connect", connect)
    monkeypatch.setattr(app_module, "load_arithmetic", lambda: loaded_by.append(threading.current_thread().name))
    app = ClientApp(ClientConfig(address=("nowhere", 1), headless=True, no_auth=True))
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    async with asyncio.timeout(PATIENCE_S):
        await connected.wait()
        monkeypatch.setattr(app_module, "exempt_survivors", settled.set)
        if is_protected:
            assert host.send_datagram(PARITY.to_bytes())
        host.flush()
        host.send_stream(Channel.CONTROL, encode_message(STREAM))
        host.flush()
        await settled.wait()
        stop.set()
        await running
    assert loaded_by == (["wavry-arithmetic"] if is_protected else [])


@pytest.mark.parametrize("has_hands", [True, False])
@in_loop
async def test_a_client_says_that_it_sends_input_only_where_there_are_hands(
    has_hands: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, host = loopback_pair()
    heard = Listener(host)

    async def connect(*_: object, **__: object) -> Dialer:
        return Dialer(link)

    monkeypatch.setattr(app_module, "connect", connect)
    app = ClientApp(ClientConfig(address=("nowhere", 1), sound=False, no_auth=True))
    if has_hands:
        app.hands = Hands(app.rights, app.budget)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await until(lambda: heard.control)
    stop.set()
    await running
    (hello, *_) = MessageDecoder(CONTROL).receive(bytes(heard.control))
    assert isinstance(hello, Hello)
    assert hello.input is has_hands
