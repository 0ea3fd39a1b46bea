from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import av.logging
import numpy as np
import pytest

from tests.support.video import (
    encoded,
    make_converter,
    make_frame,
    noise,
    open_software_encoder,
    plain,
    psnr,
    text,
    to_rgb,
)
from wavry.decode.decoder import VideoDecoder
from wavry.encode.config import EncoderConfig
from wavry.errors import EncodeError
from wavry.media import AccessUnit, Codec, Size
from wavry.media.annexb import is_random_access, parameter_sets

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = Size(320, 240)
ANNEX_B = [Codec.H264, Codec.HEVC]


def config_for(codec: Codec, size: Size = SIZE, **changes: float) -> EncoderConfig:
    settings: dict[str, float] = {"fps": 30, "bitrate_bps": 2_000_000} | changes
    return EncoderConfig(codec=codec, size=size, **settings)  # type: ignore[arg-type] # numbers of the right kinds


def decoded(units: list[AccessUnit], codec: Codec, size: Size = SIZE) -> list[av.VideoFrame]:
    decoder = VideoDecoder(codec, size)
    frames = [decoder.decode(unit) for unit in units]
    decoder.close()
    assert all(frame is not None for frame in frames), "a picture was held back"
    return [frame for frame in frames if frame is not None]


@pytest.mark.parametrize("codec", Codec)
def test_every_picture_comes_out_with_the_call_that_brought_it_in(codec: Codec) -> None:
    encoder = open_software_encoder(config_for(codec))
    assert encoder.delay_frames == 0
    converter = make_converter(SIZE)
    for number in range(6):
        frame = make_frame(noise(SIZE, number))
        converter.update(frame)
        expected = encoder.next_number
        unit = encoder.encode(converter.picture(), force_keyframe=number == 0)
        assert unit is not None
        assert unit.number == expected
    encoder.close()


@pytest.mark.parametrize("codec", Codec)
def test_keyframes_come_when_they_are_asked_for_and_only_then(codec: Codec) -> None:
    pictures = [noise(SIZE, seed) for seed in range(12)]
    asked = frozenset({0, 5, 6})
    units = list(encoded(pictures, config_for(codec), keyframes=asked))
    assert {unit.frame_id for unit in units if unit.is_keyframe} == asked
    assert [frame.key_frame for frame in decoded(units, codec)] == [unit.is_keyframe for unit in units]


@pytest.mark.parametrize("codec", ANNEX_B)
def test_a_keyframe_is_an_idr_with_its_parameter_sets(codec: Codec) -> None:
    units = list(encoded([noise(SIZE, seed) for seed in range(4)], config_for(codec), keyframes=frozenset({0, 3})))
    for unit in units:
        assert is_random_access(codec, unit.data) == unit.is_keyframe
        assert bool(parameter_sets(codec, unit.data)) == unit.is_keyframe


@pytest.mark.parametrize("codec", ANNEX_B)
def test_decoding_may_start_at_a_keyframe_on_demand(codec: Codec) -> None:
    units = list(encoded([noise(SIZE, seed) for seed in range(6)], config_for(codec), keyframes=frozenset({0, 3})))
    whole, from_the_middle = decoded(units, codec), decoded(units[3:], codec)
    for first, second in zip(whole[3:], from_the_middle, strict=True):
        np.testing.assert_array_equal(first.to_ndarray(), second.to_ndarray())


def test_a_turn_of_the_intra_refresh_is_no_keyframe() -> None:
    config = config_for(Codec.H264, refresh_s=0.2)
    assert config.refresh_frames == 6
    units = list(encoded([noise(SIZE, seed) for seed in range(20)], config))
    assert [unit.frame_id for unit in units if unit.is_keyframe] == [0]


def test_the_intra_refresh_heals_a_picture_whose_reference_is_missing() -> None:
    """What a decoder shows after a loss, when nobody asks for a keyframe."""
    config = config_for(Codec.H264, refresh_s=0.5, bitrate_bps=8_000_000)
    picture = text(SIZE)
    pictures = [noise(SIZE), *[picture] * (3 * config.refresh_frames)]
    units = list(encoded(pictures, config))
    whole = decoded(units, Codec.H264)[-1]
    decoder = VideoDecoder(Codec.H264, SIZE)
    healed = [decoder.decode(unit) for unit in units if unit.frame_id != 1][-1]
    decoder.close()
    assert healed is not None
    assert psnr(to_rgb(healed), to_rgb(whole)) > 40


@pytest.mark.parametrize("codec", ANNEX_B)
def test_the_rate_controls_buffer_bounds_every_access_unit(codec: Codec) -> None:
    config = config_for(codec, Size(640, 360), fps=60, bitrate_bps=10_000_000)
    pictures = [noise(config.size, seed) for seed in range(4)] * 8
    units = list(encoded(pictures, config, keyframes=frozenset({0, 16})))
    sizes = [len(unit.data) for unit in units]
    assert max(sizes) <= 1.5 * config.vbv_bits / 8, sizes
    assert sum(sizes[16:]) <= 1.25 * 16 * config.bitrate_bps / 8 / config.fps, sizes


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize(
    "rgb",
    [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)],
    ids=["red", "green", "blue", "white", "black"],
)
def test_pure_colours_arrive_as_they_were(codec: Codec, rgb: tuple[int, int, int]) -> None:
    pictures = [plain(SIZE, (rgb[2], rgb[1], rgb[0]))] * 3
    for frame in decoded(list(encoded(pictures, config_for(codec))), codec):
        assert np.abs(to_rgb(frame).astype(int) - rgb).max() <= 6


