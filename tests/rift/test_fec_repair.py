"""What is lost comes back: all patterns of small windows, many of large ones."""

from __future__ import annotations

import random
from collections import Counter
from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest

from tests.support.fec import deliver, determined, is_covered, parity_of, protect, random_frames, sources_of
from tests.support.fec_patterns import Outcome, random_stream, run_pattern
from wavry.rift.fec import FecConfig, SourcePacket, StreamingFecDecoder, StreamingFecEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.fec import Protected

CONFIG = FecConfig(12, 4, 0.05)


def subsets(things: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(things, size) for size in range(len(things) + 1))


def repaired(arrivals: Sequence[Protected], sent: dict[int, bytes]) -> set[int]:
    """The ids that a decoder knows in the end; what it gives back is what was sent."""
    decoder = StreamingFecDecoder(CONFIG)
    known = {}
    for arrival in arrivals:
        for packet in deliver(decoder, arrival):
            assert packet.payload == sent[packet.packet_id]
            known[packet.packet_id] = packet.payload
    return set(known)


@pytest.mark.parametrize(
    ("frames", "redundancy", "window_frames", "singular"),
    [
        ([5], 0.4, 1, 0),
        ([12], 1 / 12, 1, 0),
        ([12], 4 / 12, 1, 0),
        ([8], 4 / 8, 1, 0),
        ([12], 3 / 12, 3, 0),
        ([8], 4 / 8, 3, 0),
        ([6, 6], 1 / 6, 2, 0),
        ([6, 6], 2 / 6, 2, 1),
        ([6, 6], 2 / 6, 3, 1),
        ([5, 5], 2 / 5, 2, 0),
        ([4, 4, 4], 1 / 4, 2, 0),
        ([4, 4, 4], 1 / 4, 3, 0),
        ([4, 4, 3], 1 / 2, 3, 3),
        ([3, 3, 3, 3], 1 / 3, 2, 0),
        ([3, 3, 3, 3], 1 / 3, 3, 0),
        ([1, 4, 2, 5], 0.05, 3, 0),
        ([2, 2, 2, 2, 2], 1 / 2, 3, 0),
        ([1, 1, 1, 1, 1, 1, 1], 0.05, 3, 0),
        ([1, 1, 1, 1, 1, 1, 1], 0.05, 2, 0),
    ],
)
def test_every_pattern_that_the_sent_parity_covers_is_repaired(
    frames: list[int], redundancy: float, window_frames: int, singular: int
) -> None:
    """In one window and with one parity packet to a frame without exception; else the few known ones."""
    encoder = StreamingFecEncoder(FecConfig(200, 4, redundancy, window_frames=window_frames))
    stream = protect(encoder, random_frames(random.Random(0), frames, longest=4))
    sent = {packet.packet_id: packet.payload for packet in sources_of(stream)}
    all_parity = parity_of(stream)
    unrepaired = 0
    for lost in subsets(list(sent)):
        for came in subsets(range(len(all_parity))):
            kept = [all_parity[place] for place in came]
            if lost and len(lost) <= len(kept) and is_covered(kept, lost):
                arrivals = [
                    packet
                    for packet in stream
                    if (packet.packet_id not in lost if isinstance(packet, SourcePacket) else packet in kept)
                ]
                if repaired(arrivals, sent) != set(sent):
                    unrepaired += 1
                    assert determined(kept, lost) != set(lost)
    assert unrepaired == singular


def test_random_patterns_of_large_windows_are_repaired_and_nothing_wrong_is_given_back() -> None:
    outcomes: Counter[Outcome] = Counter()
    for seed in range(50):
        dice = random.Random(seed)
        stream = random_stream(dice)
        for pattern in range(40):
            outcome = run_pattern(dice, stream)
            assert outcome not in (Outcome.MISSED, Outcome.WRONG), f"seed {seed}, pattern {pattern}"
            outcomes[outcome] += 1
    assert outcomes[Outcome.REPAIRED] > 1500
    assert outcomes[Outcome.SINGULAR] <= 5
