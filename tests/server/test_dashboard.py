"""The dashboard's answers, on a host of made-up figures."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from tests.support.aio import in_loop, until
from tests.support.figured import figured_host
from tests.support.web import TOKEN, ask, connect, hang_up, host_of, until_closed
from wavry.clock import monotonic
from wavry.memory import checkpoint, set_checkpoint_recorder
from wavry.observe.events import EventLog
from wavry.observe.history import SampleHistory
from wavry.server.dashboard import readers as module
from wavry.server.dashboard import site
from wavry.server.dashboard.checkpoints import MAX_NAMES, LastCheckpoints
from wavry.server.dashboard.readers import MAX_READERS
from wavry.server.dashboard.site import Dashboard
from wavry.web.origins import Origins

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.support.web import Answer
    from wavry.server.figures import Figures

METRICS = "wavry.server.dashboard.metrics"
COLUMNS = ("rss_mb", "fps")
logger = logging.getLogger("wavry.test-dashboard")


class MadeUp:
    """Stands for the host's figures."""

    def __init__(self) -> None:
        self.events = EventLog()
        self.history = SampleHistory(COLUMNS)
        self.asked = 0
        self.sessions = {7}

    def now(self, *, with_objects: bool = False) -> dict[str, object]:
        self.asked += 1
        return {"version": 1, "asked": self.asked, "objects": with_objects}

    def disconnect(self, session_id: int) -> bool:
        if session_id not in self.sessions:
            return False
        self.sessions.remove(session_id)
        return True


@asynccontextmanager
async def dashboard(figures: MadeUp, *, token: str | None = None) -> AsyncIterator[Dashboard]:
    address = ("127.0.0.1", 0)
    origins = Origins(address[0], scheme="http")
    made = Dashboard(address, origins, None, cast("Figures", figures), token=token)
    await made.site.start()
    try:
        yield made
    finally:
        await made.close()
        await hang_up(made.site)


