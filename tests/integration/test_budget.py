"""What grows with traffic is in the budget: the running objects of a host and a client are walked."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.containers import weigh
from wavry.capture import CaptureConfig
from wavry.capture.sound import SoundCaptureConfig
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.encode.stage import EncodeStageConfig
from wavry.media import Size
from wavry.memory import HolderGroup
from wavry.rift import Hello, encode_message
from wavry.server.config import HostConfig
from wavry.server.host import Host
from wavry.transport import Channel
from wavry.transport.quic.client import connect
from wavry.transport.quic.memory import ConnectionMemory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from wavry.decode import Picture
    from wavry.errors import ConnectionLostError
    from wavry.memory import MemoryBudget

pytestmark = pytest.mark.integration

WARM_UP = 60
"""Pictures, after which every container has reached its place."""

LATER = 400

TRANSPORT = "transport.quic"

NOTICEABLE_BYTES = 8192
"""Growth below is a few more small numbers in the same container."""

_ADDRESS = re.compile(r"ready udp://(\S+):(\d+)")


class Deaf:
    """An observer that does nothing."""

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None: ...
    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None: ...
    def writable(self, *, now: float) -> None: ...
    def connection_lost(self, error: ConnectionLostError) -> None: ...


class Stream:
    """A host, a client that watches it, and a viewer that has stopped to read, which fills queues. All on one loop."""

    def __init__(self, host: Host, client: ClientApp) -> None:
        self._programs = {"host": (host, host.budget), "client": (client, client.budget)}
        self.host, self.client = host, client
        self.pictures = 0
        self.keep_in: list[bytes] | None = None
        """A leak to be found."""
        self._came = asyncio.Event()

    def on_picture(self, picture: Picture) -> None:
        """Count; on the loop."""
        self.pictures += 1
        if self.keep_in is not None:
            self.keep_in.append(picture.received.unit.data)
        self._came.set()

    async def pictures_came(self, number: int) -> None:
        """Wait until so many pictures were decoded."""
        async with asyncio.timeout(PATIENCE_S):
            while self.pictures < number:
                self._came.clear()
                await self._came.wait()

    def _sessions(self) -> list[object]:
        """Return what a connection talks to."""
        return [*self.host._broadcast._sessions, self.client._session]

    def weigh_the_rest(self) -> dict[str, int]:
        """Weigh what is in no account. The captured frame that waits is in that of the pool it was lent from."""
        weights: dict[str, int] = {}
        for name, (program, budget) in self._programs.items():
            weights |= weigh({name: program}, [*_holders(budget), *_links(budget), self.host._encode._frames])
        return weights

    def weigh_the_accounts(self) -> dict[str, int]:
        """Weigh what each account covers, less what it says of itself."""
        weights: dict[str, int] = {}
        for name, (_, budget) in self._programs.items():
            for one in budget._registrations:
                own = {id(one.holder), *map(id, one.holder.members if isinstance(one.holder, HolderGroup) else ())}
                others = [each for each in _holders(budget) if id(each) not in own]
                others += self._sessions() if one.name == TRANSPORT else _links(budget)
                said_bytes = one.holder.used_bytes
                weights[f"{name}: {one.name}"] = sum(weigh({one.name: one.holder}, others).values()) - said_bytes
        return weights


def _holders(budget: MemoryBudget) -> list[object]:
    """Return what registered, with the members of groups."""
    holders: list[object] = []
    for each in budget._registrations:
        holders += [each.holder, *(each.holder.members if isinstance(each.holder, HolderGroup) else ())]
    return holders


def _links(budget: MemoryBudget) -> list[object]:
    """Return the connections, which belong to the transport's account whoever talks through them."""
    return [
        link
        for each in budget._registrations
        if isinstance(each.holder, ConnectionMemory)
        for link in each.holder._connections
    ]


@asynccontextmanager
async def streaming(capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Stream]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    capture = CaptureConfig(source="testcard", size=Size(320, 180), fps=120)
    sound = SoundCaptureConfig(source="tone")
    host = Host(
        HostConfig(
            capture=capture, sound=sound, encode=EncodeStageConfig(fps=120), listen=("127.0.0.1", 0), no_auth=True
        )
    )
    hosting = loop.create_task(host.run(stop))
    address: re.Match[str] | None = None

    def is_ready() -> bool:
        nonlocal address
        address = address or _ADDRESS.search(capsys.readouterr().out)
        return address is not None or hosting.done()

    await until(is_ready)
    assert address is not None, hosting
    where = address[1], int(address[2])

    def on_picture(picture: Picture) -> None:
        loop.call_soon_threadsafe(stream.on_picture, picture)

    client = ClientApp(ClientConfig(address=where, headless=True, no_auth=True), on_picture=on_picture)
    stream = Stream(host, client)
    watching = loop.create_task(client.run(stop))
    stalled = await connect(*where)
    stalled.link.observe(Deaf())
    stalled.link.send_stream(Channel.CONTROL, encode_message(Hello(codecs=("h264",), sound=True)))
    stalled.link.flush()
    await stream.pictures_came(5)
    loop.remove_reader(stalled._socket._socket.fileno())
    try:
        yield stream
    finally:
        stop.set()
        await asyncio.gather(hosting, watching)
        stalled.close()


async def growth(stream: Stream) -> dict[str, tuple[int, int]]:
    """Return what became noticeably heavier between warm-up and the end, with its weights.

    What is in no account may never be heavier than after warm-up. What an account covers may be heavier than it says
    for a moment, since other threads go on while it is weighed, but then not each time.
    """
    await stream.pictures_came(WARM_UP)
    rest, accounts = stream.weigh_the_rest(), [stream.weigh_the_accounts()]
    most = dict(rest)
    for number in range(WARM_UP, LATER, 5):
        await stream.pictures_came(number)
        for path, weight in stream.weigh_the_rest().items():
            most[path] = max(weight, most.get(path, 0))
        accounts.append(stream.weigh_the_accounts())
    grown = {path: (rest.get(path, 0), weight) for path, weight in most.items()}
    third = len(accounts) // 3
    for name in accounts[0]:
        first, last = (min(each.get(name, 0) for each in some) for some in (accounts[:third], accounts[-third:]))
        grown[name] = max(first, 0), last
    return {path: (first, last) for path, (first, last) in grown.items() if last > first + NOTICEABLE_BYTES}


@in_loop
async def test_what_grows_with_traffic_is_in_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    async with streaming(capsys) as stream:
        assert await growth(stream) == {}


@in_loop
async def test_what_grows_outside_of_all_accounts_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    async with streaming(capsys) as stream:
        kept: list[bytes] = []
        stream.keep_in = kept
        stream.client._last_units = kept  # type: ignore[attr-defined] # planted
        assert set(await growth(stream)) == {"client._last_units"}


@in_loop
async def test_what_grows_under_an_account_that_does_not_say_so_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    async with streaming(capsys) as stream:
        kept: list[bytes] = []
        stream.keep_in = kept
        stream.host._broadcast._viewers[0].sender._sent = kept  # type: ignore[attr-defined] # planted
        assert set(await growth(stream)) == {"host: rift.send_queues"}
