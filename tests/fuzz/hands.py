"""Input: what a client sends, down to what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.hands import RecordingInjector
from wavry.errors import RemoteProtocolError
from wavry.media import Rect
from wavry.rift import Message, MessageDecoder, MessageKinds, encode_message
from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.messages import TO_HOST, Button, Held, Key, Pad, ReleaseAll, Scroll, Text
from wavry.rift.input.receiver import InputReceiver
from wavry.server.hands import Hands, HandsStage

if TYPE_CHECKING:
    from random import Random

    from wavry.rift.input.events import InputEvent


class InputTarget:
    """Messages and datagrams of clients' hands, down to an injector.

    A client stays for 500 inputs, and nothing may be down when it has gone.
    """

    def __init__(self, dice: Random) -> None:
        messages: list[Message] = [
            Key(usage=4, is_down=True, text="a"),
            Key(usage=0xE1, is_down=True),
            Key(usage=4, is_down=False),
            Text(text="ab\n\u0416"),
            Button(button=1, is_down=True, sequence=dice.getrandbits(32), x=1, y=65_535),
            Button(button=1, is_down=False, sequence=3),
            Scroll(horizontal=-30, vertical=dice.randint(1, 12_000)),
            Held(keys=(4, 0xE1), buttons=(1, 2)),
            ReleaseAll(),
            Pad(pad=2, is_there=True, name="a pad", buttons=0b101),
            Pad(pad=2, is_there=False),
        ]
        states: list[PointerState | PadState] = [
            PointerState(dice.getrandbits(32), False, 1, 65_535, 0, 0),
            PointerState(dice.getrandbits(32), True, 0, 0, -5, dice.getrandbits(31)),
            PadState(dice.getrandbits(32), 2, 1, -2, 3, -4, 5, 32_767),
        ]
        # A message begins with 0, the highest byte of its size; a datagram with 1, its version.
        self.seeds = [encode_message(message) for message in messages] + [state.to_bytes() for state in states]
        self._kinds = MessageKinds(TO_HOST)
        self._hands = Hands(1, lambda _: None)
        self._injector = RecordingInjector(keeps=False)
        self._stage = HandsStage(
            self._hands.queue,
            lambda: Rect(0, 0, 1920, 1080),
            lambda *_: None,
            open_keys=lambda: self._injector,
            open_pads=lambda _: self._injector,
        )
        self.cap_bytes = self._hands.queue.cap_bytes + self._hands.receivers.cap_bytes
        self._fed = 0
        self._join()

    def _join(self) -> None:
        self._decoder, self.receiver = MessageDecoder(self._kinds), InputReceiver()
        self._client = self._hands.join(self)

    def feed(self, data: bytes) -> None:
        """Take it and do what comes of it, a millisecond after the last, sometimes seconds, sometimes much later."""
        self._fed += 1
        now = self._fed * 1e-3 + self._fed // 100 * 3.0
        try:
            self._do(self.receiver.handle_timer(now=now))
            if data[:1] == b"\x01":
                self._do(self.receiver.receive_datagram(data))
            else:
                for message in self._decoder.receive(data):
                    self._do(self.receiver.receive_message(message, now=now))
        except RemoteProtocolError:
            self._decoder = MessageDecoder(self._kinds)
            raise
        finally:
            if self._fed % 500 == 0:
                self._leave()
            elif self._fed % 2000 < 1000:
                self._stage.do_what_waits()

    def rumble(self, pad: int, low: int, high: int, duration_ms: int) -> None:
        """Do nothing: nobody shakes the recorder's pads."""

    def _do(self, events: list[InputEvent]) -> None:
        self._hands.do(self._client, events)

    def _leave(self) -> None:
        self._do(self.receiver.end())
        self._hands.leave(self._client, self)
        self._stage.do_what_waits()
        if self._injector.is_anything_down:
            raise AssertionError(f"left down: {self._injector.keys or self._injector.buttons or self._injector.pads}")
        self._join()
