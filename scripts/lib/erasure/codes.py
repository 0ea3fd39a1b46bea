"""The codes, each with both its ends: what it sends for a frame, and what it knows after a packet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from erasure.rank import Equations
from wavry.rift.fec import (
    MAX_WINDOW_PACKETS,
    FecConfig,
    ParityPacket,
    SourcePacket,
    StreamingFecDecoder,
    StreamingFecEncoder,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

ParityT = TypeVar("ParityT")

_MEMORY_PACKETS = 1000
"""How far back a code by rank may repair: 400 ms, more than any deadline here."""


class Code(ABC, Generic[ParityT]):
    """One stream, from its sender to its receiver. Source packets are numbered from 0 without a gap."""

    @abstractmethod
    def send(self, first: int, frame_packets: int) -> list[int | ParityT]:
        """Return what leaves for a frame, in this order: the numbers of its source packets, and parity."""

    @abstractmethod
    def receive(self, packet: int | ParityT) -> Sequence[int]:
        """Take in what has arrived; return the source packets that just became known, this one among them."""


class ByRank(Code[range]):
    """A code whose parity covers a range of packets with arbitrary coefficients."""

    def __init__(self) -> None:
        self._equations = Equations()
        self._swept_at = 0

    def receive(self, packet: int | range) -> Sequence[int]:
        """Take in a packet; see `Code`."""
        if isinstance(packet, range):
            return self._equations.add(packet)
        if packet - self._swept_at > 2 * _MEMORY_PACKETS:
            self._swept_at = packet - _MEMORY_PACKETS
            self._equations.forget_before(self._swept_at)
        return [packet, *self._equations.learn(packet)]


class NoCode(ByRank):
    """Nothing is protected."""

    def send(self, first: int, frame_packets: int) -> list[int | range]:
        """Return the frame."""
        return list(range(first, first + frame_packets))


class FrameBlocks(ByRank):
    """A Reed-Solomon block for each frame, its parity behind it: Sunshine's way, with at least 2.

    Args:
        redundancy: Parity per source packet; fractions are carried over, so that no code here gets more than another.
    """

    def __init__(self, redundancy: float) -> None:
        super().__init__()
        self._redundancy = redundancy
        self._credit = 0.0

    def send(self, first: int, frame_packets: int) -> list[int | range]:
        """Return the frame and its parity."""
        self._credit += self._redundancy * frame_packets
        parity = max(2, int(self._credit))
        self._credit -= parity
        frame = range(first, first + frame_packets)
        return [*frame, *[frame] * parity]


class XorGroups(ByRank):
    """One XOR over each `parity`-th of every `group` packets, whatever frame they are of: the original wavry's 16+2."""

    def __init__(self, group: int, parity: int) -> None:
        super().__init__()
        self._group = group
        self._parity = parity

    def send(self, first: int, frame_packets: int) -> list[int | range]:
        """Return the frame, and the parity of the groups that it completes."""
        packets: list[int | range] = []
        for number in range(first, first + frame_packets):
            packets.append(number)
            if (number + 1) % self._group == 0:
                begin = number + 1 - self._group
                packets += [range(begin + each, number + 1, self._parity) for each in range(self._parity)]
        return packets


class SlidingWindow(ByRank):
    """After every few packets one over the last few: the seed's own `StreamingFecEncoder`, repaired to send at all.

    Args:
        window: Packets under a parity packet.
        every: Source packets for each.
    """

    def __init__(self, window: int, every: int) -> None:
        super().__init__()
        self._window = window
        self._every = every

    def send(self, first: int, frame_packets: int) -> list[int | range]:
        """Return the frame with parity in it."""
        packets: list[int | range] = []
        for number in range(first, first + frame_packets):
            packets.append(number)
            if (number + 1) % self._every == 0:
                packets.append(range(max(0, number + 1 - self._window), number + 1))
        return packets


class Streaming(Code[ParityPacket]):
    """Ours: the encoder and the decoder of `wavry.rift.fec`, on real bytes, few of them.

    Args:
        redundancy: Parity per source packet.
        frames: Under a parity packet.
        window: Most packets under a parity packet.
        spacing: Source packets between two parity packets of a frame; 0 sends all parity last.
    """

    def __init__(self, redundancy: float, *, frames: int, window: int = MAX_WINDOW_PACKETS, spacing: int = 0) -> None:
        config = FecConfig(window, symbol_size=8, redundancy=redundancy, window_frames=frames)
        self._encoder = StreamingFecEncoder(config)
        self._decoder = StreamingFecDecoder(config)
        self._spacing = spacing
        self.wrong = 0
        """Packets given back with other bytes than they had. Must stay 0."""

    def send(self, first: int, frame_packets: int) -> list[int | ParityPacket]:
        """Return the frame and its parity."""
        frame = range(first, first + frame_packets)
        parity = [each for number in frame for each in self._encoder.add_source_packet(_source(number))]
        return interleaved(frame, parity + self._encoder.end_frame(), self._spacing)

    def receive(self, packet: int | ParityPacket) -> Sequence[int]:
        """Take in a packet; see `Code`."""
        if isinstance(packet, ParityPacket):
            known = self._decoder.add_parity_packet(packet)
        else:
            known = self._decoder.add_source_packet(_source(packet))
        self.wrong += sum(each.payload != _payload(each.packet_id) for each in known)
        return [each.packet_id for each in known]


def interleaved(sources: Sequence[int], parity: Sequence[ParityT], spacing: int) -> list[int | ParityT]:
    """Return a frame's packets with its parity among the last of them, `spacing` apart, one parity at the very end.

    What comes after parity is missing when the parity arrives, so a decoder computes it although it is on its way:
    without any loss 18 times the work at spacing 1 (500 µs against 28 a frame of 36 packets of 1152 bytes).
    """
    gaps = spacing * (len(parity) - 1)
    head = max(0, len(sources) - gaps)
    packets: list[int | ParityT] = list(sources[:head])
    tail = iter(sources[head:])
    for each in parity[:-1]:
        packets.append(each)
        packets += islice(tail, spacing)
    return [*packets, *tail, *parity[-1:]]


def _source(number: int) -> SourcePacket:
    return SourcePacket(number, _payload(number))


def _payload(number: int) -> bytes:
    return number.to_bytes(8, "big")
