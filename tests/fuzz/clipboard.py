"""The bulk stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift import MessageDecoder, MessageKinds, encode_message
from wavry.rift.clipboard import TO_CLIENT, ClipboardData, ClipboardOffer, ClipboardReceiver, ClipboardSender

if TYPE_CHECKING:
    from random import Random


class ClipboardTarget:
    """The bulk stream, begun anew for each input, and a receiver that goes on with what it has."""

    def __init__(self, dice: Random) -> None:
        sender = ClipboardSender(rate_bps=dice.randint(500_000, 5_000_000))
        self.seeds = []
        for number in range(8):
            sender.offer(("ä€😀" * dice.randint(0, 4000)).encode() if number else b"")
            said = []
            while (message := sender.next_message(backlog_bytes=0, now=sender.next_timer or 0.0)) is not None:
                said.append(encode_message(message))
            self.seeds += [b"".join(said), b"".join(said[:2])]
        self._receiver = ClipboardReceiver()
        self.cap_bytes = self._receiver.cap_bytes

    def feed(self, data: bytes) -> None:
        """Receive it."""
        for message in MessageDecoder(MessageKinds(TO_CLIENT)).receive(data):
            if isinstance(message, ClipboardOffer):
                self._receiver.receive_offer(message)
            elif isinstance(message, ClipboardData):
                self._receiver.receive_data(message)
