"""Hands and a host, with real sessions on an in-memory connection."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.aio import in_loop, until
from tests.support.sdl_events import button_event, key_down, key_up, motion, text_event
from tests.support.transport import Listener
from wavry.client.clock_sync import ClockSync
from wavry.client.hands.deeds import PadAxes, PadPlugged
from wavry.client.hands.hands import Hands
from wavry.client.hands.pointer import View
from wavry.client.rights import HostRights
from wavry.client.session import HostSession
from wavry.client.statistics import Statistics
from wavry.client.window.sdl import sdl2
from wavry.media import Rect, Size
from wavry.memory import MemoryBudget
from wavry.rift import Denied, Hello, Message, MessageDecoder, MessageKinds, RightsGranted, Stream, encode_message
from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.messages import TO_HOST, Button, Held, Key, Pad, ReleaseAll, Rumble
from wavry.transport import Channel
from wavry.transport.loopback import LoopbackConnection, loopback_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

VIEW = View(Rect(0, 0, 640, 480), Size(640, 480))
ALL = ("view", "pointer", "keys", "pads")
A = 4


class HostEnd(Listener):
    """A host that writes down what it is told."""

    def __init__(self, connection: LoopbackConnection) -> None:
        super().__init__(connection)
        self._connection = connection
        self._decoder = MessageDecoder(MessageKinds(TO_HOST))
        self.heard: list[Message] = []

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        if channel is Channel.INPUT:
            self.heard += self._decoder.receive(data)

    @property
    def states(self) -> list[PointerState]:
        return [PointerState.from_bytes(each) for each in self.datagrams if each[1] == Stream.POINTER]

    @property
    def pad_states(self) -> list[PadState]:
        return [PadState.from_bytes(each) for each in self.datagrams if each[1] == Stream.PADS]

    def say(self, *messages: Message, channel: Channel = Channel.CONTROL) -> None:
        for message in messages:
            self._connection.send_stream(channel, encode_message(message))
        self._connection.flush()


class Desk:
    """A window without SDL's: hands whose events are made by hand, and the client's part of a session."""

    def __init__(self) -> None:
        self.rights = HostRights()
        self.budget = MemoryBudget()
        self.hands = Hands(self.rights, self.budget)
        self.hands._view = lambda: VIEW  # type: ignore[method-assign] # there is no window
        self.hands._pointer._view = lambda: VIEW
        self.hands._keyboard._take_text = lambda: ""
        self.hands._keyboard.gives_text = False
        self.hands.open()

    def do(self, *events: object) -> None:
        for event in events:
            self.hands.handle(event)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[HostEnd]:
        client, host = loopback_pair()
        end = HostEnd(host)
        part = self.hands.new_session()
        session = HostSession(
            client,
            Hello(input=True),
            Statistics(ClockSync()),
            self.budget,
            on_stream=lambda _: None,
            on_unit=lambda _: None,
            on_source_state=lambda *_: None,
            is_behind=lambda: False,
            parts=[self.rights, part],
        )
        part.begin(session.talk)
        try:
            yield end
        finally:
            host.close(0, "")
            await session.ended
            session.release()

    async def settled(self) -> None:
        """Wait until what was done is said, or dropped."""
        await until(lambda: not self.hands._handover.used_bytes)


def type_a() -> tuple[object, object]:
    return key_down(A, ord("a")), key_up(A)


@in_loop
async def test_what_hands_do_reaches_the_host_at_once() -> None:
    desk = Desk()
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(motion(0, 0), *type_a(), button_event(1, True, 639, 479), button_event(1, False, 639, 479))
        await until(lambda: len(host.heard) == 4)
    down, up, *clicks = host.heard
    assert (down, up) == (Key(usage=A, is_down=True), Key(usage=A, is_down=False))
    assert all(isinstance(each, Button) and (each.x, each.y) == (65_535, 65_535) for each in clicks)
    desk.hands.close()


@in_loop
async def test_a_place_is_told_again_after_the_last_motion() -> None:
    desk = Desk()
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(motion(639, 0))
        await until(lambda: len(host.states) == 5)
    assert set(host.states) == {PointerState(1, False, 65_535, 0, 0, 0)}
    desk.hands.close()


@in_loop
async def test_a_log_never_tells_what_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    caplog.set_level(logging.DEBUG, "wavry")
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(text_event("geheim"), key_down(A, ord("a")))
        await until(lambda: len(host.heard) == 2)
    (line,) = [record.getMessage() for record in caplog.records if "presses" in record.getMessage()]
    assert re.fullmatch(r"2 messages, 1 presses, left at \d+ us", line)
    assert "geheim" not in caplog.text
    desk.hands.close()


@in_loop
async def test_before_the_host_has_spoken_and_after_the_end_nothing_is_sent_and_the_next_session_is_fresh() -> None:
    desk = Desk()
    async with desk.session() as first:
        desk.do(*type_a())
        await desk.settled()
        first.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(key_down(A, ord("a")))
        await until(lambda: first.heard)
    desk.do(key_down(5, ord("b")))
    await desk.settled()
    async with desk.session() as second:
        second.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(key_up(A), key_up(5), key_down(6, ord("c")))
        await until(lambda: second.heard)
    assert first.heard == [Key(usage=A, is_down=True)]
    assert second.heard == [Key(usage=6, is_down=True)]
    desk.hands.close()
    assert [entry.name for entry in desk.budget.entries()] == ["client.hands"]


@in_loop
async def test_who_looks_away_lets_go() -> None:
    desk = Desk()
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(key_down(A, ord("a")))
        await until(lambda: host.heard)
        away = sdl2.SDL_Event()
        away.type, away.window.event = sdl2.SDL_WINDOWEVENT, sdl2.SDL_WINDOWEVENT_FOCUS_LOST
        desk.do(away)
        await until(lambda: ReleaseAll() in host.heard)
    desk.hands.close()


@in_loop
async def test_without_a_right_one_press_is_tried_and_then_nothing_but_what_is_allowed() -> None:
    desk = Desk()
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=("view", "pointer")))
        await until(lambda: desk.rights.granted)
        desk.do(key_down(A, ord("a")))
        await until(lambda: host.heard)
        host.say(Denied(right="keys"))
        await until(lambda: desk.rights.denied)
        desk.do(*type_a(), text_event("ж"), button_event(1, True, 0, 0))
        await until(lambda: any(isinstance(each, Held) for each in host.heard))
    first, button, held = host.heard[:3]
    assert first == Key(usage=A, is_down=True)
    assert isinstance(button, Button)
    assert held == Held(buttons=(1,))
    desk.hands.close()


@in_loop
async def test_pads_that_were_there_before_are_told_and_are_told_again_with_the_right_to_them() -> None:
    desk = Desk()
    there = Pad(pad=0, is_there=True, name="a pad")
    desk.hands._handover.post(PadPlugged(0, "a pad"))
    await desk.settled()
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=("view",)))
        await until(lambda: host.heard)
        host.say(Denied(right="pads"))
        await until(lambda: desk.rights.denied)
        host.say(RightsGranted(rights=ALL))
        await until(lambda: len(host.heard) == 2)
        desk.hands._handover.post(PadAxes(0, (1, 2, 3, 4, 5, 6)))
        await until(lambda: host.pad_states)
    assert host.heard == [there, there]
    assert host.pad_states[0][2:] == (1, 2, 3, 4, 5, 6)
    desk.hands.close()


@in_loop
async def test_a_wish_to_shake_a_pad_reaches_the_thread_of_the_window() -> None:
    desk = Desk()
    assert sdl2.SDL_InitSubSystem(sdl2.SDL_INIT_EVENTS) == 0
    desk.hands._wake_event = sdl2.SDL_RegisterEvents(1)
    shaken: list[Rumble] = []
    desk.hands._pads.rumble = shaken.append  # type: ignore[method-assign, assignment] # there is no pad
    async with desk.session() as host:
        host.say(Hello(), RightsGranted(rights=ALL))
        await until(lambda: desk.rights.granted)
        desk.do(*type_a())
        await until(lambda: host.heard)  # the client has spoken on the stream, so the host may
        wish = Rumble(pad=0, low=1, high=2, duration_ms=3)
        host.say(wish, channel=Channel.INPUT)
        event = sdl2.SDL_Event()
        await until(lambda: sdl2.SDL_PollEvent(event) and event.type == desk.hands._wake_event)
        desk.do(event)
    assert shaken == [wish]
    sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_EVENTS)
    desk.hands.close()
    await asyncio.sleep(0)
