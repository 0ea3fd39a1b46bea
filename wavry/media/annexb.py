"""What wavry needs to know of H.264 and HEVC byte streams (ITU-T H.264 and H.265, Annex B).

Only the boundaries of NAL units and their types; nothing inside them is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.media.access_unit import Codec

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARAMETER_SETS = {
    Codec.H264: frozenset({7, 8}),  # SPS, PPS (H.264 table 7-1)
    Codec.HEVC: frozenset({32, 33, 34}),  # VPS, SPS, PPS (H.265 table 7-1)
}
_RANDOM_ACCESS = {
    Codec.H264: frozenset({5}),  # IDR slice
    Codec.HEVC: frozenset(range(16, 22)),  # BLA, IDR and CRA slices
}


def nal_unit_type(codec: Codec, first_byte: int) -> int:
    """Return the type of the NAL unit whose header begins with `first_byte`."""
    return first_byte & 0x1F if codec is Codec.H264 else (first_byte >> 1) & 0x3F


def nal_units(data: bytes) -> Iterator[memoryview]:
    """Yield the NAL units of an access unit in order, without start codes; views into `data`, O(len)."""
    view = memoryview(data)
    start = data.find(b"\0\0\1")
    while start >= 0:
        start += 3
        following = data.find(b"\0\0\1", start)
        end = len(data) if following < 0 else following
        while end > start and data[end - 1] == 0:
            end -= 1  # trailing_zero_8bits and the first byte of a long start code
        if end > start:
            yield view[start:end]
        start = following


def parameter_sets(codec: Codec, data: bytes) -> bytes:
    """Return the parameter sets of an access unit as Annex B bytes; empty where it has none."""
    wanted = _PARAMETER_SETS[codec]
    return b"".join(b"\0\0\0\1" + bytes(nal) for nal in nal_units(data) if nal_unit_type(codec, nal[0]) in wanted)


def is_random_access(codec: Codec, data: bytes) -> bool:
    """Whether a decoder can start at this access unit."""
    wanted = _RANDOM_ACCESS[codec]
    return any(nal_unit_type(codec, nal[0]) in wanted for nal in nal_units(data))
