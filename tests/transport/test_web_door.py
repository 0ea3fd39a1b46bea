"""The browsers' door of a listener: who comes in, and what a peer may do there."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.http3 import ORIGIN, REQUEST
from tests.support.transport import Listener, link_of, live_timers, quic_dialer, quic_host
from tests.support.webtransport import Page, page_of, web_ends, web_host
from wavry.errors import ErrorCode
from wavry.transport import Channel
from wavry.transport.quic import seams, server
from wavry.transport.quic.client import connect
from wavry.transport.quic.settings import BROWSER_BYTES, CONNECTION_BYTES, DATAGRAM_OVERHEAD_BYTES, QuicSettings
from wavry.transport.quic.webtransport import MAX_HTTP_BYTES, STREAM_IDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed in the test is freed by its last reference."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@in_loop
async def test_one_port_has_both_doors(tmp_path: Path) -> None:
    async with web_host(tmp_path) as host, quic_dialer(host), page_of(host) as page:
        await page.link.connected
        await until(lambda: len(host.links) == 2)
        assert [link.door for link in host.links] == ["quic", "web"]


@in_loop
async def test_a_host_without_pages_has_no_second_door(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host, page_of(host) as page:
        assert "protocol" in (await page.end()).reason.lower()
        assert page.carriage is None
        assert not host.links


def test_a_host_without_pages_loads_nothing_of_http() -> None:
    code = (
        "import sys, wavry.transport.quic.server\n"
        "print([name for name in sys.modules if any(word in name for word in ('http3', 'webtransport', 'qpack'))])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=PATIENCE_S)
    assert answer.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({b"origin": b"https://elsewhere.example"}, b"403"), ({b":path": b"/other"}, b"404")],
)
@in_loop
async def test_who_is_not_let_in_hears_a_status_and_is_no_connection(
    changes: dict[bytes, bytes], status: bytes, tmp_path: Path
) -> None:
    async with web_host(tmp_path) as host, page_of(host, {**REQUEST, **changes}) as page:
        await page.end()
        assert page.carriage is not None
        assert page.carriage.status == status
        await until(lambda: not host.listener.connections)
        assert not host.links


@in_loop
async def test_the_origin_that_is_judged_is_the_browsers(tmp_path: Path) -> None:
    asked: list[str] = []

    def judge(origin: str) -> bool:
        asked.append(origin)
        return True

    async with web_host(tmp_path, allows_origin=judge) as host, page_of(host) as page:
        await page.link.connected
    assert asked == [ORIGIN]


@in_loop
async def test_a_browser_that_asks_for_nothing_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_SESSION_PATIENCE_S", 0.01)
    async with web_host(tmp_path) as host, page_of(host, {**REQUEST, b":method": b"CONNECT"}) as page:
        page.quic.send_stream_data = lambda *_, **__: None  # type: ignore[method-assign] # it never asks
        await until(lambda: page.carriage is not None)
        await until(lambda: host.listener.memory.drops == 1)
        assert not host.listener.connections
        assert not host.links
    assert live_timers() == 0


@in_loop
async def test_browsers_that_ask_for_nothing_keep_nobody_out(tmp_path: Path) -> None:
    async with web_host(tmp_path, QuicSettings(max_handshakes=2)) as host:
        silent = []
        for _ in range(4):
            page = Page(host.port)
            page.quic.send_stream_data = lambda *_, **__: None  # type: ignore[method-assign]
            silent.append(page)
            await until(lambda page=page: page.carriage is not None)  # type: ignore[misc]
        assert len(host.listener.connections) <= 2
        async with page_of(host) as page:
            await page.link.connected
            await until(lambda: host.links)
        for page in silent:
            page.close()


@in_loop
async def test_those_who_are_refused_and_do_not_leave_are_no_more_than_handshakes(tmp_path: Path) -> None:
    limits = QuicSettings(max_connections=1, max_handshakes=2)
    async with web_host(tmp_path, limits) as host, page_of(host) as first:
        await first.link.connected
        await until(lambda: host.links)
        refused = []
        for number in range(6):
            page = Page(host.port)
            page.link._take_stream = partial(_stay, page.link._take_stream)  # type: ignore[method-assign]
            refused.append(page)
            await until(lambda number=number: host.listener.memory.drops > number)  # type: ignore[misc]
            assert len(host.listener.connections) <= 3
        assert len(host.links) == 1
        assert first.link.connected.done()
        assert host.links[0] in host.listener.connections
        for page in refused:
            page.close()


def _stay(take: Callable[..., None], stream_id: int, data: bytes, now: float, *, ended: bool) -> None:
    """Take what a stream brings, but never its end."""
    take(stream_id, data, now, ended=False)


def _note(take: Callable[..., None], taken: list[int], stream_id: int, data: bytes, now: float, *, ended: bool) -> None:
    """Take what a stream brings, and note whose end it was."""
    take(stream_id, data, now, ended=ended)
    if ended:
        taken.append(stream_id)


@in_loop
async def test_a_datagram_has_room_for_the_sessions_number(tmp_path: Path) -> None:
    async with web_ends(tmp_path) as ends:
        await ends.observe()
        await until(lambda: ends.host.max_datagram_bytes == ends.host.largest_datagram_bytes)
        packet_bytes, connection_id_bytes = 1452, 8
        room_bytes = packet_bytes - DATAGRAM_OVERHEAD_BYTES - connection_id_bytes
        assert ends.host.max_datagram_bytes == room_bytes - 1


@in_loop
async def test_a_browser_is_in_the_account_with_its_http(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as native, web_host(tmp_path) as host, page_of(host) as page:
        await page.link.connected
        await until(lambda: host.links)
        assert host.listener.memory.cap_bytes > native.listener.memory.cap_bytes
        assert host.listener.memory.used_bytes >= CONNECTION_BYTES + BROWSER_BYTES
        assert BROWSER_BYTES > MAX_HTTP_BYTES


@in_loop
async def test_the_certificate_of_a_connection_is_one_that_pages_are_told_of(tmp_path: Path) -> None:
    async with web_host(tmp_path) as host, page_of(host) as page:
        await page.link.connected
        await until(lambda: host.links)
        (link,) = host.links
        assert host.identity.certificate_hashes() == [link.certificate_sha256.hex()]
        seen = seams.peer_certificate(page.quic)
        assert seen is not None
        assert seen == host.identity.certificate()
        assert page.link.certificate_sha256 == b""


@in_loop
async def test_datagrams_of_other_sessions_do_nothing(tmp_path: Path) -> None:
    async with web_ends(tmp_path) as ends:
        await ends.observe()
        for forged in (b"", b"\x01forged", b"\x40", b"\xc0\xff\xff\xff\xff\xff\xff\xff"):
            link_of(ends.client).quic.send_datagram_frame(forged)
        assert ends.client.send_datagram(b"mine")
        ends.client.flush()
        await until(lambda: ends.at_host.datagrams)
        assert ends.at_host.datagrams == [b"mine"]


@pytest.mark.parametrize("stream_id", [0, 2, 4, 16, 14, 34])
@in_loop
async def test_whoever_breaks_http_loses_the_connection_and_hears_why(stream_id: int, tmp_path: Path) -> None:
    async with web_ends(tmp_path) as ends:
        await ends.observe()
        quic = link_of(ends.client).quic
        for opened in range(stream_id % 4, stream_id + 1, 4):
            quic._get_or_create_stream_for_send(opened)
        if stream_id in (0, 2, 4):
            quic.reset_stream(stream_id, 0x10C)
        else:
            quic.send_stream_data(stream_id, b"\x40\x54\x00")
        ends.client.flush()
        await until(lambda: ends.at_host.lost)
        expected = ErrorCode.NO_ERROR if stream_id == 0 else ErrorCode.PROTOCOL_VIOLATION
        assert ends.at_host.lost[0].code == expected
        assert not ends.at_host.after_the_end


@pytest.mark.parametrize("way", ["quic", "web"])
@in_loop
async def test_streams_that_are_opened_without_a_byte_are_bounded(way: str, tmp_path: Path) -> None:
    """A frame that raises a stream's limit opens it and all before it, and no event tells of that."""
    async with web_host(tmp_path) as host:
        page = Page(host.port) if way == "web" else None
        dialer = await connect("127.0.0.1", host.port) if page is None else None
        link = page.link if page is not None else dialer.link if dialer is not None else None
        assert link is not None
        await link.connected
        await until(lambda: host.links)
        at_host = Listener(host.links[0])
        stream = link.quic._get_or_create_stream_for_send(4 * 100)
        stream.max_stream_data_local *= 2
        link.flush()
        await until(lambda: at_host.lost)
        assert (at_host.lost[0].code, at_host.lost[0].reason) == (ErrorCode.PROTOCOL_VIOLATION, "too many streams")
        for end in (page, dialer):
            if end is not None:
                end.close()


