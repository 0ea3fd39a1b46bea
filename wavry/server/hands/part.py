"""One client's hands: what it may do of what it sends, and when it has to let go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wavry.clock import timer_at
from wavry.rift import Right
from wavry.rift.input.messages import TO_CLIENT, TO_HOST, Button, Key, Pad, Rumble, Scroll, Text
from wavry.rift.input.receiver import InputReceiver
from wavry.rift.packet import Stream
from wavry.session import SessionPart
from wavry.transport import Channel

if TYPE_CHECKING:
    from wavry.rift import Message
    from wavry.rift.input.events import InputEvent
    from wavry.server.hands.hands import Hands
    from wavry.server.rights import ClientRights
    from wavry.session import Talk

HANDS_RIGHTS = frozenset({Right.KEYS, Right.POINTER, Right.PADS})
"""What it takes to do anything on this machine."""

_NEEDS: dict[type[Message], Right] = {
    Key: Right.KEYS,
    Text: Right.KEYS,
    Button: Right.POINTER,
    Scroll: Right.POINTER,
    Pad: Right.PADS,
}
"""The right that a message needs; those that only let go need none."""


class HandsPart(SessionPart):
    """Checks each message and datagram, and has the rest done. On the loop.

    Args:
        hands: Where all clients' hands come together.
        rights: What this client may do.
        talk: Says to it what its pads are to do.
    """

    datagram_streams = (Stream.POINTER, Stream.PADS)
    channel = Channel.INPUT
    message_types = TO_HOST
    says = TO_CLIENT

    def __init__(self, hands: Hands, rights: ClientRights, talk: Talk) -> None:
        self.receiver = InputReceiver()
        self._hands = hands
        self._rights = rights
        self._talk = talk
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._client = hands.join(self)

    def message_received(self, message: Message, *, now: float) -> None:
        """Do it, if this client may; whoever loses a right lets go of what it held."""
        right = _NEEDS.get(type(message))
        if right is None or self._may(right):
            self._do(self.receiver.receive_message(message, now=now))
        else:
            self._let_go(right)
        self._keep_time()

    def datagram_received(self, datagram: bytes, *, now: float) -> None:
        """Follow pointer or sticks, if this client may.

        Raises:
            RemoteProtocolError: It is malformed; it is counted and skipped.
        """
        right = Right.PADS if datagram[1] == Stream.PADS else Right.POINTER
        if self._may(right):
            self._do(self.receiver.receive_datagram(datagram))

    def _may(self, right: Right) -> bool:
        """Whether this client has a right; if not it hears of it now, the first time."""
        if self._rights.allows(right):
            return True
        self._talk.flush()
        return False

    def _let_go(self, right: Right) -> None:
        receiver = self.receiver
        match right:
            case Right.KEYS:
                self._do(receiver.let_go_keys())
            case Right.POINTER:
                self._do(receiver.let_go_pointer())
            case _:
                self._do(receiver.unplug_pads())

    def _do(self, events: list[InputEvent]) -> None:
        self._hands.do(self._client, events)

    def _keep_time(self) -> None:
        self._timer = timer_at(self._loop, self._timer, self.receiver.next_timer(), self._held_too_long)

    def _held_too_long(self) -> None:
        self._timer = None
        self._do(self.receiver.handle_timer(now=self._loop.time()))
        self._keep_time()

    def rumble(self, pad: int, low: int, high: int, duration_ms: int) -> None:
        """Tell the client to shake a pad."""
        self._talk.say(Rumble(pad=pad, low=low, high=high, duration_ms=duration_ms))
        self._talk.flush()

    def ended(self) -> None:
        """Let go of everything at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._do(self.receiver.end())
        self._hands.leave(self._client, self)
