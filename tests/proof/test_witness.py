"""The witness of `scripts/bench/impaired.py` sees what is wrong with a picture, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from proof.testcard import PERIOD, GrainyTestcard, draw_all
from proof.witness import TOLERANCE, Witness
from tests.support.video import encoded
from wavry.capture.config import TESTCARD, CaptureConfig
from wavry.decode import Picture, ReceivedUnit, StreamFormat
from wavry.decode.decoder import VideoDecoder
from wavry.encode.config import EncoderConfig
from wavry.media import AccessUnit, Codec, Size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

SIZE = Size(640, 360)
CONFIG = EncoderConfig(codec=Codec.H264, size=SIZE, fps=60, bitrate_bps=6_000_000)


def drawings() -> Iterator[NDArray[np.uint8]]:
    source = GrainyTestcard(CaptureConfig(source=TESTCARD, fps=240, size=SIZE))
    while True:
        frame = source.next_frame(5)
        assert frame is not None
        yield np.frombuffer(frame.data, np.uint8).reshape(SIZE.height, SIZE.width, 4).copy()
        frame.release()


@pytest.fixture(scope="module")
def units() -> list[AccessUnit]:
    """A little more than a period of pictures, coded as a host would."""
    return list(encoded(islice(drawings(), PERIOD + 8), CONFIG, keyframes=frozenset({0, 20})))


def seen_by_witness(units: Iterable[AccessUnit]) -> Witness:
    witness = Witness(SIZE)
    decoder = VideoDecoder(Codec.H264, SIZE)
    stream = StreamFormat(0, Codec.H264, SIZE)
    for unit in units:
        frame = decoder.decode(unit)
        assert frame is not None
        witness.see(Picture(frame, ReceivedUnit(unit, stream, 0), unit.capture_us))
    decoder.close()
    return witness


def test_a_whole_stream_is_clean(units: list[AccessUnit]) -> None:
    witness = seen_by_witness(units)
    verdict = witness.judge(units, Codec.H264)
    assert (verdict.corrupted, verdict.numbers_back, verdict.coarse) == (0, 0, 0)
    assert 0 < verdict.worst_deviation < TOLERANCE
    assert [each.number for each in witness.seen] == list(range(len(units)))


def test_frames_that_are_missing_before_a_keyframe_are_no_corruption(units: list[AccessUnit]) -> None:
    assert seen_by_witness(units[:12] + units[20:]).judge(units, Codec.H264).is_clean


def test_pictures_without_their_reference_are_seen(units: list[AccessUnit]) -> None:
    witness = seen_by_witness(units[:10] + units[11:])
    assert witness.judge(units, Codec.H264).corrupted == 9  # until the next keyframe
    assert max(each.deviation for each in witness.seen) > TOLERANCE, "it does not look wrong"


def test_a_single_flipped_bit_is_seen(units: list[AccessUnit]) -> None:
    damaged = bytearray(units[-1].data)
    damaged[len(damaged) // 2] ^= 1
    verdict = seen_by_witness([*units[:-1], replace(units[-1], data=bytes(damaged))]).judge(units, Codec.H264)
    assert verdict.corrupted == 1


def test_a_picture_under_the_number_of_another_is_seen(units: list[AccessUnit]) -> None:
    again = replace(units[20], frame_id=21)
    assert seen_by_witness([*units[:21], again]).judge(units, Codec.H264)[:2] == (1, 0)


def test_older_pictures_after_newer_ones_are_seen(units: list[AccessUnit]) -> None:
    verdict = seen_by_witness(units[20:30] + units[:10]).judge(units, Codec.H264)
    assert (verdict.corrupted, verdict.numbers_back) == (0, 1)


def test_a_picture_of_something_else_is_coarse_at_best(units: list[AccessUnit]) -> None:
    black = list(encoded([np.zeros((SIZE.height, SIZE.width, 4), np.uint8)], CONFIG))
    assert seen_by_witness(black).judge(black, Codec.H264) == (0, 0, 1, float("inf"))
    assert seen_by_witness(black).judge(units, Codec.H264).corrupted == 1


def test_most_parts_that_are_one_picture_too_old_stand_out() -> None:
    drawn = draw_all(Size(1920, 1080))
    changes = np.array([abs(later - earlier) for earlier, later in zip(drawn, drawn[1:] + drawn[:1], strict=True)])
    stripes, grain = changes[:, :3], changes[:, -3:]
    assert np.median(stripes) > TOLERANCE
    assert np.median(grain) > TOLERANCE
    assert stripes.max(axis=(1, 2)).min() > 1.5 * TOLERANCE
