"""Parity packets as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.fec import PARITY_OVERHEAD_BYTES, ParityFamily, ParityPacket
from wavry.rift.fec.packets import PARITY_HEADER

VALID = ParityPacket(ParityFamily.SLIDING, 0xFFFF_FFF0, 40, 9, 17, 12, b"\0\3abc")


@st.composite
def parity_packets(draw: st.DrawFn) -> ParityPacket:
    sources = draw(st.integers(1, 200))
    parities = draw(st.integers(1, 255 - sources))
    return ParityPacket(
        draw(st.sampled_from(ParityFamily)),
        draw(st.integers(0, 2**32 - 1)),
        sources,
        draw(st.integers(0, parities - 1)),
        parities,
        draw(st.integers(0, sources)),
        draw(st.binary(min_size=2, max_size=1300)),
    )


@given(packet=parity_packets())
def test_what_is_written_is_read(packet: ParityPacket) -> None:
    data = packet.to_bytes()
    assert ParityPacket.from_bytes(data) == packet
    assert ParityPacket.from_bytes(memoryview(data)) == packet
    assert len(data) == PARITY_OVERHEAD_BYTES - 2 + len(packet.payload)


def test_the_bytes_are_those_of_wire_md() -> None:
    assert VALID.to_bytes() == bytes.fromhex("01 01 01 28 09 11 0c fffffff0 0003616263")


@pytest.mark.parametrize(
    ("place", "value"),
    [(1, 0), (1, 2), (2, 2), (3, 0), (3, 201), (4, 17), (4, 255), (5, 0), (5, 9), (5, 216), (6, 41)],
)
def test_numbers_that_contradict_each_other_are_refused(place: int, value: int) -> None:
    data = bytearray(VALID.to_bytes())
    data[place] = value
    with pytest.raises(RemoteProtocolError) as caught:
        ParityPacket.from_bytes(bytes(data))
    assert caught.value.code is ErrorCode.PROTOCOL_VIOLATION


def test_another_major_version_is_named() -> None:
    with pytest.raises(RemoteProtocolError, match="RIFT 2") as caught:
        ParityPacket.from_bytes(b"\2" + VALID.to_bytes()[1:])
    assert caught.value.code is ErrorCode.UNSUPPORTED_VERSION


@pytest.mark.parametrize("size", range(PARITY_HEADER.size + 2))
def test_a_packet_cut_short_is_refused(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"of {size} bytes"):
        ParityPacket.from_bytes(VALID.to_bytes()[:size])
