"""The code itself: its factors, against their definitions."""

from __future__ import annotations

import random

import pytest
import reedsolo

from tests.support.fec import parity_of, protect, random_frames, reference_factor, sources_of
from wavry.rift.fec import FecConfig, ParityFamily, ParityPacket, SourcePacket, StreamingFecEncoder
from wavry.rift.fec.coefficients import FIRST_SLIDING_INDEX, factor
from wavry.rift.fec.elimination import Elimination
from wavry.rift.fec.gf256 import PRODUCTS, inverse
from wavry.rift.fec.kernel import combine, weigh


def block(payloads: list[bytes], redundancy: float) -> list[ParityPacket]:
    encoder = StreamingFecEncoder(FecConfig(200, 1200, redundancy, window_frames=1))
    return parity_of(protect(encoder, [payloads]))


def symbols_of(payloads: list[bytes]) -> list[bytes]:
    size = 2 + max(map(len, payloads))
    return [(len(payload).to_bytes(2, "big") + payload).ljust(size, b"\0") for payload in payloads]


@pytest.mark.parametrize(
    ("packets", "redundancy", "parities"),
    [(1, 0.05, 1), (5, 0.2, 1), (20, 0.2, 4), (36, 0.25, 9), (160, 0.5, 80), (200, 0.2, 40)],
)
def test_the_parity_of_a_block_is_what_reedsolo_appends_to_each_column(
    packets: int, redundancy: float, parities: int
) -> None:
    (payloads,) = random_frames(random.Random(packets), [packets], longest=60)
    codec = reedsolo.RSCodec(parities)
    columns = [bytes(codec.encode(bytes(column)))[packets:] for column in zip(*symbols_of(payloads), strict=True)]

    parity = block(payloads, redundancy)

    assert [packet.payload for packet in parity] == [bytes(row) for row in zip(*columns, strict=True)]
    assert [packet.index for packet in parity] == list(range(parities))


def test_the_parity_of_a_sliding_window_is_the_sum_that_wire_md_defines() -> None:
    dice = random.Random(1)
    encoder = StreamingFecEncoder(FecConfig(200, 1200, 0.3, window_frames=3))
    stream = protect(encoder, random_frames(dice, [7, 1, 20, 9], longest=50))
    payloads = {packet.packet_id: packet.payload for packet in sources_of(stream)}
    for parity in parity_of(stream):
        window = range(parity.first_packet_id, parity.first_packet_id + parity.source_count)
        symbols = symbols_of([payloads[packet_id] for packet_id in window])
        total = bytes(len(symbols[0]))
        for distance, symbol in enumerate(reversed(symbols)):
            weight = reference_factor(ParityFamily.SLIDING, distance, parity.index, parity.parity_count)
            product = bytes(reedsolo.gf_mul(weight, byte) for byte in symbol)
            total = bytes(mine ^ theirs for mine, theirs in zip(total, product, strict=True))
        assert parity.payload == total


@pytest.mark.parametrize("family", ParityFamily)
def test_each_factor_is_that_of_its_definition(family: ParityFamily) -> None:
    for parities in (1, 2, 7, 55):
        for distance in (0, 1, 2, 50, 199):
            for index in range(parities):
                expected = reference_factor(family, distance, index, parities)
                assert factor(family, distance, index, parities) == expected


def test_products_and_inverses_are_those_of_the_field() -> None:
    for first in range(256):
        assert PRODUCTS[first] == bytes(reedsolo.gf_mul(first, second) for second in range(256))
        assert first == 0 or reedsolo.gf_mul(first, inverse(first)) == 1


@pytest.mark.parametrize("family", ParityFamily)
@pytest.mark.parametrize("indices", [[0], [3, 4], [0, 1, 2], [9, 10, 12], list(range(9, 22)), [0, 5, 6, 7, 8, 40]])
@pytest.mark.parametrize("count", [1, 20, 21, 40, 42])
def test_all_ways_of_adding_up_agree(family: ParityFamily, indices: list[int], count: int) -> None:
    dice = random.Random(count)
    symbols = [dice.randbytes(1154) for _ in range(count)]
    parities = indices[-1] + 2
    for index, total in zip(indices, weigh(symbols, indices, family, parities), strict=True):
        assert total == combine(symbols, [factor(family, d, index, parities) for d in reversed(range(count))])


@pytest.mark.parametrize("frame", [1, 2, 3])
def test_any_parity_of_several_frames_repairs_as_many_packets_that_all_of_it_covers(frame: int) -> None:
    """The guarantee across windows: dense minors have an inverse, here 300 random ones of the largest windows."""
    dice = random.Random(frame)
    encoder = StreamingFecEncoder(FecConfig(200, 10, 0.5, window_frames=4))
    parity = parity_of(protect(encoder, random_frames(dice, [40 // frame] * 4, longest=1)))
    first = max(packet.first_packet_id for packet in parity)
    common = range(first, min(packet.first_packet_id + packet.source_count for packet in parity))
    for _ in range(300):
        size = dice.randint(1, len(common))
        elimination = Elimination()
        lost = dice.sample(common, size)
        for equation, packet in enumerate(dice.sample(parity, size)):
            newest = packet.first_packet_id + packet.source_count - 1
            factors = [factor(packet.family, newest - packet_id, packet.index, 0) for packet_id in lost]
            assert elimination.add(int.from_bytes(bytes(factors), "little"), equation)
        assert len(elimination.determined()) == size


def test_indices_of_one_flush_begin_above_the_labels_of_the_last() -> None:
    dice = random.Random(5)
    encoder = StreamingFecEncoder(FecConfig(200, 10, 0.5, window_frames=4))
    stream = protect(encoder, random_frames(dice, [dice.choice([1, 1, 2, 30]) for _ in range(200)], longest=1))
    labels = [packet.first_packet_id + packet.source_count + packet.index for packet in parity_of(stream)]
    assert labels == sorted(set(labels))
    assert min(packet.index for packet in parity_of(stream)) == FIRST_SLIDING_INDEX


def test_a_single_packet_of_nothing_has_parity() -> None:
    encoder = StreamingFecEncoder(FecConfig(10, 10, 0.2))
    encoder.add_source_packet(SourcePacket(0, b""))
    (parity,) = encoder.end_frame()
    assert parity.payload == bytes(2)
