"""The witness of `scripts/bench/impaired.py` sees what is wrong with a picture, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from proof.host import SentUnit, digest
from proof.testcard import PERIOD, GrainyTestcard, draw_all
from proof.witness import TOLERANCE, Witness
from tests.support.video import encoded
from wavry.capture.config import TESTCARD, CaptureConfig
from wavry.decode import Picture, ReceivedUnit, StreamFormat
from wavry.decode.decoder import VideoDecoder
from wavry.encode.config import EncoderConfig
from wavry.media import AccessUnit, Codec, Size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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


def log_of(units: Sequence[AccessUnit]) -> list[SentUnit]:
    return [SentUnit(unit.epoch, unit.frame_id, unit.capture_us, digest(unit.data)) for unit in units]


def test_a_whole_stream_is_clean(units: list[AccessUnit]) -> None:
    witness = seen_by_witness(units)
    verdict = witness.judge(log_of(units))
    assert verdict.is_clean, verdict
    assert 0 < verdict.worst_deviation < TOLERANCE
    assert [each.number for each in witness.seen] == list(range(len(units)))


def test_frames_that_are_missing_before_a_keyframe_are_no_corruption(units: list[AccessUnit]) -> None:
    assert seen_by_witness(units[:12] + units[20:]).judge(log_of(units)).is_clean


def test_a_picture_without_its_reference_is_seen_by_the_chain_and_by_its_looks(units: list[AccessUnit]) -> None:
    verdict = seen_by_witness(units[:10] + units[11:20]).judge(log_of(units))
    assert verdict.wrong_bytes == 0
    assert verdict.broken_chains == 1
    assert verdict.unlike_drawing > 0


def test_bytes_that_the_host_did_not_send_are_seen(units: list[AccessUnit]) -> None:
    forged = replace(units[5], data=units[5].data + b"\0")  # which decodes to the same picture
    verdict = seen_by_witness([*units[:5], forged, *units[6:]]).judge(log_of(units))
    assert verdict._replace(worst_deviation=0) == (1, 0, 0, 0, 0, 0)


def test_pictures_in_the_wrong_order_are_seen(units: list[AccessUnit]) -> None:
    verdict = seen_by_witness(units[20:30] + units[:10]).judge(log_of(units))
    assert verdict._replace(worst_deviation=0) == (0, 0, 0, 1, 0, 0)


def test_a_picture_of_something_else_is_seen(units: list[AccessUnit]) -> None:
    black = list(encoded([np.zeros((SIZE.height, SIZE.width, 4), np.uint8)], CONFIG))
    verdict = seen_by_witness(black).judge(log_of(black))
    assert (verdict.unreadable, verdict.unlike_drawing) == (1, 1)


def test_most_parts_that_are_one_picture_too_old_stand_out() -> None:
    drawn = draw_all(Size(1920, 1080))
    changes = np.array([abs(later - earlier) for earlier, later in zip(drawn, drawn[1:] + drawn[:1], strict=True)])
    stripes, grain = changes[:, :3], changes[:, -3:]
    assert np.median(stripes) > TOLERANCE
    assert np.median(grain) > TOLERANCE
    assert stripes.max(axis=(1, 2)).min() > 1.5 * TOLERANCE
