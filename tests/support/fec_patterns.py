"""Random streams, random losses, and a verdict on what the decoder made of them. scripts/bench/fec.py runs many."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from itertools import compress
from typing import TYPE_CHECKING, TypeVar

from tests.support.fec import (
    Protected,
    deliver,
    determined,
    is_covered,
    parity_of,
    protect,
    random_frames,
    sources_of,
)
from wavry.rift.fec import FecConfig, StreamingFecDecoder, StreamingFecEncoder
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from random import Random

T = TypeVar("T")

LONGEST = 1200
MOST_PACKETS = 220
"""Of a stream: as many as a decoder keeps, so that none of its packets is too old to be repaired."""


class Outcome(Enum):
    """What became of a pattern of losses."""

    REPAIRED = "repaired"
    """All that was lost."""
    BEYOND = "beyond what parity came"
    """More was lost than that; what was determined was repaired."""
    SINGULAR = "singular"
    """Parity enough came, but its equations depend on each other; what was determined was repaired."""
    MISSED = "missed"
    """The equations determine a packet that was not repaired: a fault."""
    WRONG = "wrong"
    """A packet was given back that is not what was sent, or twice: a fault."""


def random_stream(dice: Random, most_packets: int = MOST_PACKETS) -> list[Protected]:
    """Up to six frames of many sizes and lengths, under any redundancy and window, with ids near the wrap at times."""
    sizes = [dice.choice([1, 2, 5, 12, 36, 80, dice.randint(1, 200)]) for _ in range(dice.randint(1, 6))]
    while sum(sizes) > most_packets:
        sizes.remove(max(sizes))
    redundancy = dice.choice([0.05, 0.1, 0.2, 0.35, 0.5])
    encoder = StreamingFecEncoder(FecConfig(200, LONGEST, redundancy, window_frames=dice.randint(1, 4)))
    first_packet_id = dice.choice([0, SERIAL_MASK - dice.randint(0, 200), dice.getrandbits(32)])
    frames = random_frames(dice, sizes or [36], longest=dice.choice([1, 40, LONGEST]))
    return protect(encoder, frames, first_packet_id=first_packet_id)


def run_pattern(dice: Random, stream: list[Protected]) -> Outcome:
    """Lose, swap and double some packets of a stream and judge what a decoder makes of the rest."""
    is_lost = random_losses(dice, len(stream))
    kept = [packet for packet, gone in zip(stream, is_lost, strict=True) if not gone]
    lost = [packet.packet_id for packet in sources_of(compress(stream, is_lost))]
    decoder = StreamingFecDecoder(FecConfig(200, LONGEST))
    sent = {packet.packet_id: packet.payload for packet in sources_of(stream)}
    known: Counter[int] = Counter()
    for arrival in shuffled(dice, kept):
        for packet in deliver(decoder, arrival):
            known[packet.packet_id] += 1
            if sent[packet.packet_id] != packet.payload or known[packet.packet_id] > 1:
                return Outcome.WRONG
    missing = set(lost) - set(known)
    if not missing:
        return Outcome.REPAIRED
    if missing & determined(parity_of(kept), lost):
        return Outcome.MISSED
    return Outcome.SINGULAR if is_covered(parity_of(kept), lost) else Outcome.BEYOND


def random_losses(dice: Random, count: int) -> list[bool]:
    """Which of so many packets are lost: single ones or bursts."""
    chance, longest_burst = dice.choice([(0.002, 20), (0.005, 8), (0.02, 4), (0.02, 20), (0.05, 1), (0.1, 1)])
    is_lost: list[bool] = []
    while len(is_lost) < count:
        is_lost += [True] * dice.randint(1, longest_burst) if dice.random() < chance else [False]
    return is_lost[:count]


def shuffled(dice: Random, packets: list[T]) -> list[T]:
    """The same packets up to 16 places later, the first at its own, and one in fifty twice."""
    spread = dice.choice([0, 0, 2, 16])
    arrivals = [
        (place + spread * dice.random() * (place > 0), packet)
        for place, packet in enumerate(packets)
        for _ in range(1 if dice.random() < 0.98 else 2)
    ]
    return [packet for _, packet in sorted(arrivals, key=lambda arrival: arrival[0])]
