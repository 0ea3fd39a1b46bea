from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.support.aio import PATIENCE_S
from tests.support.video import encoded, received, text
from wavry.client.recording import Recorder, check_recording_path
from wavry.decode import ReceivedUnit, StreamFormat
from wavry.encode.config import EncoderConfig
from wavry.errors import ConfigError
from wavry.media import AccessUnit, Codec, Size
from wavry.opus import OpusConfig, OpusEncoder
from wavry.rift import SoundConfig
from wavry.rift.sound import SoundPacket

SIZE = Size(160, 120)
STREAM = StreamFormat(0, Codec.H264, SIZE)
FRAME_US = 20_000
SUFFIXES = [".mkv", ".mp4"]

needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="no ffprobe")


def stream(
    count: int,
    *,
    keyframes: frozenset[int] = frozenset({0}),
    size: Size = SIZE,
    epoch: int = 0,
    codec: Codec = Codec.H264,
) -> list[AccessUnit]:
    config = EncoderConfig(codec=codec, size=size, fps=50, bitrate_bps=1_000_000)
    pictures = [text(size, seed) for seed in range(count)]
    return list(encoded(pictures, config, keyframes=keyframes, epoch=epoch, frame_us=FRAME_US))


def record(path: Path, *items: StreamFormat | AccessUnit) -> Recorder:
    recorder = Recorder(path)
    for unit in received(*items):
        recorder.queue.put_nowait(unit)
    recorder.stop()
    recorder.run()
    return recorder


def probe(path: Path) -> tuple[dict[str, Any], list[float]]:
    """What ffprobe says of the video track, and the times of its packets in milliseconds."""
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_packets", "-of", "json", path],
        capture_output=True,
        check=True,
    )
    everything = json.loads(found.stdout)
    times = [float(packet["pts_time"]) * 1000 for packet in everything["packets"]]
    return everything["streams"][0], times


@needs_ffprobe
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("codec", Codec)
def test_every_unit_is_in_the_file_at_its_time(codec: Codec, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"r{suffix}"
    recorder = record(path, StreamFormat(0, codec, SIZE), *stream(30, codec=codec))
    track, times = probe(path)
    assert recorder.written == int(track["nb_read_frames"]) == 30
    assert (track["codec_name"], track["width"], track["height"]) == (codec.value, *SIZE)
    assert times == pytest.approx([number * FRAME_US / 1000 for number in range(30)], abs=1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_decodes_to_the_very_pictures_that_came(suffix: str, tmp_path: Path) -> None:
    units = stream(5)
    record(tmp_path / f"r{suffix}", StreamFormat(0, Codec.H264, SIZE), *units)
    decoder = av.CodecContext.create("h264", "r")
    expected = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))] + decoder.decode(None)
    with av.open(str(tmp_path / f"r{suffix}")) as container:
        found = [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]
    assert found == [frame.to_ndarray().tobytes() for frame in expected]


@needs_ffprobe
def test_times_follow_the_captures_and_never_stand_still_or_go_back(tmp_path: Path) -> None:
    units = stream(6)
    captured = [0, 20_000, 500_000, 500_000, 490_000, 520_000]
    units = [replace(unit, capture_us=7_000_000 + at) for unit, at in zip(units, captured, strict=True)]
    record(tmp_path / "r.mp4", StreamFormat(0, Codec.H264, SIZE), *units)
    _, times = probe(tmp_path / "r.mp4")
    assert times == pytest.approx([0, 20, 500, 500, 500, 520], abs=1)
    assert sorted(set(times)) == times


@needs_ffprobe
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_change_of_size_goes_on_in_another_file_beside_it(suffix: str, tmp_path: Path) -> None:
    small = Size(64, 48)
    record(
        tmp_path / f"r{suffix}",
        StreamFormat(0, Codec.H264, SIZE),
        *stream(4),
        StreamFormat(1, Codec.H264, small),
        *stream(3, size=small, epoch=1),
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"r-2{suffix}", f"r{suffix}"]
    (first, _), (second, times) = probe(tmp_path / f"r{suffix}"), probe(tmp_path / f"r-2{suffix}")
    assert ((first["width"], first["nb_read_frames"]), (second["width"], second["nb_read_frames"])) == (
        (SIZE.width, "4"),
        (small.width, "3"),
    )
    assert times[0] == 0