async def read(made: Dashboard, **headers: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin to read events; the head of the answer has been read."""
    reader, writer = await connect(made.site)
    named = {"Host": host_of(made.site)} | {name.replace("_", "-"): value for name, value in headers.items()}
    writer.write("\r\n".join(["GET /api/events HTTP/1.1", *map(": ".join, named.items()), "", ""]).encode())
    return reader, writer


async def events(reader: asyncio.StreamReader, kind: str) -> Any:
    """Return the next event of a kind."""
    while True:
        line = await reader.readline()
        assert line, "the stream has ended"
        if line == f"event: {kind}\n".encode():
            return json.loads((await reader.readline()).removeprefix(b"data: "))


@in_loop
async def test_memory_is_what_the_host_knows_with_its_checkpoints() -> None:
    figures = MadeUp()
    async with dashboard(figures) as made:
        checkpoint("a_point")
        answer = await ask(made.site, "/api/memory")
    told = json.loads(answer.body)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert (told["version"], told["objects"]) == (1, True)
    assert [each["name"] for each in told["checkpoints"]] == ["a_point"]


@in_loop
async def test_history_has_the_columns_that_are_asked_for() -> None:
    figures = MadeUp()
    for second in range(10):
        figures.history.push(monotonic() - 10 + second, [100.0 + second, None])
    async with dashboard(figures) as made:
        told = json.loads((await ask(made.site, "/api/history?since=300&columns=rss_mb")).body)
        wrong = await ask(made.site, "/api/history?since=long")
        endless = await ask(made.site, "/api/history?since=inf")
        nothing = await ask(made.site, "/api/history?since=nan")
    assert told["columns"] == {"rss_mb": {"last": [100.0 + second for second in range(10)]}}
    assert len(told["time_s"]) == 10
    assert wrong.status == 400
    assert endless.status == 200
    assert nothing.status == 400


@in_loop
async def test_readers_get_samples_and_what_happened_and_only_then_are_samples_made() -> None:
    figures = MadeUp()
    figures.events.attach(logger)
    logger.setLevel(logging.INFO)
    logger.warning("before")
    async with dashboard(figures) as made:
        assert figures.asked == 0
        reader, writer = await read(made)
        first = await events(reader, "sample")
        assert [each["text"] for each in await events(reader, "log")] == ["before"]
        logger.warning("while it reads")
        assert [each["text"] for each in await events(reader, "log")] == ["while it reads"]
        second = await events(reader, "sample")
        assert second["asked"] > first["asked"]
        other, other_writer = await read(made, Last_Event_ID="1")
        assert [each["text"] for each in await events(other, "log")] == ["while it reads"]
        writer.close()
        other_writer.close()
        await until(lambda: len(made.readers) == 0)
        await until(lambda: made.readers._timer is None)
        assert made.readers.used_bytes == 0
    figures.events.close()


@in_loop
async def test_a_further_reader_is_refused_until_one_goes() -> None:
    async with dashboard(MadeUp()) as made:
        held = [await read(made) for _ in range(MAX_READERS)]
        await until(lambda: len(made.readers) == MAX_READERS)
        refused = await ask(made.site, "/api/events")
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        assert (await ask(made.site, "/api/memory")).status == 200
        held.pop()[1].close()
        await until(lambda: len(made.readers) < MAX_READERS)
        reader, writer = await read(made)
        assert (await events(reader, "sample"))["version"] == 1
        for each in [*held, (reader, writer)]:
            each[1].close()


@in_loop
async def test_a_reader_who_takes_nothing_is_left_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_S", 0.01)  # the same number of beats in less time
    monkeypatch.setattr(module, "STALL_S", 0.06)
    loop = asyncio.get_running_loop()
    async with dashboard(MadeUp()) as made:
        stalled = socket.socket()
        stalled.setblocking(False)
        host, _, port = host_of(made.site).rpartition(":")
        await loop.sock_connect(stalled, (host, int(port)))
        await loop.sock_sendall(stalled, f"GET /api/events HTTP/1.1\r\nHost: {host_of(made.site)}\r\n\r\n".encode())
        reader, writer = await read(made)
        await until(lambda: len(made.readers) == 2)

        async def take() -> None:
            while await reader.read(65536):
                pass

        taking = asyncio.create_task(take())
        await until(lambda: made.readers.drops == 1)
        await until(lambda: len(made.readers) == 1)
        assert made.readers.high_water_bytes <= made.readers.cap_bytes
        assert not taking.done()
        writer.close()
        taking.cancel()
        stalled.close()


def test_what_a_stalled_reader_may_hold_back_fills_up_in_time() -> None:
    """The system's buffers on loopback take 200 kB, as `scripts/bench/dashboard.py` finds."""
    beats = 200_000 / module._LEAST_MESSAGE_BYTES + 2
    assert beats * module.BEAT_S + module.STALL_S < 10


async def session_of(made: Dashboard) -> dict[str, str]:
    """Return the headers of the page's requests."""
    page = await ask(made.site, "/")
    cookie = page.headers["set-cookie"].partition(";")[0]
    told = json.loads((await ask(made.site, "/api/session", headers={"Cookie": cookie})).body)
    return {"Cookie": cookie, "X-Wavry-Csrf": told["csrf"], "Origin": f"http://{host_of(made.site)}"}


@in_loop
async def test_the_page_disconnects_a_session_and_nobody_else_does() -> None:
    figures = MadeUp()

    async def disconnect(number: int, headers: dict[str, str]) -> Answer:
        path = f"/api/sessions/{number}/disconnect"
        return await ask(made.site, path, method="POST", headers={"Content-Length": "0"} | headers)

    async with dashboard(figures) as made:
        ours, others = await session_of(made), await session_of(made)
        for missing in ours:
            some = {name: value for name, value in ours.items() if name != missing}
            assert (await disconnect(7, some)).status == 403, missing
        for name, value in (
            ("Origin", "http://evil.example"), ("X-Wavry-Csrf", others["X-Wavry-Csrf"]), ("Cookie", others["Cookie"]),
            ("X-Wavry-Csrf", "0" * 64),
        ):  # fmt: skip
            assert (await disconnect(7, ours | {name: value})).status == 403, (name, value)
        assert figures.sessions == {7}
        assert (await disconnect(8, ours)).status == 404
        assert (await disconnect(7, ours)).status == 200
        assert figures.sessions == set()
        assert (await ask(made.site, "/api/sessions/7/disconnect", headers=ours)).status == 405


@in_loop
async def test_without_the_token_nothing_is_told() -> None:
    async with dashboard(MadeUp(), token=TOKEN) as made:
        for path in ("/", "/main.js", "/api/memory", "/api/history", "/api/events", "/api/session", "/metrics"):
            assert (await ask(made.site, path)).status == 401, path
        token = made.url.partition("?token=")[2]
        assert (await ask(made.site, "/api/memory", headers={"Authorization": f"Bearer {token}"})).status == 200


@in_loop
async def test_whoever_asks_for_events_and_goes_at_once_leaves_nothing() -> None:
    async with dashboard(MadeUp()) as made:
        for _ in range(3 * MAX_READERS):
            _, writer = await read(made)
            writer.transport.abort()
        await until(lambda: len(made.readers) == 0)
        await until(lambda: len(made.site.connections) == 0)
        reader, writer = await connect(made.site)
        writer.close()
        assert await until_closed(reader) == b""


def test_checkpoints_are_counted_and_passed_on_and_their_names_are_few() -> None:
    passed: list[str] = []
    before = set_checkpoint_recorder(passed.append)
    recorder = LastCheckpoints()
    recorder.start()
    try:
        for number in range(2 * MAX_NAMES):
            checkpoint(f"point_{number:02}")
            checkpoint("point_00")
    finally:
        recorder.stop()
        assert set_checkpoint_recorder(before) == passed.append
    told = recorder.as_list()
    assert len(told) == MAX_NAMES
    assert told[0]["name"] == "point_00"
    assert told[0]["passes"] == 2 * MAX_NAMES + 1
    assert len(passed) == 4 * MAX_NAMES


@in_loop
async def test_what_metrics_need_is_loaded_with_the_first_scrape_and_not_on_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded_on: list[threading.Thread] = []

    class Watching:
        def find_spec(self, name: str, *_: object) -> None:
            if name == METRICS:
                loaded_on.append(threading.current_thread())

    monkeypatch.delitem(sys.modules, METRICS, raising=False)
    monkeypatch.delattr(METRICS, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Watching(), *sys.meta_path])
    async with figured_host() as host:
        host.figures.open()
        async with dashboard(cast("MadeUp", host.figures)) as made:
            assert not loaded_on
            for _ in range(2):
                assert b"wavry_sessions 0.0" in (await ask(made.site, "/metrics")).body
    assert len(loaded_on) == 1
    assert loaded_on[0] is not threading.main_thread()


@in_loop
async def test_who_does_not_take_a_history_keeps_it_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "HISTORY_S", 0.1)
    async with dashboard(MadeUp()) as made:
        reading, made._read_history = made._read_history, lambda *_: bytes(16_000_000)  # type: ignore[method-assign]
        _, stalled = await connect(made.site)
        stalled.transport.pause_reading()  # type: ignore[attr-defined]
        stalled.write(f"GET /api/history HTTP/1.1\r\nHost: {host_of(made.site)}\r\n\r\n".encode())
        await until(lambda: made._reading_history.locked())
        made._read_history = reading  # type: ignore[method-assign]
        assert (await ask(made.site, "/api/history")).status == 200
        stalled.transport.abort()
