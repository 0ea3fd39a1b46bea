"""Viewers of one stream, over connections in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from tests.support.transport import Listener
from wavry.encode.stage import EncodeOutput, output_bytes
from wavry.errors import ErrorCode
from wavry.pipeline import BoundedQueue, Overflow
from wavry.rift import Hello, encode_message
from wavry.server import broadcast as broadcast_module
from wavry.server.broadcast import Broadcast
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
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
    return Broadcast(outputs, request_keyframe=lambda: None, on_watched=lambda _: None, on_target=lambda _: None)


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
    client.send_control(encode_message(Hello(codecs=("h264",))))
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
