"""Opus there and back, with each libopus that is on this machine."""

from __future__ import annotations

import array
import math
import random
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import BackendUnavailableError, ConfigError, DecodeError, EncodeError
from wavry.opus import MAX_PACKET_BYTES, SAMPLE_RATE, OpusConfig, OpusDecoder, OpusEncoder, library_name
from wavry.opus import library as opus_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wavry.opus.library import OpusLibrary

FINDERS = {"system": opus_library.of_the_system, "wheel": opus_library.of_the_wheel}
LOOKAHEAD_SAMPLES = 120
"""What restricted low delay costs: 2.5 ms."""


@pytest.fixture(params=FINDERS)
def library(request: pytest.FixtureRequest) -> OpusLibrary:
    find: Callable[[], OpusLibrary] = FINDERS[request.param]
    return find()


@pytest.fixture(autouse=True)
def _forget_the_library() -> Iterator[None]:
    opus_library.load_opus.cache_clear()
    yield
    opus_library.load_opus.cache_clear()


def tone(config: OpusConfig, frames: int, *, level: int = 10_000) -> list[bytes]:
    """Return frames of a tone; each channel has one of its own, so that swapped channels show."""
    samples = array.array("h")
    for index in range(frames * config.frame_samples):
        for channel in range(config.channels):
            frequency = 400 + 200 * channel if channel < 5 else 60  # the last of six is the bass
            samples.append(round(level * math.sin(2 * math.pi * frequency * index / SAMPLE_RATE)))
    data = samples.tobytes()
    return [data[start : start + config.frame_bytes] for start in range(0, len(data), config.frame_bytes)]


def decode_all(config: OpusConfig, library: OpusLibrary, packets: list[bytes | None]) -> array.array[int]:
    """Return all samples; None is a packet that did not come."""
    decoder = OpusDecoder(config, library=library)
    samples, buffer = array.array("h"), bytearray(config.frame_bytes)
    for packet in packets:
        count = decoder.decode_lost(buffer) if packet is None else decoder.decode(packet, buffer)
        assert count == config.frame_samples
        samples.frombytes(buffer)
    decoder.close()
    return samples


def deviation(got: array.array[int], wanted: array.array[int]) -> float:
    """Return a channel's mean square difference over that of the signal, from 50 ms on and with the lookahead."""
    skip = SAMPLE_RATE // 20
    shifted = got[skip + LOOKAHEAD_SAMPLES :]
    original = wanted[skip : skip + len(shifted)]
    return sum((a - b) ** 2 for a, b in zip(shifted, original, strict=True)) / sum(b**2 for b in original)


