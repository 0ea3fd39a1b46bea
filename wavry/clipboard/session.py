"""One peer and the clipboard: what both sides have opted in to goes over, nothing else. The same on host and client."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from wavry.clock import timer_at
from wavry.rift import Hello
from wavry.rift.clipboard import ClipboardData, ClipboardOffer, ClipboardReceiver, ClipboardSender
from wavry.session import SessionPart
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.clipboard.config import ClipboardDirections
    from wavry.rift import Message
    from wavry.session import Talk
    from wavry.transport import Connection

logger = logging.getLogger(__name__)


_SHORT_QUEUE_MS = 10.0
"""So much more than the shortest round trip is jitter, or a queue that hurts nobody."""

_LEAST_SHARE = 0.125


class ClipboardSession(SessionPart):
    """Sends texts and takes them. On the loop.

    Args:
        directions: What this side opted in to.
        on_text: Gets each whole text that the peer may put on this side's clipboard.
    """

    channel = Channel.BULK

    def __init__(self, directions: ClipboardDirections, on_text: Callable[[bytes], None]) -> None:
        self._directions = directions
        self._on_text = on_text
        self._loop = asyncio.get_running_loop()
        self._talk: Talk | None = None
        """While something can be said."""
        self._peer = Hello()
        self._sender = ClipboardSender(self.rate_bps(self._loop.time()))
        self.receiver = ClipboardReceiver()
        self._timer: asyncio.TimerHandle | None = None
        self._has_complained = False

    # What the sides differ in.

    def rate_bps(self, now: float) -> float:
        """How fast text may be sent now."""
        raise NotImplementedError

    @property
    def peer_name(self) -> str:
        """What the log calls the peer."""
        raise NotImplementedError

    def allows_sending(self) -> bool:
        """Whether the host's rights let text go to the peer."""
        return True

    def allows_receiving(self) -> bool:
        """Whether the host's rights let the peer's text come; called for each text that it offers."""
        return True

    # Who may do what.

    @property
    def may_send(self) -> bool:
        """Whether text goes to the peer."""
        return self._directions.send and self._peer.clipboard_receive and self.allows_sending()

    @property
    def is_asked_to_receive(self) -> bool:
        """Whether both sides have opted in to text from the peer."""
        return self._directions.receive and self._peer.clipboard_send

    def begin(self, talk: Talk, peer: Hello) -> None:
        """Note that things can be said from now on, and what the peer said of itself."""
        self._talk, self._peer = talk, peer

    @property
    def has_begun(self) -> bool:
        """Whether `begin` was called, and the session has not ended."""
        return self._talk is not None

    # To the peer.

    def send(self, text: bytes) -> None:
        """Send a text, if it may go to the peer; a newer one takes its place."""
        if self.may_send:
            self._sender.offer(text)
            self._go_on()

    @property
    def is_sending(self) -> bool:
        """Whether a text is on its way to the peer."""
        return not self._sender.is_idle

    def writable(self, *, now: float) -> None:
        """Go on with a text that waited for what the peer had to acknowledge."""
        if not self._sender.is_idle:
            self._go_on()

    def _due(self) -> None:
        self._timer = None
        self._go_on()

    def _go_on(self) -> None:
        """Say what may be said now, and wake up for more."""
        talk, sender = self._talk, self._sender
        if talk is None:
            return
        if not self.may_send:
            sender.cancel()  # a right was taken away meanwhile
        now, has_spoken = self._loop.time(), False
        sender.rate_bps = self.rate_bps(now) * share_of_rate(talk.connection)
        while message := sender.next_message(backlog_bytes=talk.connection.stream_backlog_bytes(Channel.BULK), now=now):
            talk.say(message)
            has_spoken = True
        if has_spoken:
            talk.flush()
        self._timer = timer_at(self._loop, self._timer, sender.next_timer, self._due)

    # From the peer.

    def message_received(self, message: Message, *, now: float) -> None:
        """Take what the peer says of its clipboard.

        Raises:
            RemoteProtocolError: See `ClipboardReceiver.receive_data`.
        """
        text = None
        match message:
            case ClipboardOffer():
                if self._may_come():
                    text = self.receiver.receive_offer(message)
                else:
                    self.receiver.cancel()
            case ClipboardData():
                text = self.receiver.receive_data(message)
        if text is not None and self._may_come():  # a right may have been taken away meanwhile
            logger.debug("clipboard: %d bytes from %s", len(text), self.peer_name)
            self._on_text(text)

    def _may_come(self) -> bool:
        """Whether a text that the peer offers is taken; if not, the log says so once."""
        if self.is_asked_to_receive:
            return self.allows_receiving()
        if not self._has_complained:
            self._has_complained = True
            logger.warning("%s sends its clipboard unasked; it is ignored", self.peer_name)
        return False

    def ended(self) -> None:
        """Forget what is not whole."""
        self._talk = None
        self._sender.cancel()
        self.receiver.cancel()
        self._timer = timer_at(self._loop, self._timer, None, self._due)


def share_of_rate(connection: Connection) -> float:
    """Return how much of its rate a text may use: less, the longer the queue in the network is.

    What waits there holds up keys and picture, whatever its priority was.
    """
    rtt_ms, least_ms = connection.rtt_ms, connection.min_rtt_ms
    if rtt_ms is None or least_ms is None or rtt_ms - least_ms <= _SHORT_QUEUE_MS:
        return 1.0
    return max(_SHORT_QUEUE_MS / (rtt_ms - least_ms), _LEAST_SHARE)
