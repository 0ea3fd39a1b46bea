"""What a client has the window say, with a real host that comes and goes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import PATIENCE_S, in_loop, until
from wavry.capture import CaptureConfig
from wavry.client import notice
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.errors import ConnectFailedError
from wavry.media import Size
from wavry.rift import Right
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.config import HostConfig
from wavry.server.host import Host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from wavry.client.notice import Notice
    from wavry.decode import Picture


class Screen:
    """A client with something that looks at its pictures, and what it is asked to say."""

    def __init__(self, port: int) -> None:
        self.notices: list[Notice | None] = []
        self.pictures = 0
        self.hints: list[str] = []
        self.app = ClientApp(
            ClientConfig(address=("127.0.0.1", port), headless=True, sound=False, no_auth=True),
            on_picture=self._show,
            on_notice=self.notices.append,
            on_hint=self.hints.append,
        )

    def _show(self, picture: Picture) -> None:
        self.pictures += 1

    @property
    def headings(self) -> list[str]:
        return ["" if each is None else each.heading for each in self.notices]


@asynccontextmanager
async def running(host: Host) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(host.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def make_host(port: int, rights: frozenset[Right] = ALL_RIGHTS) -> Host:
    capture = CaptureConfig(source="testcard", size=Size(64, 64))
    return Host(HostConfig(capture=capture, listen=("127.0.0.1", port), rights=rights, no_auth=True))


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@in_loop
async def test_a_person_reads_what_happens_until_there_is_a_picture_and_when_it_is_gone(
    unused_port: int,
) -> None:
    screen = Screen(unused_port)
    name = f"127.0.0.1:{unused_port}"
    stop = asyncio.Event()
    client = asyncio.create_task(screen.app.run(stop))
    await until(lambda: screen.headings == [f"Connecting to {name} …"])
    async with running(make_host(unused_port)):
        await until(lambda: screen.headings[-1] == "")
        assert screen.headings[-2] == f"Connected to {name}"
        assert screen.pictures
    await until(lambda: screen.headings[-1] == f"Lost {name}; trying again …")
    stop.set()
    await client


@in_loop
async def test_a_client_that_is_refused_says_so_before_it_ends(unused_port: int) -> None:
    screen = Screen(unused_port)
    async with running(make_host(unused_port, frozenset({Right.KEYS}))):
        with pytest.raises((ConnectFailedError, BaseExceptionGroup)):
            async with asyncio.timeout(PATIENCE_S):
                await screen.app.run(asyncio.Event())
    said = screen.notices[-1]
    assert said == notice.refused(f"127.0.0.1:{unused_port}", "this client has no right to view")


@in_loop
async def test_a_screen_that_goes_and_comes_is_spoken_of(unused_port: int) -> None:
    screen = Screen(unused_port)
    host = make_host(unused_port)
    stop = asyncio.Event()
    client = asyncio.create_task(screen.app.run(stop))
    async with running(host):
        await until(lambda: screen.headings[-1:] == [""])
        host._source_changed(False, "it was unplugged")
        await until(lambda: screen.notices[-1] == notice.no_picture("it was unplugged"))
        host._source_changed(True, "")
        await until(lambda: screen.headings[-1] == "")
        stop.set()
        await client


@in_loop
async def test_what_the_host_does_not_allow_is_said_once(unused_port: int) -> None:
    screen = Screen(unused_port)
    stop = asyncio.Event()
    client = asyncio.create_task(screen.app.run(stop))
    async with running(make_host(unused_port, frozenset({Right.VIEW}))):
        await until(lambda: screen.pictures)
        for _ in range(3):
            screen.app.monitors.choose(0)
        await until(lambda: screen.hints)
        stop.set()
        await client
    assert screen.hints == ["This host does not let you use its pointer"]


def test_every_right_has_words_and_so_has_one_that_nobody_knows_yet() -> None:
    assert notice.denial(Right.KEYS) == "This host does not let you type"
    assert all(notice.denial(right).startswith("This host does not") for right in ("audio", "pointer", "telepathy"))