@pytest.mark.parametrize("frame_us", [5_000, 10_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_tone_in_each_channel_comes_back_in_its_place(library: OpusLibrary, channels: int, frame_us: int) -> None:
    config = OpusConfig(channels=channels, frame_us=frame_us, bitrate_bps=64_000 * channels)
    encoder = OpusEncoder(config, library=library)
    frames = tone(config, 40)
    packets: list[bytes | None] = [encoder.encode(frame) for frame in frames]
    encoder.close()
    original, decoded = array.array("h", b"".join(frames)), decode_all(config, library, packets)
    deviations = [deviation(decoded[channel::channels], original[channel::channels]) for channel in range(channels)]
    assert max(deviations[:5]) < 0.02, deviations
    assert max(deviations) < 1, deviations  # swapped channels come to 2; Opus gives few bits to the bass


def packet_sizes(config: OpusConfig, library: OpusLibrary) -> list[int]:
    """Return the sizes of packets of noise and of tones."""
    encoder = OpusEncoder(config, library=library)
    noise = random.Random(6)
    loud = [noise.randbytes(config.frame_bytes) for _ in range(200)]
    return [len(encoder.encode(frame)) for frame in [*loud, *tone(config, 200)]]


def test_the_rate_is_constant() -> None:
    config = OpusConfig()
    sizes = packet_sizes(config, FINDERS["wheel"]())
    assert set(sizes) == {config.bitrate_bps * config.frame_us // 8_000_000}


def test_a_library_that_spoils_stereo_at_a_constant_rate_keeps_it_on_average(library: OpusLibrary) -> None:
    library.is_sound_at_constant_rate = False
    config = OpusConfig()
    sizes = packet_sizes(config, library)
    wanted = config.bitrate_bps * config.frame_us / 8_000_000
    assert abs(sum(sizes) / len(sizes) - wanted) < 0.05 * wanted
    assert max(sizes) < 2 * wanted


@pytest.mark.parametrize(("text", "version"), [("libopus 1.3.1", (1, 3)), ("libopus 1.10-rc", (1, 10)), ("none", ())])
def test_a_version_is_read_from_what_the_library_says(text: str, version: tuple[int, ...]) -> None:
    assert opus_library._version(text) == version


def test_a_lost_frame_is_filled_in_from_what_came_before(library: OpusLibrary) -> None:
    config = OpusConfig()
    encoder = OpusEncoder(config, library=library)
    packets: list[bytes | None] = [encoder.encode(frame) for frame in tone(config, 40)]
    packets[20] = None
    samples = decode_all(config, library, packets)
    frame = config.frame_samples * config.channels
    assert max(samples[20 * frame : 21 * frame]) > 5_000  # a tone of 10 000


def test_what_the_next_packet_knows_of_a_lost_frame_is_a_whole_frame_too(library: OpusLibrary) -> None:
    config = OpusConfig()
    encoder = OpusEncoder(config, library=library)
    packets = [encoder.encode(frame) for frame in tone(config, 10)]
    decoder = OpusDecoder(config, library=library)
    buffer = bytearray(config.frame_bytes)
    decoder.decode(packets[0], buffer)
    assert decoder.decode_lost(buffer, packets[2]) == config.frame_samples
    assert decoder.decode(packets[2], buffer) == config.frame_samples


@pytest.mark.parametrize("change", [-2, 2])
def test_a_frame_of_another_size_is_refused_and_the_encoder_goes_on(library: OpusLibrary, change: int) -> None:
    config = OpusConfig()
    encoder = OpusEncoder(config, library=library)
    with pytest.raises(EncodeError, match=str(config.frame_bytes)):
        encoder.encode(bytes(config.frame_bytes + change))
    assert encoder.encode(bytes(config.frame_bytes))


def test_a_buffer_that_is_too_small_is_refused_before_anything_is_written(library: OpusLibrary) -> None:
    config = OpusConfig()
    packet = OpusEncoder(config, library=library).encode(tone(config, 1)[0])
    buffer = bytearray(config.frame_bytes - 1)
    with pytest.raises(DecodeError, match="a buffer of"):
        OpusDecoder(config, library=library).decode(packet, buffer)
    assert not any(buffer)


@pytest.mark.parametrize("packet", [b"", b"\xff" * 3, bytes(MAX_PACKET_BYTES * 5)])
def test_what_is_no_packet_is_refused_and_the_decoder_goes_on(library: OpusLibrary, packet: bytes) -> None:
    config = OpusConfig()
    good = OpusEncoder(config, library=library).encode(tone(config, 1)[0])
    decoder, buffer = OpusDecoder(config, library=library), bytearray(config.frame_bytes)
    with pytest.raises(DecodeError):
        decoder.decode(packet, buffer)
    assert decoder.decode(good, buffer) == config.frame_samples


def test_a_packet_that_holds_more_than_a_frame_is_refused(library: OpusLibrary) -> None:
    long = OpusConfig(frame_us=10_000)
    packet = OpusEncoder(long, library=library).encode(tone(long, 1)[0])
    short = OpusConfig(frame_us=5_000)
    with pytest.raises(DecodeError):
        OpusDecoder(short, library=library).decode(packet, bytearray(short.frame_bytes))


@given(packet=st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_and_nothing_is_written_behind_the_frame(packet: bytes) -> None:
    config = OpusConfig()
    decoder = OpusDecoder(config)
    buffer = bytearray(config.frame_bytes + 64)
    try:
        assert 0 < decoder.decode(packet, buffer) <= config.frame_samples
    except DecodeError:
        pass
    assert buffer[config.frame_bytes :] == bytes(64)


def test_closing_twice_is_harmless_and_using_it_afterwards_is_an_error(library: OpusLibrary) -> None:
    config = OpusConfig()
    encoder, decoder = OpusEncoder(config, library=library), OpusDecoder(config, library=library)
    for each in (encoder, decoder):
        each.close()
        each.close()
    with pytest.raises(EncodeError, match="closed"):
        encoder.encode(bytes(config.frame_bytes))
    with pytest.raises(DecodeError, match="closed"):
        decoder.decode(b"\x00", bytearray(config.frame_bytes))


@pytest.mark.parametrize(
    ("field", "value"), [("channels", 3), ("frame_us", 20_000), ("bitrate_bps", 1_000), ("bitrate_bps", 1_000_000)]
)
def test_a_way_of_coding_that_wavry_does_not_have_is_refused(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=field):
        OpusConfig(**{field: value})


# Which libopus.


def test_the_systems_library_comes_first() -> None:
    assert library_name().endswith("(the system's, through opuslib)")


def without_opuslib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "opuslib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)


def test_a_system_without_libopus_has_the_one_of_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    without_opuslib(monkeypatch)
    assert library_name().endswith("(from PyAV's wheel)")
    assert OpusEncoder(OpusConfig()).encode(bytes(OpusConfig().frame_bytes))


def test_no_libopus_anywhere_is_a_refusal_that_names_both_places(monkeypatch: pytest.MonkeyPatch) -> None:
    without_opuslib(monkeypatch)
    monkeypatch.setattr(opus_library, "_wheel_files", lambda: iter(()))
    with pytest.raises(BackendUnavailableError, match=r"opuslib: .*; PyAV's wheel brings no libopus"):
        OpusEncoder(OpusConfig())


def test_another_library_in_its_place_is_a_refusal() -> None:
    import ctypes

    with pytest.raises(BackendUnavailableError, match="no libopus"):
        opus_library.OpusLibrary(ctypes.CDLL(None), "the C library")
