"""Host and client share clipboards over a connection in memory; the clipboards are in memory too."""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from tests.support.clipboard import text_of
from tests.support.viewers import viewer_session
from wavry.backends import Opened
from wavry.client.clipboard import ClientClipboard
from wavry.client.clock_sync import ClockSync
from wavry.client.session import HostSession
from wavry.client.statistics import Statistics
from wavry.clipboard.config import MODES
from wavry.clipboard.session import share_of_rate
from wavry.errors import BackendUnavailableError, ErrorCode, NoBackendError
from wavry.memory import MemoryBudget
from wavry.rift import Hello, Right, encode_message
from wavry.rift.clipboard import ClipboardData, ClipboardOffer, ClipboardReady
from wavry.rift.clipboard.sender import MAX_BACKLOG_BYTES
from wavry.rift.rights import ALL_RIGHTS
from wavry.server import clipboard as server_clipboard
from wavry.server.clipboard import HostClipboard, PictureUse
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wavry.clipboard import ClipboardDirections
    from wavry.clipboard.board import BoardListener, ClipboardBoard
    from wavry.memory import Holder
    from wavry.rift import Message
    from wavry.server.viewer import ViewerSession

BOTH = MODES["both"]


class MemoryBoard:
    """A `ClipboardBoard` without a screen."""

    name = "memory"
    run = None

    def __init__(self, text: bytes | None = None) -> None:
        self.text = text
        self.puts: list[bytes] = []
        self.listener: BoardListener | None = None

    def copy(self, text: bytes | None) -> None:
        """Be a program that puts something on it."""
        self.text = text
        if self.listener is not None:
            self.listener(text, is_change=True)

    def put(self, text: bytes) -> None:
        self.puts.append(text)
        self.text = text
        if self.listener is not None:  # as a clipboard manager would hand it back
            self.listener(text, is_change=True)

    def listen(self, listener: BoardListener | None) -> None:
        self.listener = listener
        if listener is not None and self.text is not None:
            listener(self.text, is_change=False)

    def stop(self) -> None:
        self.listener = None

    def close(self) -> None:
        self.listener = None

    def holders(self) -> dict[str, Holder]:
        return {}


def opened(board: ClipboardBoard) -> Opened[ClipboardBoard]:
    return Opened(board, board.name, ())


class HostSide:
    """A host's clipboard and its viewers."""

    def __init__(self, directions: ClipboardDirections, text: bytes | None, patch: pytest.MonkeyPatch) -> None:
        self.board, self.budget = MemoryBoard(text), MemoryBudget()
        self.directions = directions
        patch.setattr(server_clipboard, "open_clipboard", lambda: opened(self.board))
        self.clipboard = HostClipboard(directions, self.budget, 4)
        self.viewers: list[ViewerSession] = []

    def viewer(self, connection: object, rights: frozenset[Right]) -> ViewerSession:
        viewer = viewer_session(
            connection,  # type: ignore[arg-type]
            self.clipboard.add,
            rights=rights,
            introduction=Hello(clipboard_send=self.directions.send, clipboard_receive=self.directions.receive),
        )
        self.viewers.append(viewer)
        return viewer


class ClientSide:
    """A client's clipboard, and its connection to a host."""

    def __init__(self, directions: ClipboardDirections, text: bytes | None) -> None:
        self.board, self.budget = MemoryBoard(text), MemoryBudget()
        self.directions = directions
        self.clipboard = ClientClipboard(directions, lambda: opened(self.board), self.budget)

    async def connect(self, host: HostSide, rights: frozenset[Right] = ALL_RIGHTS) -> ViewerSession:
        self.link, other = loopback_pair()
        viewer = host.viewer(other, rights)
        self.session = HostSession(
            self.link,
            Hello(
                name="test",
                codecs=("h264",),
                clipboard_send=self.directions.send,
                clipboard_receive=self.directions.receive,
            ),
            Statistics(ClockSync()),
            self.budget,
            on_stream=lambda _: None,
            on_unit=lambda _: None,
            on_source_state=lambda *_: None,
            is_behind=lambda: False,
            parts=[self.clipboard.new_session()],
        )
        await until(lambda: viewer.is_watching)
        await settled()
        return viewer

    async def disconnect(self) -> None:
        self.link.close(ErrorCode.NO_ERROR, "")
        await self.session.ended
        self.session.release()
        await settled()


async def settled() -> None:
    """Let everything happen that is about to happen."""
    for _ in range(200):
        await asyncio.sleep(0)


