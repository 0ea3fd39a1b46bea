from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rift import make_packet
from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift import Packet

u8, u16, u32, u64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))


@given(u8, u8, u8, u32, u32, u16, u16, u64, st.binary(max_size=100))
def test_a_packet_survives_the_wire(
    stream: int, flags: int, epoch: int, packet_id: int, frame_id: int, a: int, b: int, time_us: int, payload: bytes
) -> None:
    index, count = min(a, b), max(a, b) + 1
    if count > 65535:
        index, count = 0, 65535
    packet = Packet(stream, flags, epoch, packet_id, frame_id, index, count, time_us, payload)
    assert Packet.parse(packet.serialize()) == packet


def test_the_header_stands_as_wire_md_says() -> None:
    packet = make_packet(
        0x01020304, frame_id=0x05060708, index=9, count=0x0A0B, flags=1, epoch=7, capture_us=0x0C, payload=b"xy"
    )
    assert (
        packet.serialize().hex(" ") == "01 00 01 07 01 02 03 04 05 06 07 08 00 09 0a 0b 00 00 00 00 00 00 00 0c 78 79"
    )


def test_of_a_memoryview_the_payload_is_a_view() -> None:
    data = memoryview(make_packet(payload=b"coded").serialize())
    payload = Packet.parse(data).payload
    assert isinstance(payload, memoryview)
    assert bytes(payload) == b"coded"


def test_unknown_flags_and_streams_parse() -> None:
    packet = Packet.parse(make_packet(flags=0xFE, stream=200).serialize())
    assert packet.stream == 200
    assert not packet.is_keyframe


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_major_version_is_refused_by_its_own_code(version: int) -> None:
    data = bytes([version]) + make_packet().serialize()[1:]
    with pytest.raises(RemoteProtocolError, match=f"RIFT {version}, this side speaks 1") as caught:
        Packet.parse(data)
    assert caught.value.code == ErrorCode.UNSUPPORTED_VERSION


@pytest.mark.parametrize(("index", "count"), [(0, 0), (1, 1), (5, 4), (65535, 65535)])
def test_a_fragment_outside_its_unit_is_refused(index: int, count: int) -> None:
    with pytest.raises(RemoteProtocolError, match="fragment"):
        Packet.parse(make_packet(index=index, count=count).serialize())


def test_a_short_packet_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="23 bytes"):
        Packet.parse(make_packet().serialize()[:23])
