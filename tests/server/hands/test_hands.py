"""Several clients' hands, from what they send to what is done, without a screen."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from tests.support.hands import RecordingInjector
from tests.support.hands_client import HELLO, HandsClient
from tests.support.viewers import viewer_session
from wavry.errors import BackendUnavailableError, ErrorCode, InputLostError, NoBackendError
from wavry.media import Rect
from wavry.pipeline import run_in_worker
from wavry.rift import Denied, MessageDecoder, MessageKinds, Right
from wavry.rift.input.datagrams import PadState
from wavry.rift.input.messages import TO_CLIENT, Button, Held, Key, Pad, ReleaseAll, Rumble, Scroll, Text
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.hands import Hands, HandsPart, HandsStage, stage
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from wavry.server.viewer import ViewerSession

A, B = 4, 5
AREA = Rect(10, 20, 200, 100)

DEEDS = {
    Right.KEYS: {"press", "type"},
    Right.POINTER: {"move", "move by", "button", "scroll"},
    Right.PADS: {"plug", "pad buttons", "pad axes"},
}
"""What needs which right, in the recorder's words."""


class Desk:
    """A host without a screen, whose hands are recorded, and its clients."""

    def __init__(self, *, opens: Callable[[], RecordingInjector] | None = None) -> None:
        self.recorder = RecordingInjector()
        self.on_rumble: Callable[[int, int, int, int], None] | None = None
        self.hands = Hands(4, lambda wanted: self.stage.want(wanted))
        self.loop = asyncio.get_running_loop()
        self.area: Rect | None = AREA
        self.stage = HandsStage(
            self.hands.queue,
            lambda: self.area,
            self._rumbled,
            open_keys=opens or (lambda: self.recorder),
            open_pads=self._open_pads,
        )
        self._clients: list[HandsClient] = []

    def _rumbled(self, client: int, pad: int, low: int, high: int, duration_ms: int) -> None:
        self.loop.call_soon_threadsafe(self.hands.rumble, client, pad, low, high, duration_ms)

    def _open_pads(self, on_rumble: Callable[[int, int, int, int], None]) -> RecordingInjector:
        self.on_rumble = on_rumble
        return self.recorder

    async def client(self, rights: frozenset[Right] = ALL_RIGHTS) -> tuple[HandsClient, ViewerSession]:
        near, far = loopback_pair()
        session = viewer_session(
            far, lambda viewer: viewer.talk.add(HandsPart(self.hands, viewer.rights, viewer.talk)), rights=rights
        )
        client = HandsClient(near)
        self._clients.append(client)
        await client.welcome()
        return client, session

    async def did(self, *events: tuple[object, ...]) -> None:
        """Wait until so much is done, and compare it."""
        await until(lambda: len(self.recorder.done) >= len(events))
        assert self.recorder.done == list(events)
        self.recorder.done.clear()

    async def __aenter__(self) -> Desk:
        self._task = asyncio.create_task(run_in_worker("test-input", self.stage.run, stop=self.stage.stop))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        for client in self._clients:
            client.connection.close(ErrorCode.NO_ERROR, "")
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@in_loop
async def test_what_a_client_sends_is_done_in_order() -> None:
    async with Desk() as desk:
        client, _ = await desk.client()
        client.press(A, text="a")
        client.release(A)
        client.type("Привет")
        client.button(1, True, 65_535, 65_535)
        client.button(1, False)
        client.say(Scroll(vertical=120))
        await desk.did(
            ("press", A, "a"), ("release", A), ("type", "Привет"), ("move", 209, 119), ("button", 1),
            ("button up", 1), ("scroll", 0, 120),
        )  # fmt: skip
        desk.area = Rect(0, 0, 50, 50)
        client.point(65_535, 0)
        await desk.did(("move", 49, 0))
        desk.area = None  # there is nothing to point at
        client.point(0, 0)
        client.press(A)
        await desk.did(("press", A, ""))