@asynccontextmanager
async def sharing(
    patch: pytest.MonkeyPatch,
    at_host: ClipboardDirections = BOTH,
    *at_clients: ClipboardDirections,
    host_has: bytes | None = None,
    client_has: bytes | None = None,
    rights: frozenset[Right] = ALL_RIGHTS,
) -> AsyncIterator[tuple[HostSide, list[ClientSide]]]:
    host = HostSide(at_host, host_has, patch)
    await host.clipboard.open()
    clients = [ClientSide(directions, client_has) for directions in at_clients or (BOTH,)]
    for client in clients:
        await client.clipboard.open()
        await client.connect(host, rights)
    await settled()
    yield host, clients
    for client in clients:
        await client.disconnect()
    assert host.board.listener is None  # nobody wants to know any more
    used = {entry.name: entry.used_bytes for entry in (*host.budget.entries(), *clients[0].budget.entries())}
    assert used["rift.clipboard"] == used["clipboard.text"] == 0


@in_loop
async def test_a_text_goes_over_once_and_never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sharing(monkeypatch) as (host, (client,)):
        client.board.copy(text_of(30_000, seed=1))
        await until(lambda: host.board.text == text_of(30_000, seed=1))
        host.board.copy(text_of(3_000, seed=2))
        await until(lambda: client.board.text == text_of(3_000, seed=2))
        await settled()
        assert host.board.puts == [text_of(30_000, seed=1)]
        assert client.board.puts == [text_of(3_000, seed=2)]


@in_loop
async def test_at_the_start_the_persons_own_clipboard_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sharing(monkeypatch, host_has=b"hosts", client_has=b"clients") as (host, (client,)):
        await until(lambda: host.board.text == b"clients")
        assert client.board.puts == []


@in_loop
async def test_where_the_client_only_receives_it_gets_what_the_host_has(monkeypatch: pytest.MonkeyPatch) -> None:
    receive = MODES["receive"]
    async with sharing(monkeypatch, BOTH, receive, receive, host_has=b"hosts", client_has=b"old") as (host, clients):
        for client in clients:
            await until(lambda client=client: client.board.text == b"hosts")  # type: ignore[misc]
        assert host.board.puts == []


