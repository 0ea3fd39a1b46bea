"""The thread that watches the pointer, and what becomes of it in viewers' sessions."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.pointer import LINK, TEXT, ScreenPointer
from tests.support.transport import Listener
from tests.support.xserver import XServer
from wavry.media import CursorImage, Rect
from wavry.memory import HolderGroup
from wavry.rift import CONTROL, Hello, MessageDecoder, Stream, encode_message
from wavry.rift.cursor.datagrams import MAX_SHARE, CursorPlace, CursorState
from wavry.rift.cursor.messages import CursorShape
from wavry.rift.cursor.sender import MAX_BACKLOG_BYTES, CursorSender
from wavry.server.cursor.part import CursorHub, ViewerCursor
from wavry.server.cursor.stage import CursorStage, share_of
from wavry.session import Talk
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.transport.loopback import LoopbackConnection

TEXT_SHAPE = CursorShape.of(CursorImage(1, 1, 0, 0, b"\x01\x02\x03\xff"))
LINK_SHAPE = CursorShape.of(CursorImage(1, 1, 0, 0, b"\x04\x05\x06\xff"))
LEFT, RIGHT = CursorPlace(True, 0, 0), CursorPlace(True, MAX_SHARE, 0)


@given(extent=st.integers(1, 16_384), data=st.data())
def test_shares_lead_back_to_the_pixel_and_end_at_the_edges(extent: int, data: st.DataObject) -> None:
    pixel = data.draw(st.integers(0, extent - 1))
    assert round(share_of(pixel, extent) * (extent - 1) / MAX_SHARE) == pixel
    assert share_of(-7, extent) == share_of(0, extent) == 0
    assert extent == 1 or share_of(extent + 7, extent) == MAX_SHARE


# The stage.


class Told:
    """A listener that keeps what it is told, in order."""

    def __init__(self) -> None:
        self.news: queue.SimpleQueue[CursorShape | CursorPlace] = queue.SimpleQueue()

    def offer_shape(self, shape: CursorShape) -> None:
        self.news.put(shape)

    def offer_place(self, place: CursorPlace) -> None:
        self.news.put(place)

    def wait_for_shape(self, image: CursorImage | None) -> None:
        while not (isinstance(news := self.news.get(timeout=PATIENCE_S), CursorShape) and news.image() == image):
            pass

    def wait_for_place(self, is_inside: bool, x: int, y: int) -> CursorPlace:
        while True:
            news = self.news.get(timeout=PATIENCE_S)
            if isinstance(news, CursorPlace) and news[:3] == (is_inside, x, y):
                return news


class Watching:
    """A stage on a thread of its own."""

    def __init__(self, display: str | None, area: Rect | None) -> None:
        self.told = Told()
        self.area = area
        self.stage = CursorStage(self.told, lambda: self.area, display)
        self._thread = threading.Thread(target=self.stage.run)
        self._thread.start()

    def end(self) -> None:
        self.stage.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def screen() -> Iterator[XServer]:
    with XServer(640, 480) as server:
        yield server


@pytest.fixture
def hand(screen: XServer) -> Iterator[ScreenPointer]:
    with ScreenPointer(screen.display) as hand:
        hand.move(0, 0)
        hand.show(LINK)
        yield hand


@pytest.fixture
def watching(screen: XServer, hand: ScreenPointer) -> Iterator[Watching]:
    watching = Watching(screen.display, Rect(100, 50, 201, 101))
    yield watching
    watching.end()


def test_shape_and_place_are_told_at_the_start_and_on_every_change(watching: Watching, hand: ScreenPointer) -> None:
    watching.stage.want(True)
    watching.told.wait_for_shape(hand.image())
    watching.told.wait_for_place(False, 0, 0)
    hand.show(TEXT)
    watching.told.wait_for_shape(hand.image())
    hand.move(200, 150)
    assert watching.told.wait_for_place(True, MAX_SHARE // 2 + 1, MAX_SHARE).warps == 0
    hand.warp(300, 50)
    assert watching.told.wait_for_place(True, MAX_SHARE, 0).warps == 1
    hand.move(301, 50)
    watching.told.wait_for_place(False, MAX_SHARE, 0)


def test_a_place_follows_the_captured_part(watching: Watching, hand: ScreenPointer) -> None:
    hand.move(100, 50)
    watching.stage.want(True)
    watching.told.wait_for_place(True, 0, 0)
    watching.area = Rect(0, 0, 101, 51)
    watching.told.wait_for_place(True, MAX_SHARE, MAX_SHARE)


def test_who_wants_again_is_told_again(watching: Watching, hand: ScreenPointer) -> None:
    for glyph in (LINK, TEXT):
        hand.show(glyph)
        watching.stage.want(True)
        watching.told.wait_for_shape(hand.image())
        watching.told.wait_for_place(False, 0, 0)
        watching.stage.want(False)


def test_without_a_pointer_clients_show_their_own_and_the_log_says_why_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wavry.server.cursor.stage._REOPEN_DELAYS_S", (0.001,))
    with caplog.at_level(logging.WARNING), XServer(64, 64) as server:
        watching = Watching(server.display, Rect(0, 0, 64, 64))
        try:
            watching.stage.want(True)
            with ScreenPointer(server.display) as hand:
                watching.told.wait_for_shape(hand.image())
            server.kill()
            watching.told.wait_for_shape(None)
            with XServer(64, 64, display=server.display), ScreenPointer(server.display) as hand:
                watching.told.wait_for_shape(hand.image())
        finally:
            watching.end()
    (lost,) = [record.getMessage() for record in caplog.records]
    assert "clients show an arrow of their own" in lost


# Viewers.


class Host:
    """A hub with viewers over connections in memory."""

    def __init__(self) -> None:
        self.wanted: list[bool] = []
        self.pending = HolderGroup(4, CursorSender.cap_bytes, CursorSender.policy)
        self.hub = CursorHub(self.wanted.append, self.pending)
        self.clients: list[LoopbackConnection] = []

    async def welcome(self) -> tuple[Listener, ViewerCursor, LoopbackConnection]:
        client, host = loopback_pair()
        at_client, at_host = Listener(client), Listener(host)
        client.send_stream(Channel.CONTROL, encode_message(Hello()))
        client.flush()
        await until(lambda: at_host.control)
        viewer = ViewerCursor(Talk(host), self.hub)
        self.hub.add(viewer)
        self.clients.append(client)
        return at_client, viewer, host

    async def close(self) -> None:
        for client in self.clients:
            client.close(0, "")
            await client.wait_closed()


def shapes_of(listener: Listener) -> list[CursorShape]:
    return [
        message
        for message in MessageDecoder(CONTROL).receive(bytes(listener.control))
        if isinstance(message, CursorShape)
    ]


def places_of(listener: Listener) -> list[CursorPlace]:
    places: list[CursorPlace] = []
    for datagram in listener.datagrams:
        assert datagram[1] == Stream.CURSOR
        place = CursorState.from_bytes(datagram).place
        if place not in places:
            places.append(place)
    return places


@in_loop
async def test_a_client_that_comes_later_is_told_the_latest() -> None:
    host = Host()
    first, _, _ = await host.welcome()
    host.hub.offer_shape(TEXT_SHAPE)
    host.hub.offer_place(LEFT)
    await until(lambda: shapes_of(first) and first.datagrams)
    host.hub.offer_shape(LINK_SHAPE)
    host.hub.offer_place(RIGHT)
    await until(lambda: len(shapes_of(first)) == 2 and len(places_of(first)) == 2)
    second, _, _ = await host.welcome()
    await until(lambda: shapes_of(second) and second.datagrams)
    assert (shapes_of(first), places_of(first)) == ([TEXT_SHAPE, LINK_SHAPE], [LEFT, RIGHT])
    assert (shapes_of(second), places_of(second)) == ([LINK_SHAPE], [RIGHT])
    assert host.wanted == [True]
    await host.close()


@in_loop
async def test_the_pointer_is_watched_while_anybody_draws_it() -> None:
    host = Host()
    _, first, _ = await host.welcome()
    _, second, _ = await host.welcome()
    first.ended()
    assert host.wanted == [True]
    second.ended()
    second.ended()
    assert host.wanted == [True, False]
    assert host.pending.members == ()
    await host.welcome()
    assert host.wanted == [True, False, True]
    await host.close()


@in_loop
async def test_what_the_loop_did_not_take_in_time_gives_way_to_the_newest() -> None:
    host = Host()
    client, _, _ = await host.welcome()
    for number in range(100):
        host.hub.offer_place(CursorPlace(True, number, 0))
        host.hub.offer_shape(TEXT_SHAPE if number < 99 else LINK_SHAPE)
    await until(lambda: shapes_of(client) and client.datagrams)
    assert shapes_of(client) == [LINK_SHAPE]
    assert [place.x for place in places_of(client)] == [99]
    await host.close()


@in_loop
async def test_a_client_that_reads_slowly_gets_the_newest_shape_when_it_has_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host()
    client, viewer, connection = await host.welcome()
    backlog = MAX_BACKLOG_BYTES + 1
    monkeypatch.setattr(connection, "stream_backlog_bytes", lambda _: backlog)
    for shape in (TEXT_SHAPE, LINK_SHAPE, TEXT_SHAPE, LINK_SHAPE):
        viewer.tell(shape, None)
    viewer.tell(None, LEFT)
    await until(lambda: client.datagrams)
    assert shapes_of(client) == []
    assert viewer.sender.drops == 3
    backlog = 0
    viewer.writable(now=asyncio.get_running_loop().time())
    connection.flush()
    await until(lambda: shapes_of(client))
    assert shapes_of(client) == [LINK_SHAPE]
    await host.close()


@in_loop
async def test_a_place_without_room_leaves_when_there_is_some(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    client, viewer, connection = await host.welcome()
    with monkeypatch.context() as full:
        full.setattr(connection, "send_datagram", lambda _: False)
        viewer.tell(None, LEFT)
        viewer.tell(None, RIGHT)
    viewer.writable(now=asyncio.get_running_loop().time())
    connection.flush()
    await until(lambda: client.datagrams)
    assert places_of(client) == [RIGHT]
    await host.close()


@in_loop
async def test_nothing_is_said_after_the_end() -> None:
    host = Host()
    client, viewer, _ = await host.welcome()
    viewer.tell(None, LEFT)
    viewer.ended()
    host.hub.offer_shape(TEXT_SHAPE)
    viewer.tell(TEXT_SHAPE, RIGHT)
    await until(lambda: client.datagrams)
    assert (shapes_of(client), places_of(client)) == ([], [LEFT])
    await host.close()
