from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.nack import MAX_NACK_IDS, parse_nack, serialize_nacks

starts = st.sampled_from([0, 77, 2**32 - 9])


@given(start=starts, offsets=st.sets(st.integers(0, 3000), max_size=700))
def test_what_is_asked_for_arrives_in_order(start: int, offsets: set[int]) -> None:
    ids = [(start + offset) % 2**32 for offset in sorted(offsets)]
    datagrams = serialize_nacks(ids)
    assert [each for datagram in datagrams for each in parse_nack(datagram)] == ids
    assert all(len(datagram) <= 195 for datagram in datagrams)


def test_losses_side_by_side_share_an_entry() -> None:
    (datagram,) = serialize_nacks(range(2**32 - 8, 2**32 + 9))
    assert len(datagram) == 9
    assert parse_nack(datagram) == [each % 2**32 for each in range(2**32 - 8, 2**32 + 9)]


@given(st.binary(max_size=250))
def test_any_bytes_are_a_few_ids_or_a_protocol_error(data: bytes) -> None:
    try:
        ids = parse_nack(data)
    except RemoteProtocolError:
        return
    assert 1 <= len(ids) <= MAX_NACK_IDS


@pytest.mark.parametrize(
    "data", [b"", b"\1\2", b"\1\2\0", b"\1\2\1abcde", b"\1\2\1abcdefg", b"\1\0\1abcdef", b"\1\2\x21" + bytes(33 * 6)]
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_nack(data)


def test_another_major_version_is_named() -> None:
    with pytest.raises(RemoteProtocolError, match="RIFT 9") as refusal:
        parse_nack(b"\x09\2\1abcdef")
    assert refusal.value.code is ErrorCode.UNSUPPORTED_VERSION
