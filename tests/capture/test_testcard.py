from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from tests.capture.helpers import pixels, take
from wavry.capture import CaptureConfig
from wavry.capture.testcard import BARS, open_testcard, read_testcard
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIG = CaptureConfig(source="testcard", size=Size(320, 180), fps=240, pool_buffers=2)


def test_every_frame_says_its_number_and_time() -> None:
    source = open_testcard(CONFIG)
    for number in range(10):
        frame = take(source)
        assert frame.number == number
        assert read_testcard(pixels(frame)) == (number, frame.capture_us)
        frame.release()
    source.close()


def test_damage_is_the_part_that_moves() -> None:
    source = open_testcard(CONFIG)
    first, second = take(source), take(source)
    assert first.damage is None
    assert second.damage == (Rect(0, 0, 320, 12 + 36),)
    assert (pixels(first)[48:] == pixels(second)[48:]).all()
    assert (pixels(first)[12:48] != pixels(second)[12:48]).any()
    first.release()
    second.release()
    source.close()


def test_bars_have_their_colours() -> None:
    source = open_testcard(CONFIG)
    frame = take(source)
    row = pixels(frame)[60]
    expected = [tuple(colour.to_bytes(4, "little")[:3]) for colour in BARS]
    assert [tuple(row[40 * index + 20].tolist()) for index in range(8)] == expected
    frame.release()
    source.close()


def test_odd_size_is_rounded_down() -> None:
    source = open_testcard(CaptureConfig(source="testcard", size=Size(101, 75)))
    assert source.size() == (100, 74)
    source.close()


def luma(picture: av.VideoFrame) -> NDArray[np.uint8]:
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width]


def test_mark_survives_a_codec_at_a_low_bitrate() -> None:
    source = open_testcard(CaptureConfig(source="testcard", size=Size(640, 360), fps=240))
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 640, 360, "yuv420p"
    encoder.framerate, encoder.bit_rate = Fraction(60), 500_000
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    sent, read = [], []
    for _ in range(20):
        frame = take(source)
        sent.append((frame.number, frame.capture_us))
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels(frame)), format="bgr24")
        frame.release()
        for packet in encoder.encode(picture.reformat(format="yuv420p")):
            read += [read_testcard(luma(decoded)) for decoded in decoder.decode(packet)]
    read += [read_testcard(luma(decoded)) for decoded in decoder.decode(None)]
    assert read == sent
    source.close()