def test_units_after_a_hole_are_left_out_until_the_next_keyframe(tmp_path: Path) -> None:
    units = stream(10, keyframes=frozenset({0, 6}))
    del units[3]
    recorder = record(tmp_path / "r.mkv", StreamFormat(0, Codec.H264, SIZE), *units)
    assert recorder.written == 3 + 4
    with av.open(str(tmp_path / "r.mkv")) as container:
        assert len([packet for packet in container.demux(video=0) if packet.size]) == 7


def test_a_recording_starts_with_the_first_keyframe(tmp_path: Path) -> None:
    units = stream(5, keyframes=frozenset({0, 2}))[1:]
    assert record(tmp_path / "r.mkv", StreamFormat(0, Codec.H264, SIZE), *units).written == 3


@pytest.mark.parametrize("name", ["r.avi", "r", "r.mkv.txt", "missing/r.mkv"])
def test_a_path_that_can_not_be_recorded_to_is_refused_at_once(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--record"):
        check_recording_path(tmp_path / name)
    with pytest.raises(ConfigError, match="--record"):
        Recorder(tmp_path / name)


def test_a_file_that_can_not_be_opened_is_named_with_the_flag(tmp_path: Path) -> None:
    (tmp_path / "r.mkv").mkdir()
    with pytest.raises(ConfigError, match=r"--record .*r\.mkv"):
        record(tmp_path / "r.mkv", StreamFormat(0, Codec.H264, SIZE), *stream(1))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_named_with_the_flag(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"r{suffix}").symlink_to("/dev/full")
    with pytest.raises(ConfigError, match=r"--record .*No space left on device"):
        record(tmp_path / f"r{suffix}", StreamFormat(0, Codec.H264, SIZE), *stream(60))


def test_a_keyframe_without_a_picture_in_it_does_not_end_the_recording(tmp_path: Path) -> None:
    units = stream(4, keyframes=frozenset({0, 2}))
    units[0] = replace(units[0], data=b"\xff" * 50)
    recorder = record(tmp_path / "r.mkv", StreamFormat(0, Codec.H264, SIZE), *units)
    assert recorder.written == 2
    with av.open(str(tmp_path / "r.mkv")) as container:
        assert len(list(container.decode(video=0))) == 2


def test_the_queue_gives_up_the_oldest_when_the_disk_is_slow(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.mkv")
    unit = stream(1)[0]
    large = replace(unit, data=bytes(3 * 1024 * 1024))
    for number in range(5):
        recorder.queue.put_nowait(ReceivedUnit(replace(large, frame_id=number), STREAM, 0, 0))
    assert (recorder.queue.drops, len(recorder.queue)) == (3, 2)
    assert recorder.queue.used_bytes <= recorder.queue.cap_bytes


def test_a_stop_from_another_thread_ends_a_recording_that_waits(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.mkv")
    thread = threading.Thread(target=recorder.run)
    thread.start()
    for unit in received(STREAM, *stream(3)):
        recorder.queue.put_nowait(unit)
    recorder.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert recorder.written == 3


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.client.test_recording import STREAM, stream
from tests.support.video import received
from wavry.client.recording import Recorder

recorder = Recorder(Path(sys.argv[1]))
units = received(STREAM, *stream(100))

def get():
    item = next(units, None)
    if item is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return item

recorder.queue.get = get
recorder.run()
"""


@needs_ffprobe
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_plays_up_to_its_last_half_second_after_a_kill(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"r{suffix}"
    ended = subprocess.run([sys.executable, "-c", KILLED, path], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    track, times = probe(path)
    assert int(track["nb_read_frames"]) >= 100 - 500_000 // FRAME_US - 1
    assert times == pytest.approx([number * FRAME_US / 1000 for number in range(len(times))], abs=1)


SOUND = SoundConfig(epoch=0)


def sounds(count: int, *, from_us: int = 0, channels: int = 2) -> list[SoundPacket]:
    """Blocks of 5 ms, silent but for the sixth, which begins with a click."""
    config = OpusConfig(channels=channels)
    encoder = OpusEncoder(config)
    blocks = [bytearray(config.frame_bytes) for _ in range(count)]
    blocks[5][: 20 * channels] = b"\xff\x6f" * (10 * channels)
    return [
        SoundPacket(number, from_us + number * 5000, encoder.encode(bytes(block)))
        for number, block in enumerate(blocks)
    ]


def record_with_sound(path: Path, units: list[AccessUnit], packets: list[SoundPacket]) -> Recorder:
    """Record sound and pictures as they come: in the order of their capture."""
    recorder = Recorder(path, has_sound=True)
    recorder.expect_sound(SOUND)
    items: list[ReceivedUnit | SoundPacket] = [*received(STREAM, *units), *packets]
    items.sort(key=lambda item: item.capture_us if isinstance(item, SoundPacket) else item.unit.capture_us)
    for item in items:
        if isinstance(item, SoundPacket):
            recorder.take_sound(item, SOUND)
        else:
            recorder.queue.put_nowait(item)
    recorder.stop()
    recorder.run()
    return recorder


def click_at_ms(path: Path) -> float:
    """When the loudest sample of the recording is heard."""
    loudest, at = 0, 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray()).max(axis=0)
            if samples.max() > loudest and frame.pts is not None and frame.time_base is not None:
                loudest = samples.max()
                at = float(frame.pts * frame.time_base) + samples.argmax() / 48_000
    return at * 1000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sound_is_in_the_file_at_its_time(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"r{suffix}"
    units = stream(50)
    begin_us = units[0].capture_us
    recorder = record_with_sound(path, units, sounds(180, from_us=begin_us + 50_000))
    assert (recorder.written, recorder.sounds_written) == (50, 180)
    assert click_at_ms(path) == pytest.approx(50 + 25, abs=8)


def test_sound_that_comes_out_of_order_is_written_in_order(tmp_path: Path) -> None:
    path = tmp_path / "r.mkv"
    units = stream(30)
    packets = sounds(100, from_us=units[0].capture_us)
    recorder = Recorder(path, has_sound=True)
    for unit in received(STREAM, *units):
        recorder.queue.put_nowait(unit)
    for at in range(0, 100, 4):
        for packet in (packets[at + 1], packets[at + 3], packets[at], packets[at + 2]):
            recorder.take_sound(packet, SOUND)
    recorder.stop()
    recorder.run()
    assert recorder.sounds_written == 100
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux(audio=0) if packet.pts is not None]
    assert times == sorted(times)


def test_without_sound_the_file_has_no_track_for_it(tmp_path: Path) -> None:
    for name, has_sound, config in (
        ("never", False, SOUND),
        ("none", True, SoundConfig(epoch=0, available=False)),
        ("strange", True, SoundConfig(epoch=0, channels=5)),
    ):
        recorder = Recorder(tmp_path / f"{name}.mkv", has_sound=has_sound)
        recorder.expect_sound(config)
        for unit in received(STREAM, *stream(5)):
            recorder.queue.put_nowait(unit)
        recorder.stop()
        recorder.run()
        with av.open(str(tmp_path / f"{name}.mkv")) as container:
            assert [track.type for track in container.streams] == ["video"]


def test_sound_of_another_kind_begins_another_file_at_the_next_keyframe(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.mkv", has_sound=True)
    recorder.expect_sound(SOUND)
    waiting = list(received(STREAM, *stream(20, keyframes=frozenset({0, 10}))))
    recorder.queue.put_nowait(waiting[0])
    recorder.expect_sound(SoundConfig(epoch=1, channels=1))
    for unit in waiting[1:]:
        recorder.queue.put_nowait(unit)
    recorder.stop()
    recorder.run()
    for name, channels in (("r", 2), ("r-2", 1)):
        with av.open(str(tmp_path / f"{name}.mkv")) as container:
            assert [track.channels for track in container.streams.audio] == [channels]
            assert sum(packet.pts is not None for packet in container.demux(video=0)) == 10
