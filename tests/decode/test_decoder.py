from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import av
import numpy as np
import pytest

from tests.support.video import encoded, noise, psnr, text, to_rgb
from wavry.decode.decoder import VideoDecoder
from wavry.encode.config import EncoderConfig
from wavry.errors import DecodeError
from wavry.media import AccessUnit, Codec, Size, UnitTimings
from wavry.media.annexb import parameter_sets

SIZE = Size(320, 240)


def stream(codec: Codec, count: int = 5, keyframes: frozenset[int] = frozenset({0})) -> list[AccessUnit]:
    config = EncoderConfig(codec=codec, size=SIZE, fps=30, bitrate_bps=8_000_000)
    return list(encoded([text(SIZE, seed) for seed in range(count)], config, keyframes=keyframes))


@pytest.mark.parametrize("codec", Codec)
def test_every_unit_gives_its_picture_at_once(codec: Codec) -> None:
    decoder = VideoDecoder(codec, SIZE)
    for seed, unit in enumerate(stream(codec)):
        frame = decoder.decode(unit)
        assert frame is not None
        assert (frame.width, frame.height, frame.format.name) == (*SIZE, "yuv420p")
        assert psnr(to_rgb(frame), text(SIZE, seed)[..., 2::-1]) > 20
    decoder.close()


def test_slices_are_decoded_by_threads_that_add_no_delay() -> None:
    decoder = VideoDecoder(Codec.H264, SIZE)
    context = decoder._context
    assert context is not None
    assert decoder.decode(stream(Codec.H264, 1)[0]) is not None
    assert str(context.thread_type).endswith("SLICE")
    assert context.thread_count == 2
    decoder.close()


def test_two_decoders_see_the_same_bits() -> None:
    """One with slice threads, one FFmpeg's own way."""
    units = stream(Codec.H264)
    ours = VideoDecoder(Codec.H264, SIZE)
    reference = av.CodecContext.create("h264", "r")
    reference.thread_count = 1
    expected = [frame for unit in units for frame in reference.decode(av.Packet(unit.data))] + reference.decode(None)
    for unit, frame in zip(units, expected, strict=True):
        mine = ours.decode(unit)
        assert mine is not None
        np.testing.assert_array_equal(mine.to_ndarray(), frame.to_ndarray())
    ours.close()


@pytest.mark.parametrize("codec", Codec)
def test_bytes_that_are_no_picture_raise_and_the_next_keyframe_is_fine(codec: Codec) -> None:
    units = stream(codec, 2, frozenset({0, 1}))
    decoder = VideoDecoder(codec, SIZE)
    with pytest.raises(DecodeError, match="access unit 0"):
        decoder.decode(replace(units[0], data=b"\xff" * 100))
    assert decoder.decode(units[1]) is not None
    decoder.close()


@pytest.mark.parametrize("codec", Codec)
def test_a_keyframe_cut_in_half_gives_no_crash_and_no_exception_of_another_kind(codec: Codec) -> None:
    units = stream(codec, 2, frozenset({0, 1}))
    decoder = VideoDecoder(codec, SIZE)
    for cut in range(1, len(units[0].data), max(1, len(units[0].data) // 50)):
        try:
            decoder.decode(replace(units[0], data=units[0].data[:cut]))
        except DecodeError:
            continue
    assert decoder.decode(units[1]) is not None
    decoder.close()


def test_an_empty_unit_is_an_error_and_not_the_end_of_the_stream() -> None:
    decoder = VideoDecoder(Codec.H264, SIZE)
    units = stream(Codec.H264, 2)
    assert decoder.decode(units[0]) is not None
    with pytest.raises(DecodeError):
        decoder.decode(AccessUnit(b"", False, 1, 0, 0, UnitTimings()))
    assert decoder.decode(units[1]) is not None
    decoder.close()


def test_a_closed_decoder_says_so() -> None:
    decoder = VideoDecoder(Codec.H264, SIZE)
    decoder.close()
    decoder.close()
    with pytest.raises(DecodeError, match="is closed"):
        decoder.decode(stream(Codec.H264, 1)[0])


def test_parameter_sets_alone_are_no_picture() -> None:
    unit = stream(Codec.H264, 1)[0]
    decoder = VideoDecoder(Codec.H264, SIZE)
    with pytest.raises(DecodeError):
        decoder.decode(replace(unit, data=parameter_sets(Codec.H264, unit.data)))
    assert decoder.decode(unit) is not None
    decoder.close()


OPEN_AND_DROP = """
from tests.decode.test_decoder import SIZE, stream
from wavry.decode.decoder import VideoDecoder
from wavry.media import Codec

for codec in Codec:
    units = stream(codec)
    for number in range(20):
        decoder = VideoDecoder(codec, SIZE)
        frames = [decoder.decode(unit) for unit in units[: number % 5]]
        if number % 2:
            decoder.close()
        del decoder
"""


def test_decoders_end_whether_closed_or_only_dropped() -> None:
    """Frame threads would wait for one another for ever here."""
    subprocess.run([sys.executable, "-c", OPEN_AND_DROP], check=True, timeout=60)


def test_the_picture_of_noise_is_not_lost_between_slices() -> None:
    config = EncoderConfig(size=SIZE, fps=30, bitrate_bps=50_000_000, threads=4)
    pixels = noise(SIZE)
    decoder = VideoDecoder(Codec.H264, SIZE)
    frames = [decoder.decode(unit) for unit in encoded([pixels] * 5, config)]
    decoder.close()
    assert frames[-1] is not None
    for rows in (slice(0, 60), slice(60, 120), slice(120, 180), slice(180, 240)):
        luma = pixels[rows, :, :3].astype(float) @ (0.0722, 0.7152, 0.2126) * 219 / 255 + 16
        decoded = frames[-1].to_ndarray()[rows, : SIZE.width]
        assert np.abs(decoded - luma).mean() < 4