@pytest.mark.parametrize("codec", Codec)
def test_the_stream_says_bt709_in_limited_range(codec: Codec) -> None:
    frame = decoded(list(encoded([noise(SIZE)], config_for(codec))), codec)[0]
    tags = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
    assert [int(tag) for tag in tags] == [1, 1, 1, 1]


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="no ffprobe")
@pytest.mark.parametrize(("codec", "format"), [(Codec.H264, "h264"), (Codec.HEVC, "hevc"), (Codec.AV1, "obu")])
def test_ffprobe_reads_the_same_tags(codec: Codec, format: str, tmp_path: Path) -> None:
    path = tmp_path / "stream"
    path.write_bytes(b"".join(unit.data for unit in encoded([noise(SIZE)] * 3, config_for(codec))))
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-f", format, "-show_streams", "-of", "json", path], capture_output=True, check=True
    )
    stream = json.loads(found.stdout)["streams"][0]
    assert (stream["width"], stream["height"], stream["pix_fmt"]) == (*SIZE, "yuv420p")
    assert stream["color_range"] == "tv"
    assert {stream[f"color_{name}"] for name in ("space", "transfer", "primaries")} == {"bt709"}


@pytest.mark.parametrize("size", [Size(16, 16), Size(66, 50), Size(1680, 1050)], ids=str)
@pytest.mark.parametrize("codec", ANNEX_B)
def test_every_even_size_arrives_whole(codec: Codec, size: Size) -> None:
    pixels = plain(size, (0, 0, 255))
    pixels[-(size.height // 4) :] = (255, 0, 0, 0)
    (frame,) = decoded(list(encoded([pixels], config_for(codec, size))), codec, size)
    assert (frame.width, frame.height) == size
    rgb = to_rgb(frame).astype(int)
    assert np.abs(rgb[: size.height // 2] - (255, 0, 0)).max() <= 6
    assert np.abs(rgb[-2:] - (0, 0, 255)).max() <= 6


@pytest.mark.parametrize("picture", [text, noise], ids=["text", "noise"])
def test_a_picture_that_stands_still_gets_better(picture: type[NDArray[np.uint8]]) -> None:
    # one thread: how two share the bits of a picture depends on which is first, by half a decibel
    config = config_for(Codec.H264, Size(1280, 720), fps=60, bitrate_bps=20_000_000, threads=1)
    pixels = text(config.size) if picture is text else noise(config.size)
    frames = decoded(list(encoded([pixels] * 9, config)), Codec.H264, config.size)
    rgb = pixels[..., 2::-1]
    first, last = psnr(to_rgb(frames[0]), rgb), psnr(to_rgb(frames[-1]), rgb)
    assert last > first
    if picture is text:
        assert last >= 34, (first, last)


def test_a_picture_may_change_as_soon_as_it_is_encoded() -> None:
    encoder = open_software_encoder(config_for(Codec.H264))
    converter = make_converter(SIZE)
    white, black = make_frame(plain(SIZE, (255, 255, 255))), make_frame(plain(SIZE, (0, 0, 0)))
    converter.update(white)
    unit = encoder.encode(converter.picture(), force_keyframe=True)
    converter.update(black)
    assert unit is not None
    (frame,) = decoded([AccessUnit(unit.data, True, 0, 0, 0, None)], Codec.H264)  # type: ignore[arg-type]
    assert to_rgb(frame).min() > 250
    encoder.close()


def test_a_closed_encoder_says_so() -> None:
    encoder = open_software_encoder(config_for(Codec.H264))
    encoder.close()
    encoder.close()
    with pytest.raises(EncodeError, match="libx264: is closed"):
        encoder.encode(make_converter(SIZE).picture())


def test_the_programs_own_log_level_survives_an_opening() -> None:
    av.logging.set_level(av.logging.WARNING)
    try:
        open_software_encoder(config_for(Codec.H264)).close()
        assert av.logging.get_level() == av.logging.WARNING
    finally:
        av.logging.set_level(None)


@pytest.mark.skipif(sys.platform != "linux", reason="real time is something else there")
@pytest.mark.parametrize("codec", Codec)
def test_no_encoder_runs_before_everything_else_of_the_machine(codec: Codec) -> None:
    before = os.sched_getscheduler(0)
    encoder = open_software_encoder(config_for(codec))
    try:
        policies = {os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")}
        assert policies.isdisjoint({os.SCHED_FIFO, os.SCHED_RR})
    finally:
        encoder.close()
    assert os.sched_getscheduler(0) == before
