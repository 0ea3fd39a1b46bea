"""The input of one connection: deeds become messages and datagrams, and leave at once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from msgspec import structs

from wavry.clock import monotonic_us, timer_at
from wavry.rift import Right, Stream
from wavry.rift.input.messages import TO_CLIENT, TO_HOST, Button, Held, Key, Pad, Rumble, Scroll, Text
from wavry.rift.input.sender import InputSender
from wavry.session import SessionPart
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wavry.client.hands.deeds import Deed
    from wavry.client.rights import HostRights
    from wavry.memory import MemoryBudget, Registration
    from wavry.rift import Message
    from wavry.session import Talk

logger = logging.getLogger(__name__)

_RIGHTS: dict[type[Message], Right] = {
    Key: Right.KEYS,
    Text: Right.KEYS,
    Button: Right.POINTER,
    Scroll: Right.POINTER,
    Pad: Right.PADS,
}
_STREAM_RIGHTS = {Stream.POINTER: Right.POINTER, Stream.PADS: Right.PADS}

_DATAGRAM_SPACE_BYTES = 128
"""What one state takes on the way, with all that stands around it. With less room it waits, and may be newer then."""


class HandsSession(SessionPart):
    """Sends what hands do, from the moment on when the host has said what they may. On the loop.

    Args:
        rights: What the host allows. Added to the session before this, so that it hears of rights first.
        budget: Where what waits registers.
        on_rumble: Gets the host's wishes to shake a pad.
    """

    channel = Channel.INPUT
    message_types = TO_CLIENT
    says = TO_HOST

    def __init__(
        self,
        rights: HostRights,
        budget: MemoryBudget,
        *,
        on_rumble: Callable[[Rumble], None],
    ) -> None:
        self._rights = rights
        self._budget = budget
        self._on_rumble = on_rumble
        self._loop = asyncio.get_running_loop()
        self._talk: Talk | None = None
        self._sender = InputSender()
        self._registration: Registration | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_for_space = False

    def begin(self, talk: Talk) -> None:
        """Send through a session from now on."""
        self._talk = talk
        self._registration = self._budget.register("rift.input_sender", self._sender, policy=self._sender.policy)

    # From the hands.

    def do(self, deeds: Iterable[Deed]) -> None:
        """Pass on what hands have done; without a host that takes it, it is over."""
        if self._talk is None or self._rights.granted is None:
            return
        now = self._loop.time()
        for deed in deeds:
            deed.tell(self._sender, now)
        self._send(now)

    def repeat_pads(self) -> None:
        """Say again which pads there are, to a host that did not let this client plug one in before."""
        self._sender.repeat_pads()
        self._send(self._loop.time())

    # Towards the host.

    def _send(self, now: float) -> None:
        """Send what there is to send, and wake up for what is next."""
        talk = self._talk
        if talk is None:
            return
        said = [each for each in map(self._permitted, self._sender.messages()) if each is not None]
        for message in said:
            talk.say(message)
        if self._send_states(talk, now) or said:
            talk.flush()
        if said and logger.isEnabledFor(logging.DEBUG):
            # When, and not what: it may be a password.
            presses = sum(isinstance(each, Key) and each.is_down for each in said)
            logger.debug("%d messages, %d presses, left at %d us", len(said), presses, monotonic_us())
        due_at = None if self._waits_for_space else self._sender.next_timer()
        self._timer = timer_at(self._loop, self._timer, due_at, self._due)

    def _send_states(self, talk: Talk, now: float) -> bool:
        """Queue the states that are due; return whether there were any."""
        connection = talk.connection
        self._waits_for_space = connection.send_space_bytes < _DATAGRAM_SPACE_BYTES
        if self._waits_for_space:
            return False
        states = self._sender.datagrams_to_send(now=now)
        permitted = [each for each in states if self._rights.may_try(_STREAM_RIGHTS[Stream(each[1])])]
        for datagram in permitted:
            connection.send_datagram(datagram)
        return bool(permitted)

    def _permitted(self, message: Message) -> Message | None:
        """Return what may be said of a message; None for nothing."""
        may_try = self._rights.may_try
        if isinstance(message, Held):
            keys = message.keys if may_try(Right.KEYS) else ()
            buttons = message.buttons if may_try(Right.POINTER) else ()
            return structs.replace(message, keys=keys, buttons=buttons) if keys or buttons else None
        right = _RIGHTS.get(type(message))
        return message if right is None or may_try(right) else None

    def _due(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._sender.handle_timer(now=now)
        self._send(now)

    # From the session.

    def message_received(self, message: Message, *, now: float) -> None:
        """Take a wish to shake a pad."""
        assert isinstance(message, Rumble)  # nothing else is asked for
        self._on_rumble(message)

    def writable(self, *, now: float) -> None:
        """Send the states that waited."""
        if self._waits_for_space:
            self._due()

    def ended(self) -> None:
        """Send no more."""
        self._talk = None
        if self._timer is not None:
            self._timer.cancel()

    def release(self) -> None:
        """Take what it holds out of the budget."""
        if self._registration is not None:
            self._registration.close()
