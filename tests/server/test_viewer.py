"""A viewer's session on the host, over connections in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.aio import in_loop, until
from tests.support.rift import make_unit
from tests.support.transport import Listener
from tests.support.viewers import viewer_session
from wavry.errors import ErrorCode
from wavry.rift import CONTROL, Hello, MessageDecoder, encode_message
from wavry.transport import Channel
from wavry.transport.loopback import LoopbackConnection, loopback_pair

if TYPE_CHECKING:
    from wavry.media import AccessUnit


class Watched:
    """A session that is watched, and what its client gets."""

    def __init__(self, hello: Hello, *, largest: int = 1422) -> None:
        self.client, self.host = loopback_pair()
        self.at_client = Listener(self.client)
        self.host.largest_datagram_bytes = largest
        self.keyframes_asked = 0
        self.session = viewer_session(self.host, on_keyframe_needed=self._ask, redundancy=0.2)
        self.client.send_stream(Channel.CONTROL, encode_message(hello))
        self.client.flush()

    def _ask(self) -> None:
        self.keyframes_asked += 1

    async def send(self, unit: AccessUnit) -> list[int]:
        """Send a unit; return the sizes of the datagrams that came of it."""
        before = len(self.at_client.datagrams)
        self.session.send_unit(unit)
        await until(lambda: not self.session.send_buffer_bytes)
        return [len(datagram) for datagram in self.at_client.datagrams[before:]]

    async def close(self) -> None:
        self.client.close(ErrorCode.NO_ERROR, "")
        await self.host.wait_closed()


def size_of(connection: LoopbackConnection, size: int) -> None:
    connection.max_datagram_bytes = size


@in_loop
async def test_datagrams_follow_what_the_path_takes() -> None:
    watched = Watched(Hello(codecs=("h264",), max_datagram_bytes=1422))
    await until(lambda: watched.session.is_watching)
    for frame_id, size in enumerate((1170, 1422, 1400)):
        size_of(watched.host, size)
        sizes = await watched.send(make_unit(frame_id, keyframe=True, size=50_000))
        assert size - 60 < max(sizes) <= size
    await watched.close()


@in_loop
async def test_a_path_that_takes_less_costs_a_keyframe_and_no_more() -> None:
    watched = Watched(Hello(codecs=("h264",), max_datagram_bytes=1422))
    await until(lambda: watched.session.is_watching)
    size_of(watched.host, 1422)
    assert max(await watched.send(make_unit(0, size=50_000))) > 1300
    asked = watched.keyframes_asked
    size_of(watched.host, 1170)
    watched.session.writable(now=asyncio.get_running_loop().time() + 1.0)  # it wished for the first one just now
    assert watched.keyframes_asked == asked + 1
    assert await watched.send(make_unit(1, size=50_000)) == []
    assert max(await watched.send(make_unit(2, keyframe=True, size=50_000))) <= 1170
    assert max(await watched.send(make_unit(3, size=50_000))) <= 1170
    await watched.close()


@in_loop
async def test_a_viewer_gets_nothing_larger_than_it_says_it_takes() -> None:
    watched = Watched(Hello(codecs=("h264",), max_datagram_bytes=600))
    await until(lambda: watched.session.is_watching)
    size_of(watched.host, 1422)
    assert max(await watched.send(make_unit(0, size=50_000))) <= 600
    hello, *_ = MessageDecoder(CONTROL).receive(bytes(watched.at_client.control))
    assert isinstance(hello, Hello)
    assert hello.max_datagram_bytes == 1422
    await watched.close()
