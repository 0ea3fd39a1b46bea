from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rift import make_unit
from wavry.errors import ConfigError, LocalProtocolError
from wavry.media import UnitTimings
from wavry.rift import MAX_UNIT_BYTES, FrameAssembler, Packet, Packetizer


@given(size=st.integers(0, 20_000), limit=st.integers(512, 2000), first=st.sampled_from([0, 2**32 - 3]))
def test_a_unit_comes_back_from_its_datagrams(size: int, limit: int, first: int) -> None:
    unit = make_unit(3, keyframe=True, size=size, epoch=9)
    packetizer = Packetizer(limit, first_packet_id=first)
    assembler = FrameAssembler()

    datagrams = packetizer.packetize(unit)
    assembled = [assembler.add(Packet.parse(datagram), arrived_at=0.0) for datagram in datagrams]

    assert all(each is None for each in assembled[:-1])
    assert assembled[-1] is not None
    assert assembled[-1].unit == unit
    assert packetizer.wire_bytes(size) == (len(datagrams), sum(map(len, datagrams)))
    assert packetizer.next_packet_id == (first + len(datagrams)) % 2**32


@given(size=st.integers(0, 20_000), limit=st.integers(512, 2000))
def test_datagrams_are_within_the_limit_and_even(size: int, limit: int) -> None:
    sizes = [len(datagram) for datagram in Packetizer(limit).packetize(make_unit(0, size=size))]
    assert max(sizes) <= limit
    assert max(sizes) - min(sizes) <= 1


def test_packet_ids_run_on_from_unit_to_unit_and_wrap() -> None:
    packetizer = Packetizer(512, first_packet_id=2**32 - 2)
    datagrams = packetizer.packetize(make_unit(0, size=1000)) + packetizer.packetize(make_unit(1, size=10))
    assert [Packet.parse(datagram).packet_id for datagram in datagrams] == [2**32 - 2, 2**32 - 1, 0, 1]


def test_ids_of_packets_that_never_left_are_used_again() -> None:
    packetizer = Packetizer(512)
    packetizer.packetize(make_unit(0))
    packetizer.rewind_to(0)
    assert packetizer.next_packet_id == 0


def test_timings_that_do_not_fit_saturate() -> None:
    unit = make_unit(0)
    unit.timings = UnitTimings(-5, 2**40, 7)
    payload = Packet.parse(Packetizer(1170).packetize(unit)[0]).payload
    assert payload[:12] == bytes(4) + b"\xff" * 4 + bytes([0, 0, 0, 7])


def test_a_unit_too_large_is_refused_and_takes_no_ids() -> None:
    packetizer = Packetizer(1170)
    with pytest.raises(LocalProtocolError, match="1500001 bytes"):
        packetizer.packetize(make_unit(0, size=MAX_UNIT_BYTES + 1))
    assert packetizer.next_packet_id == 0
    assert len(packetizer.packetize(make_unit(0, size=MAX_UNIT_BYTES))) == 1309


@pytest.mark.parametrize(("frame_id", "epoch", "capture_us"), [(2**32, 0, 0), (0, 256, 0), (0, 0, -1), (0, 0, 2**64)])
def test_fields_that_do_not_fit_the_wire_are_our_own_fault(frame_id: int, epoch: int, capture_us: int) -> None:
    unit = make_unit(0, capture_us=capture_us)
    unit.frame_id, unit.epoch = frame_id, epoch
    with pytest.raises(LocalProtocolError):
        Packetizer(1170).packetize(unit)


@pytest.mark.parametrize("limit", [0, 255, 65_536])
def test_a_datagram_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(ConfigError, match="256 to 65535"):
        Packetizer(limit)


def test_another_size_counts_from_the_next_unit_on() -> None:
    packetizer, unit = Packetizer(1170), make_unit(0, size=20_000)
    packetizer.packetize(unit)
    for size in (1422, 600):
        packetizer.max_datagram_bytes = size
        assert size - 100 < max(map(len, packetizer.packetize(unit))) <= size == packetizer.max_datagram_bytes
    with pytest.raises(ConfigError, match="max_datagram_bytes"):
        packetizer.max_datagram_bytes = 255
    assert packetizer.max_datagram_bytes == 600
    assert packetizer.wire_bytes(20_000, 1170) == Packetizer(1170).wire_bytes(20_000)