@in_loop
async def test_what_one_client_holds_is_not_let_go_of_by_another() -> None:
    async with Desk() as desk:
        first, _ = await desk.client()
        second, _ = await desk.client()
        first.press(A)
        await desk.did(("press", A, ""))
        second.press(A, B)
        await desk.did(("press", A, ""), ("press", B, ""))
        second.say(Held(), Key(usage=0x29, is_down=True))
        await desk.did(("release", B), ("press", 0x29, ""))
        first.say(ReleaseAll())
        await desk.did(("release", A))
        second.connection.close(ErrorCode.NO_ERROR, "")
        await desk.did(("release", 0x29))


@in_loop
async def test_the_last_to_leave_lets_go_of_the_machine_and_the_next_takes_it_again() -> None:
    opened: list[RecordingInjector] = []

    def open_another() -> RecordingInjector:
        opened.append(RecordingInjector())
        return opened[-1]

    async with Desk(opens=open_another) as desk:
        client, _ = await desk.client()
        client.press(A)
        await until(lambda: opened and opened[0].keys)
        client.connection.close(ErrorCode.NO_ERROR, "")
        await until(lambda: opened[0].is_closed)
        assert opened[0].done[-2:] == [("release", A), ("release everything",)]
        again, _ = await desk.client()
        again.press(B)
        await until(lambda: len(opened) == 2 and opened[1].keys)


@in_loop
async def test_stopping_lets_go_at_once_of_what_is_held() -> None:
    async with Desk() as desk:
        client, _ = await desk.client()
        client.press(A)
        await until(lambda: desk.recorder.keys)
    assert desk.recorder.is_closed
    assert not desk.recorder.is_anything_down


@pytest.mark.parametrize(
    ("missing", "tries"),
    [
        (Right.KEYS, [Key(usage=A, is_down=True, text="a"), Text(text="abc")]),
        (Right.POINTER, [Button(button=1, is_down=True, sequence=0, x=0, y=0), Scroll(vertical=120)]),
        (Right.PADS, [Pad(pad=0, is_there=True), Pad(pad=0, is_there=True, buttons=1)]),
    ],
)
@in_loop
async def test_without_the_right_nothing_happens_and_all_hear_of_it_once(
    missing: Right, tries: list[Key | Text | Button | Scroll | Pad], caplog: pytest.LogCaptureFixture
) -> None:
    async with Desk() as desk:
        client, _ = await desk.client(ALL_RIGHTS - {missing})
        with caplog.at_level(logging.WARNING):
            client.say(*tries * 3)
            client.connection.send_datagram(PadState(1, 0, 1, 2, 3, 4, 5, 6).to_bytes())
            client.point(0, 0)
            await until(lambda: any(isinstance(message, Denied) for message in client.told))
            done = len(desk.recorder.done)
            client.say(*tries)
            if missing is Right.KEYS:
                client.button(2, True)
            else:
                client.press(B)
            await until(lambda: len(desk.recorder.done) > done)
        assert [message for message in client.told if isinstance(message, Denied)] == [Denied(right=missing.value)]
        assert [record.getMessage() for record in caplog.records if "no right" in record.getMessage()] == [
            f"{HELLO.name} (loopback:1) has no right to {missing.value}; what it sends of that is ignored"
        ]
        assert not DEEDS[missing] & {str(done[0]) for done in desk.recorder.done}


@in_loop
async def test_a_right_that_is_taken_away_lets_go_of_what_it_held() -> None:
    async with Desk() as desk:
        client, session = await desk.client()
        client.press(A)
        client.say(Pad(pad=0, is_there=True, name="a pad"))
        await desk.did(("press", A, ""), ("plug", 0, "a pad"))
        session.rights.granted = frozenset({Right.VIEW})
        client.release(A)
        client.say(Pad(pad=0, is_there=True, buttons=1))
        await desk.did(("release", A), ("unplug", 0))


