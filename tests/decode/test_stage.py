from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from tests.support.aio import PATIENCE_S
from tests.support.video import encoded, noise, plain, received, to_rgb
from wavry.decode import DecodeStage, Picture, ReceivedUnit, StreamFormat
from wavry.decode.picture_memory import MAX_PICTURES
from wavry.encode.config import EncoderConfig
from wavry.media import AccessUnit, Codec, Size, UnitTimings
from wavry.memory import set_checkpoint_recorder
from wavry.pipeline import BoundedQueue, Overflow

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = Size(160, 120)
STREAM = StreamFormat(0, Codec.H264, SIZE)
RUBBISH = b"\0\0\0\1\x65" + bytes(range(1, 60))


def stream(
    count: int, keyframes: frozenset[int] = frozenset({0}), *, size: Size = SIZE, epoch: int = 0,
    codec: Codec = Codec.H264,
) -> list[AccessUnit]:  # fmt: skip
    config = EncoderConfig(codec=codec, size=size, fps=30, bitrate_bps=2_000_000)
    return list(encoded([noise(size, seed) for seed in range(count)], config, keyframes=keyframes, epoch=epoch))


class Bench:
    def __init__(self) -> None:
        self.units: BoundedQueue[ReceivedUnit] = BoundedQueue(
            "units", max_items=1000, max_bytes=1 << 30, overflow=Overflow.BLOCK, size_of=lambda each: each.size_bytes
        )
        self.pictures: list[Picture] = []
        self.broken: list[tuple[int, int]] = []
        self.stage = DecodeStage(
            self.units, self.pictures.append, lambda epoch, frame_id: self.broken.append((epoch, frame_id))
        )

    @property
    def shown(self) -> list[tuple[int, int]]:
        return [(picture.received.unit.epoch, picture.received.unit.frame_id) for picture in self.pictures]

    def feed(self, *items: StreamFormat | AccessUnit) -> None:
        for unit in received(*items, at_us=5):
            self.units.put(unit)

    def run(self, *items: StreamFormat | AccessUnit) -> None:
        """Decode all of it, on this thread."""
        self.feed(*items)
        self.units.finish()
        self.stage.run()


@contextmanager
def running() -> Iterator[Bench]:
    bench = Bench()
    thread = threading.Thread(target=bench.stage.run)
    thread.start()
    try:
        yield bench
    finally:
        bench.stage.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_pictures_come_in_order_with_their_times() -> None:
    bench = Bench()
    bench.run(STREAM, *stream(4))
    assert (bench.shown, bench.broken, bench.stage.decoded) == ([(0, 0), (0, 1), (0, 2), (0, 3)], [], 4)
    first = bench.pictures[0]
    assert first.received.received_us == 5
    assert first.decoded_us > 0
    assert first.size_bytes == SIZE.width * SIZE.height * 3 // 2


def test_what_refers_to_a_missing_picture_is_skipped_until_the_next_keyframe() -> None:
    units = stream(8, frozenset({0, 5}))
    del units[2]
    bench = Bench()
    bench.run(STREAM, *units)
    assert [frame_id for _, frame_id in bench.shown] == [0, 1, 5, 6, 7]
    assert bench.broken == [(0, 3), (0, 4)]


def test_damaged_bytes_break_the_chain_until_the_next_keyframe() -> None:
    units = stream(6, frozenset({0, 4}))
    units[1] = replace(units[1], data=RUBBISH)
    bench = Bench()
    bench.run(STREAM, *units)
    assert [frame_id for _, frame_id in bench.shown] == [0, 4, 5]
    assert bench.broken[0] == (0, 1)
    assert bench.stage.failed == 1


def test_a_stream_that_does_not_begin_with_a_keyframe_waits_for_one() -> None:
    bench = Bench()
    bench.run(STREAM, *stream(4, frozenset({0, 2}))[1:])
    assert (bench.shown, bench.broken) == ([(0, 2), (0, 3)], [(0, 1)])


def test_a_new_epoch_begins_with_its_keyframe() -> None:
    old, new = stream(2), stream(3, frozenset({0, 2}), epoch=1)
    bench = Bench()
    bench.run(STREAM, *old, StreamFormat(1, Codec.H264, SIZE), *new[1:])
    assert bench.shown == [(0, 0), (0, 1), (1, 2)]
    assert bench.broken == [(1, 1)]