@in_loop
async def test_a_page_that_leaves_says_why(tmp_path: Path) -> None:
    async with web_ends(tmp_path) as ends:
        await ends.observe()
        ends.client.close(7, "the tab was closed")
        await until(lambda: ends.at_host.lost)
        (lost,) = ends.at_host.lost
        assert (lost.code, lost.reason, lost.was_local) == (7, "the tab was closed", False)


@in_loop
async def test_a_page_that_does_not_read_its_farewell_is_gone_soon(tmp_path: Path) -> None:
    async with web_ends(tmp_path) as ends:
        await ends.observe()
        link_of(ends.client).abandon("it is asleep")
        ends.host.close(ErrorCode.SHUTTING_DOWN, "good night")
        assert ends.host.send_space_bytes == 0
        await ends.host.wait_closed()
        assert ends.at_host.lost[0].was_local
    assert live_timers() == 0


@in_loop
async def test_a_stream_that_ends_is_no_sign_that_the_farewell_was_read(tmp_path: Path) -> None:
    async with web_ends(tmp_path) as ends:
        await ends.observe()
        page, host = link_of(ends.client), link_of(ends.host)
        page._take_stream = partial(_stay, page._take_stream)  # type: ignore[method-assign]
        taken: list[int] = []
        host._take_stream = partial(_note, host._take_stream, taken)  # type: ignore[method-assign]
        ends.host.close(ErrorCode.REFUSED, "no")
        page.quic.send_stream_data(STREAM_IDS[Channel.CONTROL], b"", end_stream=True)
        page.flush()
        await until(lambda: taken)
        assert host._lingering is not None
        page.abandon("it is asleep")
        await ends.host.wait_closed()


@pytest.mark.usefixtures("no_collector")
@in_loop
async def test_a_page_that_has_left_leaves_no_work_for_the_collector(tmp_path: Path) -> None:
    async with web_host(tmp_path) as host:
        async with page_of(host) as page:
            await page.link.connected
            await until(lambda: host.links)
            at_host = host.links.pop()
            kept: list[weakref.ref[Any]] = [weakref.ref(at_host.quic), weakref.ref(at_host)]
            at_host.send_datagram(bytes(1000))
            at_host.send_stream(Channel.CONTROL, b"x")
            at_host.flush()
            page.link.close(0, "")
            await at_host.wait_closed()
        del at_host
        await asyncio.sleep(0)  # what the loop was about to call holds them too
        assert [each() for each in kept] == [None, None]