@in_loop
async def test_pads_of_several_clients_are_kept_apart_and_shake() -> None:
    async with Desk() as desk:
        await desk.client()
        client, _ = await desk.client()
        client.say(Pad(pad=3, is_there=True, name="a pad", buttons=2))
        await desk.did(("plug", 7, "a pad"), ("pad buttons", 7, 2))
        client.connection.send_datagram(PadState(1, 3, 1, 2, 3, 4, 5, 6).to_bytes())
        client.connection.flush()
        await desk.did(("pad axes", 7, (1, 2, 3, 4, 5, 6)))
        assert desk.on_rumble is not None
        shaking = threading.Thread(target=desk.on_rumble, args=(7, 1000, 2000, 300))
        shaking.start()
        await until(lambda: client.heard.streams[Channel.INPUT])
        shaking.join()
        heard = MessageDecoder(MessageKinds(TO_CLIENT)).receive(bytes(client.heard.streams[Channel.INPUT]))
        assert heard == [Rumble(pad=3, low=1000, high=2000, duration_ms=300)]


@in_loop
async def test_hands_that_are_lost_are_spoken_of_once_and_looked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "_RETRY_S", 0.0)

    class Lost(RecordingInjector):
        def press_key(self, usage: int, text: str) -> None:
            raise InputLostError("recorder", "it broke")

    answers: list[RecordingInjector | None] = [Lost(), RecordingInjector()]
    opened: list[RecordingInjector] = []

    def open_next() -> RecordingInjector:
        answer = answers.pop(0)
        assert answer is not None
        opened.append(answer)
        return answer

    async with Desk(opens=open_next) as desk:
        client, _ = await desk.client()
        with caplog.at_level(logging.WARNING):
            await until(lambda: opened)
            client.press(A)
            await until(lambda: len(opened) == 2)
            await until(lambda: opened[1].done == [("press", A, "")])
        assert opened[0].is_closed
        assert [record.getMessage() for record in caplog.records] == [
            "input: recorder was lost: it broke; trying again"
        ]


@in_loop
async def test_a_fault_of_ours_lets_go_of_everything_and_ends_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "_RETRY_S", 0.0)

    class Faulty(RecordingInjector):
        def type_text(self, text: str) -> None:
            raise ValueError(text)

    opened: list[Faulty] = []

    def open_another() -> Faulty:
        opened.append(Faulty())
        return opened[-1]

    async with Desk(opens=open_another) as desk:
        client, _ = await desk.client()
        client.press(A)
        client.type("x")
        client.press(B)
        await until(lambda: len(opened) == 2 and opened[1].keys == {B})
        assert opened[0].is_closed
        assert not opened[0].is_anything_down
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "input: a fault of ours in TextTyped; letting go of everything"
    ]


@in_loop
async def test_where_there_are_no_hands_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> RecordingInjector:
        raise NoBackendError("way to press keys", (BackendUnavailableError("x11", "DISPLAY is not set"),))

    async with Desk(opens=refuse) as desk:
        client, _ = await desk.client()
        with caplog.at_level(logging.WARNING):
            client.press(A, B)
            client.release(A, B)
            await until(lambda: not desk.hands.queue.used_bytes and caplog.records)
        assert [record.getMessage() for record in caplog.records] == [
            "input: no way to press keys runs on this machine (x11: DISPLAY is not set); what clients' hands do has no "
            "effect"
        ]


@in_loop
async def test_a_full_queue_leaves_nothing_down() -> None:
    gate = threading.Event()

    class Slow(RecordingInjector):
        def type_text(self, text: str) -> None:
            gate.wait()

    slow = Slow()
    async with Desk(opens=lambda: slow) as desk:
        client, _ = await desk.client()
        other, _ = await desk.client()
        try:
            client.type("x")
            client.press(B)
            for _ in range(40):  # each as quickly as one client may, together more than the queue takes
                client.press(*[A] * 25)
                other.press(*[A] * 25)
            client.press(*range(10, 40))
            client.release(A, B, *range(10, 40))
            await until(lambda: desk.hands.queue.drops > 0)
            client.say(ReleaseAll())
            other.say(ReleaseAll())
        finally:
            gate.set()
        await until(lambda: not desk.hands.queue.used_bytes and not slow.is_anything_down)
        assert ("release", B) in slow.done
