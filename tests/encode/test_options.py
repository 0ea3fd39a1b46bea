"""Every option name against the encoder's own list: a typing error would be ignored by FFmpeg without a word."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import cast

import av
import av.logging
import pytest
from av.video.codeccontext import VideoCodecContext

from wavry.encode.config import EncoderConfig
from wavry.encode.encoder import VideoEncoder
from wavry.encode.options import OPTIONS
from wavry.encode.registry import candidates, encoder_names
from wavry.media import Codec, Size
from wavry.pipeline.priority import no_real_time

CONFIG = EncoderConfig(size=Size(320, 240))

NOT_CHECKABLE_HERE = {"h264_videotoolbox", "hevc_videotoolbox", "h264_mf", "hevc_mf"}
"""Encoders of other systems: neither in the wheel for Linux nor in Debian's ffmpeg."""

GENERIC = {"maxrate", "bufsize"}
"""AVCodecContext's own; every encoder has them."""

PARAMETER_STRINGS = {"libx264": "x264-params", "libx265": "x265-params", "libsvtav1": "svtav1-params"}


@cache
def options_in_the_wheel(encoder: str) -> dict[str, set[str]] | None:
    """Return an encoder's options and the words each takes, as PyAV knows them."""
    try:
        context = av.CodecContext.create(encoder, "w")
    except ValueError:  # PyAV's UnknownCodecError
        return None
    return {option.name: {choice.name for choice in option.choices} for option in context.supported_options.private}


@cache
def options_of_the_ffmpeg_program(encoder: str) -> dict[str, set[str]] | None:
    """Return the same from `ffmpeg -h encoder=NAME`."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    found = subprocess.run([program, "-hide_banner", "-h", f"encoder={encoder}"], capture_output=True, text=True)
    options: dict[str, set[str]] = {}
    for line in found.stdout.splitlines():
        if match := re.match(r"  -(\S+) +<", line):
            options[match[1]] = set()
        elif (match := re.match(r"     (\S+) ", line)) and options:
            options[list(options)[-1]].add(match[1])
    return options or None


def known_options(encoder: str) -> dict[str, set[str]] | None:
    return options_in_the_wheel(encoder) or options_of_the_ffmpeg_program(encoder)


def test_exactly_the_encoders_of_other_systems_can_not_be_checked_here() -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg program is not there, which knows vaapi")
    unknown = {encoder for encoder in OPTIONS if known_options(encoder) is None}
    assert unknown - {"av1_vaapi"} == NOT_CHECKABLE_HERE  # ffmpeg has it from 6.1 on, with vaapi's common options


@pytest.mark.parametrize("encoder", sorted(set(OPTIONS) - NOT_CHECKABLE_HERE))
def test_the_encoder_knows_every_option_and_word(encoder: str) -> None:
    known = known_options(encoder)
    if known is None:
        pytest.skip("neither PyAV nor an ffmpeg program knows it here")
    given = {name: value for name, value in OPTIONS[encoder](CONFIG).items() if name not in GENERIC}
    assert given.keys() <= known.keys()
    for name, value in given.items():
        if known[name] and not re.fullmatch(r"-?\d+", value):
            assert value in known[name], name


def test_the_generic_options_are_every_encoders_own() -> None:
    generic = {option.name for option in av.CodecContext.create("libx264", "w").supported_options.generic}
    assert generic >= GENERIC


@pytest.mark.parametrize("codec", Codec)
def test_every_encoder_of_the_registry_has_options_and_the_other_way_round(codec: Codec) -> None:
    names = encoder_names(codec)
    assert set(names.values()) == {name for name in OPTIONS if name in set(names.values())}
    assert [candidate.name for candidate in candidates(codec)] == list(names)


def test_no_options_are_left_without_an_encoder() -> None:
    assert set(OPTIONS) == {encoder for codec in Codec for encoder in encoder_names(codec).values()}


COMPLAINTS = re.compile(r"error parsing|unknown|invalid|unrecogni|not supported|bad value|bad option", re.IGNORECASE)


def complaints_of_opening(encoder: str, options: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Open an encoder as `VideoEncoder` does; return what it complains of, and the options it left untouched."""
    context = cast("VideoCodecContext", av.CodecContext.create(encoder, "w"))
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = CONFIG.size
    context.pix_fmt = "yuv420p"
    context.framerate = CONFIG.fps  # type: ignore[assignment] # a whole number is a fraction too
    context.time_base = 1 / context.framerate
    context.bit_rate = CONFIG.bitrate_bps
    context.options = options
    av.logging.set_level(av.logging.VERBOSE)
    try:
        with av.logging.Capture() as messages:
            context.open()
    finally:
        av.logging.set_level(None)
    context.encode(None)
    return [text.strip() for _, _, text in messages if COMPLAINTS.search(text)], dict(context.options)


@pytest.mark.parametrize(("encoder", "parameters"), PARAMETER_STRINGS.items(), ids=PARAMETER_STRINGS)
def test_the_library_knows_every_key_of_its_parameter_string(encoder: str, parameters: str) -> None:
    options = OPTIONS[encoder](CONFIG)
    wrong = options | {parameters: options[parameters] + ":no-such-key=1"}
    with no_real_time():
        assert complaints_of_opening(encoder, options) == ([], {})
        assert complaints_of_opening(encoder, wrong)[0], "the check itself hears nothing"


def test_an_option_that_nobody_knows_would_be_left_over() -> None:
    _, left = complaints_of_opening("libx264", OPTIONS["libx264"](CONFIG) | {"no-such-option": "1"})
    assert left == {"no-such-option": "1"}


@pytest.mark.parametrize("encoder", PARAMETER_STRINGS)
def test_opening_one_as_wavry_does_leaves_no_option_over(encoder: str) -> None:
    codec = {"libx264": Codec.H264, "libx265": Codec.HEVC, "libsvtav1": Codec.AV1}[encoder]
    opened = VideoEncoder(encoder, encoder, EncoderConfig(codec=codec, size=Size(320, 240)))
    assert opened._context is not None
    assert dict(opened._context.options) == {}
    opened.close()
