"""Viewers of one stream, over connections in memory."""

from __future__ import annotations

import asyncio
from array import array
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from tests.support.rift import make_unit
from tests.support.transport import Listener
from wavry.encode.config import EncoderConfig
from wavry.encode.stage import EncodeOutput, StreamOpened, output_bytes
from wavry.errors import ErrorCode
from wavry.media import Size
from wavry.pipeline import BoundedQueue, Overflow
from wavry.rift import Hello, Packet, Receiver, encode_message
from wavry.rift.arrivals import ArrivalReport
from wavry.server import broadcast as broadcast_module
from wavry.server.broadcast import Broadcast
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wavry.transport import Connection


@pytest.fixture
def trims(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each time that free memory is given back."""
    seen: list[int] = []
    monkeypatch.setattr(broadcast_module, "return_free_memory", lambda: seen.append(len(seen)))
    return seen


def new_broadcast() -> Broadcast:
    outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
        "outputs", max_items=2, max_bytes=1000, overflow=Overflow.BLOCK, size_of=output_bytes
    )
    return Broadcast(outputs, request_keyframe=lambda: None, on_watched=lambda _: None, on_target=lambda *_: None)


def come(broadcast: Broadcast) -> Connection:
    """Connect, without a word."""
    client, host = loopback_pair()
    Listener(client)
    broadcast.admit(host)
    return client


@in_loop
async def test_what_a_viewer_needed_goes_back_to_the_system_when_it_has_left(trims: list[int]) -> None:
    broadcast = new_broadcast()
    client = come(broadcast)
    client.send_stream(Channel.CONTROL, encode_message(Hello(codecs=("h264",))))
    client.flush()
    await until(lambda: len(broadcast.viewers) == 1)
    assert trims == []
    client.close(ErrorCode.NO_ERROR, "")
    await until(lambda: trims != [])
    assert broadcast.viewers == ()
    assert len(trims) == 1


@in_loop
async def test_who_never_watched_has_nothing_to_give_back(trims: list[int]) -> None:
    broadcast = new_broadcast()
    stranger = come(broadcast)
    stranger.close(ErrorCode.NO_ERROR, "")
    await broadcast.close()
    await until(lambda: broadcast.send_buffer_bytes == 0)
    assert trims == []


@dataclass
class Watched:
    """A stream that one client watches, and what the encoder was told to make: bits and frames per second."""

    outputs: BoundedQueue[EncodeOutput]
    at_client: Listener
    client: Connection
    targets: list[tuple[int, int, bool]]
    _frame_id: int = 0

    async def send(self) -> Packet:
        """Send a unit; return its packet, which the client has got."""
        known = len(self.at_client.datagrams)
        self.outputs.put_nowait(make_unit(self._frame_id, size=500))
        self._frame_id += 1
        await until(lambda: len(self.at_client.datagrams) > known)
        return Packet.parse(self.at_client.datagrams[known])

    def report(self, packet: Packet) -> None:
        """Say that a packet came."""
        arrived_us = round(asyncio.get_running_loop().time() * 1e6)
        self.client.send_datagram(ArrivalReport(0, packet.packet_id, arrived_us, array("H", [0])).serialize())
        self.client.flush()


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
        "outputs", max_items=2, max_bytes=1000, overflow=Overflow.BLOCK, size_of=output_bytes
    )
    targets: list[tuple[int, int, bool]] = []
    broadcast = Broadcast(
        outputs, lambda: None, lambda _: None, lambda *target: targets.append(target), ceiling_bps=8_000_000
    )
    client, host = loopback_pair()
    listener = Listener(client)
    broadcast.admit(host)
    client.send_stream(Channel.CONTROL, encode_message(Hello(codecs=("h264",))))
    client.flush()
    await until(lambda: len(broadcast.viewers) == 1)
    running = asyncio.create_task(broadcast.run())
    outputs.put_nowait(StreamOpened(0, EncoderConfig(size=Size(1920, 1080)), "test", 3_700_000))
    yield Watched(outputs, listener, client, targets)
    client.close(ErrorCode.NO_ERROR, "")
    await until(lambda: not broadcast.viewers)
    outputs.close()
    await running


@in_loop
async def test_the_encoder_is_told_when_a_viewer_falls_silent() -> None:
    async with watched() as stream:
        stream.report(await stream.send())
        await until(lambda: stream.targets)
        (told_bps, told_fps, is_known) = stream.targets[-1]
        assert is_known
        await stream.send()
        await until(lambda: stream.targets[-1][0] < told_bps * 0.6)
        assert stream.targets[-1][1:] == (told_fps, False) == (60, False)


@in_loop
async def test_a_viewer_that_is_behind_gets_fewer_frames_from_the_encoder() -> None:
    async with watched() as stream:
        packet = await stream.send()
        stream.client.send_stream(
            Channel.CONTROL, encode_message(Receiver().make_feedback(0.0, is_playout_behind=True))
        )
        stream.client.flush()
        stream.report(packet)
        await until(lambda: stream.targets)
        assert stream.targets[0][1] == 45
