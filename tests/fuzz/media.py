"""The picture's way: packets, parity, and what a viewer says of them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from tests.support.fec import protect, random_frames
from tests.support.rift import make_unit
from wavry.rift import Receiver, ReceiverConfig, Sender, SenderConfig
from wavry.rift.arrivals import ArrivalReport
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder, StreamingFecEncoder
from wavry.rift.nack import serialize_nacks

if TYPE_CHECKING:
    from random import Random


class ParityTarget:
    """Parity packets, and a decoder with a window around them that moves on with every tenth input."""

    def __init__(self, dice: Random) -> None:
        config = FecConfig(200, 300, 0.3)
        stream = protect(StreamingFecEncoder(config), random_frames(dice, [36, 5, 80, 1, 1, 60], longest=300))
        stream += protect(StreamingFecEncoder(FecConfig(200, 300, 0.2, 1)), random_frames(dice, [36, 80], longest=300))
        self.seeds = [packet.to_bytes() for packet in stream if isinstance(packet, ParityPacket)]
        self.decoder = StreamingFecDecoder(config)
        self.cap_bytes = self.decoder.cap_bytes
        self._fed = 0

    def feed(self, data: bytes) -> None:
        """Read it and let it repair what it can."""
        self._fed += 1
        if self._fed % 10 == 0 and self._fed % 30:  # each third packet is lost
            self.decoder.add_source_packet(SourcePacket(self._fed // 10 % 300, data[:300]))
        self.decoder.add_parity_packet(ParityPacket.from_bytes(data))


class PacketTarget:
    """Packets with parity and some that are sent again, and a receiver."""

    def __init__(self, dice: Random) -> None:
        sender = sender_of(dice)
        self.seeds = sender.datagrams_to_send(now=0.0)
        sender.receive_datagram(serialize_nacks(range(0, 40, 3))[0], now=0.0)
        self.seeds += sender.datagrams_to_send(now=0.0)
        self._receiver = Receiver(ReceiverConfig(window_packets=64, window_bytes=64_000))
        self._receiver.rtt_s = 0.02
        self.cap_bytes = sum(holder.cap_bytes for holder in self._receiver.holders().values())
        self._now = 0.0

    def feed(self, data: bytes) -> None:
        """Receive it, 0.1 ms after the last."""
        self._now += 1e-4
        try:
            self._receiver.receive_datagram(data, now=self._now)
        finally:
            self._receiver.handle_timer(now=self._now)
            self._receiver.datagrams_to_send(now=self._now)
            self._receiver.events()


class ViewerTarget:
    """What a viewer sends as datagrams, requests and times of arrival, and a sender that streams on."""

    def __init__(self, dice: Random) -> None:
        ids = range(dice.randint(0, 5), 90, 7)
        steps = array("H", [dice.randint(0, 0xFFFF) for _ in range(100)])
        self.seeds = [*serialize_nacks(ids), ArrivalReport(0, 3, 10**9, steps).serialize()]
        self._sender = sender_of(dice)
        self.cap_bytes = sum(holder.cap_bytes for holder in self._sender.holders().values())
        self._fed = 0

    def feed(self, data: bytes) -> None:
        """Receive it, 0.1 ms after the last; a frame leaves every 16 ms."""
        self._fed += 1
        now = self._fed * 1e-4
        if self._fed % 160 == 0:
            frame_id = self._fed // 160
            self._sender.send_access_unit(make_unit(frame_id, keyframe=self._sender.needs_keyframe), now=now)
        try:
            self._sender.receive_datagram(data, now=now)
        finally:
            self._sender.handle_timer(now=now)
            self._sender.datagrams_to_send(now=now)
            self._sender.events()


def sender_of(dice: Random) -> Sender:
    """Return a sender with twenty frames to send."""
    sender = Sender(SenderConfig(redundancy=0.2))
    for frame_id in range(20):
        sender.send_access_unit(make_unit(frame_id, size=dice.randint(1, 6000)), now=0.0)
    return sender
