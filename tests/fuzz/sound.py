"""Sound's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.sound import SoundPlayout, SoundReceiver, SoundSender

if TYPE_CHECKING:
    from random import Random


class SoundTarget:
    """Sound packets with parity, a receiver, and a playout that is pulled from."""

    def __init__(self, dice: Random) -> None:
        sender = SoundSender()
        self.seeds = []
        for number in range(40):
            sender.send_packet(
                dice.randbytes(dice.randint(1, 120)), 5000 * number, now=0.0, is_silent=number % 13 == 12
            )
            self.seeds += sender.datagrams_to_send(now=0.0)
        self._receiver, self._playout = SoundReceiver(), SoundPlayout()
        self.cap_bytes = self._receiver.fec.cap_bytes + self._playout.cap_bytes
        self._now = 0.0

    def feed(self, data: bytes) -> None:
        """Receive it and play a block, 5 ms after the last."""
        self._now += 0.005
        try:
            for packet in self._receiver.receive_datagram(data):
                self._playout.add(packet, now=self._now)
        finally:
            self._playout.pull(now=self._now)
