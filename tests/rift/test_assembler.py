from __future__ import annotations

import pytest

from tests.support.rift import make_packet, make_unit
from wavry.rift import FrameAssembler, LossReason, Packet, Packetizer
from wavry.rift.assembler import MAX_ASSEMBLY_BYTES, LostUnit

HEAD = bytes(12)


def test_a_unit_is_complete_with_its_last_fragment() -> None:
    assembler = FrameAssembler()
    packets = [Packet.parse(datagram) for datagram in Packetizer(512).packetize(make_unit(0, size=1400))]
    assert assembler.add(packets[0], arrived_at=5.0) is None
    assert assembler.add(packets[1], arrived_at=3.0) is None
    assert assembler.is_keyframe_begun
    assembled = assembler.add(packets[2], arrived_at=4.0)
    assert assembled is not None
    assert assembled.unit == make_unit(0, size=1400)
    assert assembled.first_arrival_at == 3.0
    assert assembler.used_bytes == 0
    assert assembler.high_water_bytes > 1400
    assert not assembler.is_busy


def test_unknown_flag_bits_may_differ_between_fragments() -> None:
    assembler = FrameAssembler()
    assembler.add(make_packet(index=0, count=2, flags=0x81), arrived_at=0.0)
    assert assembler.add(make_packet(index=1, count=2, flags=0x41), arrived_at=0.0) is not None


def test_a_missing_fragment_loses_the_unit_once_and_the_rest_is_ignored() -> None:
    assembler = FrameAssembler()
    for index in (0, 2, 3, 4):
        assert assembler.add(make_packet(index=index, count=5), arrived_at=0.0) is None
    assert assembler.losses == [LostUnit(0, 0, True, LossReason.INCOMPLETE)]
    assert assembler.add(make_packet(frame_id=1), arrived_at=0.0) is not None


def test_a_missing_first_fragment_loses_the_unit() -> None:
    assembler = FrameAssembler()
    for index in (1, 2):
        assembler.add(make_packet(frame_id=7, index=index, count=3, flags=0), arrived_at=0.0)
    assert assembler.losses == [LostUnit(0, 7, False, LossReason.INCOMPLETE)]


def test_the_next_unit_ends_one_without_an_end() -> None:
    assembler = FrameAssembler()
    assembler.add(make_packet(frame_id=0, index=0, count=2), arrived_at=0.0)
    assembled = assembler.add(make_packet(frame_id=1), arrived_at=0.0)
    assert assembled is not None
    assert [loss.frame_id for loss in assembler.losses] == [0]


@pytest.mark.parametrize(
    "second",
    [
        make_packet(index=1, count=4, payload=b"x"),
        make_packet(index=1, count=3, epoch=1, payload=b"x"),
        make_packet(index=1, count=3, capture_us=1, payload=b"x"),
        make_packet(index=1, count=3, flags=0, payload=b"x"),
        make_packet(index=0, count=3),
    ],
)
def test_fragments_that_contradict_each_other_lose_the_unit(second: Packet) -> None:
    assembler = FrameAssembler()
    assembler.add(make_packet(index=0, count=3), arrived_at=0.0)
    assert assembler.add(second, arrived_at=0.0) is None
    assert assembler.losses[0].frame_id == 0
    assert not assembler.is_busy
    assert assembler.used_bytes == 0


def test_a_first_fragment_without_a_unit_header_loses_the_unit() -> None:
    assembler = FrameAssembler()
    assert assembler.add(make_packet(payload=bytes(11)), arrived_at=0.0) is None
    assert assembler.losses == [LostUnit(0, 0, True, LossReason.MALFORMED)]


@pytest.mark.parametrize("crumb", [b"", bytes(60_000)])
def test_a_unit_without_end_is_given_up_at_the_cap(crumb: bytes) -> None:
    assembler = FrameAssembler()
    assembler.add(make_packet(index=0, count=65_535, payload=HEAD), arrived_at=0.0)
    for index in range(1, 65_535):
        assembler.add(make_packet(index=index, count=65_535, payload=crumb), arrived_at=0.0)
        assert assembler.used_bytes <= MAX_ASSEMBLY_BYTES
    assert assembler.losses == [LostUnit(0, 0, True, LossReason.MALFORMED)]
    assert assembler.drops == 1


def test_giving_up_an_idle_assembler_loses_nothing() -> None:
    assembler = FrameAssembler()
    assembler.give_up(LossReason.INCOMPLETE)
    assert assembler.losses == []
