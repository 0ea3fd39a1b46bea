"""The viewer's end of sound: datagrams in, Opus packets out, each once, repaired where parity allows it.

Packets come out as they become known; putting them in order is what `SoundPlayout` does, because only it knows how long
there is time to wait. Measured: 5 to 8 µs a packet, its share of parity included; `SoundPlayout` takes as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.errors import RemoteProtocolError
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder
from wavry.rift.loss import LossTracker
from wavry.rift.packet import Stream
from wavry.rift.sequence import SERIAL_MASK, unwrap
from wavry.rift.sound.config import SoundReceiverConfig
from wavry.rift.sound.packet import MAX_OPUS_BYTES, SOUND_HEADER_BYTES, SoundPacket

if TYPE_CHECKING:
    from wavry.memory import Holder

FARTHEST_PACKETS = 400
"""Ids further from the newest are of another place in the stream: 2 s at 5 ms a packet."""

_PARITY = bytes([Stream.SOUND_PARITY])


@dataclass(slots=True)
class SoundStats:
    """Totals since the receiver was made."""

    bytes_received: int = 0
    """Of all datagrams of the two streams, malformed ones included."""

    datagrams_malformed: int = 0
    packets_received: int = 0
    """By themselves, each once."""

    packets_lost: int = 0
    """Before any repair."""

    packets_repaired: int = 0
    """Of the lost ones, those that parity gave back."""

    packets_duplicate: int = 0
    parity_received: int = 0


class SoundReceiver:
    """Parses, repairs and tells new packets from known ones. One owner, one thread.

    Ids are unwrapped where they enter, so that later ones are larger. One forged packet changes nothing that lasts: an
    id far from the newest counts only when a second one close to it follows.
    """

    def __init__(self, config: SoundReceiverConfig | None = None) -> None:
        self.config = config = config or SoundReceiverConfig()
        self.fec = StreamingFecDecoder(FecConfig(config.fec_window_packets, SOUND_HEADER_BYTES + MAX_OPUS_BYTES))
        """The last packets, and parity over them; belongs into the budget."""
        self._tracker = LossTracker(config.first_packet_id)
        self._newest = config.first_packet_id - 1
        self._suspect: int | None = None
        self._stats = SoundStats()

    def receive_datagram(self, data: bytes) -> list[SoundPacket]:
        """Take one datagram of stream 4 or 5.

        Args:
            data: Kept by reference for a few packets, to help rebuild others.

        Returns:
            The packets that became known, in no order, their ids unwrapped.

        Raises:
            RemoteProtocolError: It is neither. It is counted, nothing else changed.
        """
        self._stats.bytes_received += len(data)
        try:
            if data[1:2] == _PARITY:
                return self._take_parity(ParityPacket.from_bytes(data, Stream.SOUND_PARITY))
            packet = SoundPacket.from_bytes(data)
        except RemoteProtocolError:
            self._stats.datagrams_malformed += 1
            raise
        return self._take(packet, data)

    @property
    def stats(self) -> SoundStats:
        """The totals as they stand; the same object each time."""
        stats, tracker = self._stats, self._tracker
        stats.packets_received, stats.packets_lost = tracker.received, tracker.lost
        stats.packets_repaired, stats.packets_duplicate = tracker.repaired, tracker.duplicate
        return stats

    def holders(self) -> dict[str, Holder]:
        """Return everything of this receiver that holds bytes, by its name in the budget."""
        return {"rift.sound_fec": self.fec}

    def _take(self, packet: SoundPacket, data: bytes) -> list[SoundPacket]:
        place = unwrap(packet.packet_id, near=self._newest)
        if abs(place - self._newest) > FARTHEST_PACKETS:
            if not self._confirms_suspect(place):
                return []
            self._tracker.restart()
            self._newest = place
        tracker = self._tracker
        here_before = tracker.received + tracker.repaired
        tracker.record(place)
        is_new = tracker.received + tracker.repaired > here_before
        self._newest = max(self._newest, place)
        packet.packet_id = place
        packets = [packet] if is_new else []
        for source in self.fec.add_source_packet(SourcePacket(place & SERIAL_MASK, data))[1:]:
            packets += self._rebuilt(source)
        return packets

    def _take_parity(self, parity: ParityPacket) -> list[SoundPacket]:
        last = unwrap(parity.last_packet_id, near=self._newest)
        if abs(last - self._newest) > FARTHEST_PACKETS:
            return []  # parity never leads to another place
        rebuilt = self.fec.add_parity_packet(parity)
        self._stats.parity_received += 1
        self._tracker.note_sent(last)
        return [packet for source in rebuilt for packet in self._rebuilt(source)]

    def _rebuilt(self, source: SourcePacket) -> list[SoundPacket]:
        """Return the packet that was computed, unless it is none or has come meanwhile."""
        try:
            packet = SoundPacket.from_bytes(source.payload)
        except RemoteProtocolError:
            return []
        place = unwrap(source.packet_id, near=self._newest)
        if packet.packet_id != source.packet_id or abs(place - self._newest) > FARTHEST_PACKETS:
            return []
        tracker = self._tracker
        repaired_before = tracker.repaired
        tracker.record_repaired(place)
        self._newest = max(self._newest, place)
        packet.packet_id = place
        return [packet] if tracker.repaired > repaired_before else []

    def _confirms_suspect(self, place: int) -> bool:
        """Whether another id close to this one was seen far from the newest; else this one is remembered."""
        suspect, self._suspect = self._suspect, place
        if suspect is None or not 0 < abs(place - suspect) <= FARTHEST_PACKETS:
            return False
        self._suspect = None
        return True
