"""Pictures, encoders and decoders for tests: real ones, small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from wavry.decode import ReceivedUnit, StreamFormat
from wavry.encode.converter import FrameConverter
from wavry.encode.registry import open_encoder
from wavry.media import AccessUnit, Codec, Frame, PixelFormat, Size, UnitTimings, picture_bytes
from wavry.memory import FrameBufferPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import av
    from numpy.typing import NDArray

    from wavry.encode.config import EncoderConfig
    from wavry.encode.encoder import VideoEncoder

Pixels = "NDArray[np.uint8]"

SOFTWARE = {Codec.H264: "libx264", Codec.HEVC: "libx265", Codec.AV1: "libsvtav1"}


def noise(size: Size, seed: int = 0) -> NDArray[np.uint8]:
    """BGRA pixels that nothing can compress."""
    return np.random.default_rng(seed).integers(0, 256, (size.height, size.width, 4), dtype=np.uint8)


def plain(size: Size, bgr: tuple[int, int, int]) -> NDArray[np.uint8]:
    """BGRA pixels of one colour."""
    pixels = np.zeros((size.height, size.width, 4), np.uint8)
    pixels[..., :3] = bgr
    return pixels


def text(size: Size, seed: int = 0) -> NDArray[np.uint8]:
    """BGRA pixels like a page of text: thin dark strokes on a light ground, a title bar and a picture."""
    random = np.random.default_rng(seed)
    alphabet = np.zeros((26, 9, 6), bool)
    for glyph in alphabet:
        for _ in range(2):
            glyph[random.integers(9), :5] = True
            glyph[:, random.integers(5)] = True
    pixels = plain(size, (250, 250, 252))
    height, width = size.height, size.width
    for top in range(30, height - 12, 14):
        for left in range(8, int(width * random.uniform(0.4, 0.95)), 8):
            if random.random() > 0.15:  # else a space
                pixels[top : top + 9, left : left + 6][alphabet[random.integers(26)]] = (40, 40, 45, 0)
    pixels[:24] = (120, 60, 30, 0)
    ramp = np.linspace(0, 255, width // 4).astype(np.uint8)
    pixels[height // 2 : height // 2 + height // 4, width // 2 : width // 2 + width // 4, 2] = ramp
    return pixels


def make_frame(pixels: NDArray[np.uint8], *, pad: int = 0, pool: FrameBufferPool | None = None) -> Frame:
    """A frame of `(height, width, 4)` pixels whose rows are `pad` pixels longer than they show."""
    height, width, _ = pixels.shape
    stride = (width + pad) * 4
    lease = (pool or FrameBufferPool(stride * height, 1)).acquire()
    rows = np.frombuffer(lease.data, np.uint8, stride * height).reshape(height, width + pad, 4)
    rows[:, :width] = pixels
    rows[:, width:] = 0xA5
    return Frame(lease, Size(width, height), stride, PixelFormat.BGRA, capture_us=0)


def make_converter(source: Size, target: Size | None = None, layout: PixelFormat = PixelFormat.I420) -> FrameConverter:
    """A converter with a buffer of its own."""
    target = target or source
    return FrameConverter(source, target, layout, FrameBufferPool(picture_bytes(target), 1).acquire())


def open_software_encoder(config: EncoderConfig) -> VideoEncoder:
    """The encoder that runs everywhere."""
    return open_encoder(config, wanted=SOFTWARE[config.codec]).backend


def encoded(
    pictures: Iterable[NDArray[np.uint8]],
    config: EncoderConfig,
    *,
    keyframes: frozenset[int] = frozenset({0}),
    epoch: int = 0,
    frame_us: int = 20_000,
) -> Iterator[AccessUnit]:
    """Encode pictures; capture times are `frame_us` apart, frame ids count from 0."""
    encoder = open_software_encoder(config)
    converter = make_converter(config.size)
    try:
        for number, pixels in enumerate(pictures):
            frame = make_frame(pixels)
            converter.update(frame)
            frame.release()
            unit = encoder.encode(converter.picture(), force_keyframe=number in keyframes)
            assert unit is not None
            yield AccessUnit(unit.data, unit.is_keyframe, number, epoch, 1_000_000 + number * frame_us, UnitTimings())
    finally:
        encoder.close()
        converter.close()


def to_rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """A decoded picture as `(height, width, 3)` RGB, as `save_png` makes it."""
    return frame.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND,
    ).to_ndarray().astype(np.uint8)  # fmt: skip


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def received(*items: StreamFormat | AccessUnit, at_us: int = 0) -> Iterator[ReceivedUnit]:
    """Give each access unit the format that was named last before it."""
    stream: StreamFormat | None = None
    for item in items:
        if isinstance(item, StreamFormat):
            stream = item
        else:
            assert stream is not None
            yield ReceivedUnit(item, stream, at_us, at_us)
