from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.video import encoded, noise
from wavry.encode.config import EncoderConfig
from wavry.media import AccessUnit, Codec, Size
from wavry.media.annexb import is_random_access, nal_unit_type, nal_units, parameter_sets

SIZE = Size(64, 48)


def stream(codec: Codec) -> list[AccessUnit]:
    config = EncoderConfig(codec=codec, size=SIZE, fps=30, bitrate_bps=500_000)
    return list(encoded([noise(SIZE, seed) for seed in range(4)], config, keyframes=frozenset({0, 2})))


@pytest.mark.parametrize(
    ("codec", "sets", "idr"), [(Codec.H264, [7, 8], {5}), (Codec.HEVC, [32, 33, 34], {19, 20})], ids=["h264", "hevc"]
)
def test_real_keyframes_hold_their_parameter_sets_and_an_idr_picture(
    codec: Codec, sets: list[int], idr: set[int]
) -> None:
    units = stream(codec)
    for unit in (units[0], units[2]):
        types = [nal_unit_type(codec, nal[0]) for nal in nal_units(unit.data)]
        assert [each for each in types if each in sets] == sets
        assert idr & set(types)
        assert is_random_access(codec, unit.data)
        found = parameter_sets(codec, unit.data)
        assert [nal_unit_type(codec, nal[0]) for nal in nal_units(found)] == sets
        assert not is_random_access(codec, found)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.HEVC])
def test_other_pictures_have_neither(codec: Codec) -> None:
    for unit in (stream(codec)[1], stream(codec)[3]):
        assert not is_random_access(codec, unit.data)
        assert parameter_sets(codec, unit.data) == b""


nals = st.binary(min_size=1, max_size=40).filter(
    lambda nal: nal[-1] != 0 and b"\0\0\0" not in nal and b"\0\0\1" not in nal
)


@given(st.lists(st.tuples(st.booleans(), nals), max_size=8), st.integers(0, 3))
def test_nal_units_come_out_as_they_went_in_whatever_their_start_codes(
    parts: list[tuple[bool, bytes]], trailing_zeros: int
) -> None:
    data = b"".join((b"\0\0\0\1" if long else b"\0\0\1") + nal for long, nal in parts)
    assert [bytes(nal) for nal in nal_units(data + b"\0" * trailing_zeros)] == [nal for _, nal in parts]


@given(st.binary(max_size=200))
def test_any_bytes_are_split_without_complaint(data: bytes) -> None:
    assert sum(len(nal) for nal in nal_units(data)) <= len(data)
    assert all(nal[0] is not None and nal[-1] != 0 for nal in nal_units(data))
    for codec in (Codec.H264, Codec.HEVC):
        is_random_access(codec, data)
        parameter_sets(codec, data)