@in_loop
async def test_what_the_host_has_already_is_not_sent_again_after_a_reconnect(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sharing(monkeypatch, client_has=b"one") as (host, (client,)):
        await until(lambda: host.board.text == b"one")
        host.board.copy(b"two")
        await until(lambda: client.board.text == b"two")
        await client.disconnect()
        host.board.copy(b"three")
        await client.connect(host)
        await settled()
        assert (host.board.text, client.board.text) == (b"three", b"two")
        await client.disconnect()
        client.board.copy(b"four")
        await client.connect(host)
        await until(lambda: host.board.text == b"four")


@in_loop
async def test_something_else_than_text_goes_nowhere_and_the_same_text_again_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with sharing(monkeypatch) as (host, (client,)):
        host.board.copy(b"text")
        await until(lambda: client.board.text == b"text")
        host.board.copy(None)
        client.board.copy(None)
        await settled()
        host.board.copy(b"text")
        await until(lambda: client.board.puts == [b"text", b"text"])


@in_loop
async def test_a_viewers_text_reaches_the_others_and_only_those_that_receive(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sharing(monkeypatch, BOTH, BOTH, BOTH, MODES["send"]) as (host, (first, second, third)):
        first.board.copy(b"from the first")
        await until(lambda: second.board.text == b"from the first")
        await settled()
        assert host.board.puts == second.board.puts == [b"from the first"]
        assert first.board.puts == third.board.puts == []


@in_loop
async def test_a_host_that_only_receives_tells_nobody_what_a_viewer_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sharing(monkeypatch, MODES["receive"], BOTH, BOTH) as (host, (first, second)):
        for count in (1, 2):  # it does not look at its clipboard, and so can't know that it is there already
            first.board.copy(b"again")
            await until(lambda count=count: len(host.board.puts) == count)  # type: ignore[misc]
            first.board.copy(None)
            await settled()
        assert second.board.puts == []
        assert host.board.listener is None


@in_loop
async def test_what_comes_unasked_is_not_put_and_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with sharing(monkeypatch, MODES["send"]) as (host, (client,)):
        for transfer in range(3):
            for message in (
                ClipboardOffer(transfer=transfer, size_bytes=2),
                ClipboardData(transfer=transfer, data=b"no"),
            ):
                client.link.send_stream(Channel.BULK, encode_message(message))
        client.link.flush()
        await settled()
        assert host.board.puts == []
        assert len(host.viewers) == 1
    assert len([record for record in caplog.records if "unasked" in record.message]) == 1


@in_loop
async def test_a_right_counts_at_the_moment_at_which_a_text_is_put(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with sharing(monkeypatch) as (host, (client,)):
        client.link.send_stream(Channel.BULK, encode_message(ClipboardOffer(transfer=9, size_bytes=2)))
        client.link.flush()
        await settled()
        host.viewers[0].rights.granted = frozenset({Right.VIEW})
        client.link.send_stream(Channel.BULK, encode_message(ClipboardData(transfer=9, data=b"no")))
        client.link.flush()
        host.board.copy(b"nor this")
        await settled()
        assert host.board.puts == client.board.puts == []
        host.viewers[0].rights.granted = ALL_RIGHTS
        client.board.copy(b"but this")
        await until(lambda: host.board.text == b"but this")
    assert len([record for record in caplog.records if "no right" in record.message]) == 1


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([ClipboardOffer(transfer=1, size_bytes=2), ClipboardData(transfer=1, data=b"\xff\xff")], "not UTF-8"),
        ([ClipboardOffer(transfer=1, size_bytes=2), ClipboardData(transfer=1, data=b"abc")], "longer than the 2 bytes"),
        ([ClipboardReady()], "a second clipboard_ready"),
    ],
)
@in_loop
async def test_what_is_wrong_ends_the_session(
    monkeypatch: pytest.MonkeyPatch, messages: list[Message], reason: str
) -> None:
    host = HostSide(BOTH, None, monkeypatch)
    await host.clipboard.open()
    client = ClientSide(BOTH, None)
    await client.clipboard.open()
    await client.connect(host)
    for message in messages:
        client.link.send_stream(Channel.BULK, encode_message(message))
    client.link.flush()
    error = await client.session.ended
    assert error.code == ErrorCode.PROTOCOL_VIOLATION
    assert reason in str(error)
    assert host.board.puts == []


@in_loop
async def test_little_of_a_text_is_under_way_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    async with sharing(monkeypatch) as (host, (client,)):
        send = client.link.send_stream

        def watch(channel: Channel, data: bytes) -> None:
            nonlocal most
            send(channel, data)
            most = max(most, client.link.stream_backlog_bytes(Channel.BULK))

        client.link.send_stream = watch  # type: ignore[method-assign]
        client.board.copy(text_of(100_000))
        await until(lambda: host.board.text == text_of(100_000))
    assert 0 < most <= MAX_BACKLOG_BYTES + 200


@in_loop
async def test_the_newest_text_wins_over_one_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sharing(monkeypatch) as (host, (client,)):
        client.board.copy(text_of(1024 * 1024))
        await settled()
        client.board.copy(b"newest")
        await until(lambda: host.board.text == b"newest")
        assert host.board.puts == [b"newest"]


def test_what_the_picture_uses_is_known_after_a_moment_and_forgotten_after_a_pause() -> None:
    sent_bytes = 1_000_000
    use = PictureUse(lambda: sent_bytes)
    assert use.rate_bps(100.0) == math.inf
    sent_bytes += 250_000
    assert use.rate_bps(100.1) == math.inf
    assert use.rate_bps(100.5) == 4_000_000
    assert use.rate_bps(100.6) == 4_000_000
    assert use.rate_bps(200.0) == math.inf
    assert use.rate_bps(201.0) == 0


@pytest.mark.parametrize(
    ("rtt_ms", "least_ms", "share"),
    [
        (None, None, 1.0),
        (0.4, 0.2, 1.0),
        (40.0, 30.0, 1.0),
        (50.0, 30.0, 0.5),
        (70.0, 30.0, 0.25),
        (900.0, 30.0, 0.125),
    ],
)
@in_loop
async def test_a_queue_in_the_network_slows_a_text_down(
    rtt_ms: float | None, least_ms: float | None, share: float
) -> None:
    connection, _ = loopback_pair()
    connection.rtt_ms, connection.min_rtt_ms = rtt_ms, least_ms
    assert share_of_rate(connection) == share


@in_loop
async def test_without_a_clipboard_one_line_says_why(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> Opened[ClipboardBoard]:
        raise NoBackendError("clipboard", (BackendUnavailableError("x11", "not on darwin"),))

    caplog.set_level(logging.INFO)
    clipboard = ClientClipboard(BOTH, refuse, MemoryBudget())
    assert not await clipboard.open()
    (record,) = caplog.records
    assert "the clipboard is not shared: no clipboard runs on this machine (x11: not on darwin)" in record.message