def test_a_picture_of_another_size_than_announced_is_not_shown() -> None:
    bench = Bench()
    bench.run(StreamFormat(0, Codec.H264, Size(320, 240)), *stream(2))
    assert (bench.shown, bench.broken, bench.stage.failed) == ([], [(0, 0), (0, 1)], 1)


@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv422p", "yuv420p10le"])
def test_a_picture_of_another_layout_than_the_window_takes_is_not_shown(pixel_format: str) -> None:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, pixel_format
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"tune": "zerolatency"}
    frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 128, np.uint8), "rgb24").reformat(format=pixel_format)
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    bench = Bench()
    bench.run(STREAM, AccessUnit(data, True, 0, 0, 0, UnitTimings()))
    assert (bench.shown, bench.broken) == ([], [(0, 0)])


def test_a_change_of_size_goes_on_with_the_new_size() -> None:
    small = Size(64, 48)
    bench = Bench()
    bench.run(STREAM, *stream(2), StreamFormat(1, Codec.H264, small), *stream(2, size=small, epoch=1))
    assert [(picture.frame.width, picture.frame.height) for picture in bench.pictures] == [SIZE, SIZE, small, small]
    assert bench.broken == []


def test_a_change_of_codec_opens_another_decoder() -> None:
    bench = Bench()
    bench.run(STREAM, *stream(2), StreamFormat(1, Codec.AV1, SIZE), *stream(2, epoch=1, codec=Codec.AV1))
    assert bench.shown == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_frame_ids_wrap_around() -> None:
    units = [replace(unit, frame_id=(0xFFFFFFFE + unit.frame_id) & 0xFFFFFFFF) for unit in stream(4)]
    bench = Bench()
    bench.run(STREAM, *units)
    assert [frame_id for _, frame_id in bench.shown] == [0xFFFFFFFE, 0xFFFFFFFF, 0, 1]


def test_a_kept_picture_does_not_change_while_others_are_decoded() -> None:
    config = EncoderConfig(size=SIZE, fps=30, bitrate_bps=2_000_000)
    colours = [plain(SIZE, (value, value, value)) for value in range(0, 250, 25)]
    bench = Bench()
    bench.run(STREAM, *encoded(colours, config))
    for value, picture in zip(range(0, 250, 25), bench.pictures, strict=True):
        assert abs(int(to_rgb(picture.frame).mean()) - value) <= 6


def test_a_picture_larger_than_announced_is_refused_before_memory_is_taken_for_it() -> None:
    small = Size(64, 48)
    bench = Bench()
    bench.run(StreamFormat(0, Codec.H264, small), *stream(2))
    assert (bench.shown, bench.stage.failed) == ([], 1)
    assert bench.stage.picture_memory.high_water_bytes == 0


def test_what_the_decoder_keeps_is_counted() -> None:
    bench = Bench()
    account = bench.stage.picture_memory
    seen: list[tuple[int, int]] = []
    bench.stage._on_picture = lambda picture: seen.append((account.used_bytes, account.cap_bytes))
    bench.run(STREAM, *stream(30))
    picture_bytes = seen[0][0]
    assert picture_bytes >= SIZE.width * SIZE.height * 3 // 2
    assert max(seen) == (account.high_water_bytes, MAX_PICTURES * picture_bytes)
    assert account.high_water_bytes <= 4 * picture_bytes
    assert (account.used_bytes, account.drops) == (0, 0)  # closed


def test_a_decoder_that_keeps_too_many_pictures_starts_afresh_at_the_next_keyframe() -> None:
    bench = Bench()  # which never lets a picture go
    bench.run(STREAM, *stream(MAX_PICTURES + 8, frozenset({0, MAX_PICTURES + 3})))
    shown = [frame_id for _, frame_id in bench.shown]
    assert len(shown) < MAX_PICTURES + 8
    assert shown[-5:] == list(range(MAX_PICTURES + 3, MAX_PICTURES + 8))
    assert bench.stage.picture_memory.drops == 1
    assert bench.broken


def test_stopping_ends_a_stage_that_waits() -> None:
    with running() as bench:
        bench.feed(STREAM, *stream(1))


def test_the_stage_says_when_a_picture_is_ready() -> None:
    names: list[str] = []
    set_checkpoint_recorder(names.append)
    try:
        Bench().run(STREAM, *stream(2))
    finally:
        set_checkpoint_recorder(None)
    assert names == ["decode_output_ready"] * 2
