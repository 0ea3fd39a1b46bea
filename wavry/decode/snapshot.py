"""A decoded picture as a PNG file."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from wavry.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path


def save_png(frame: av.VideoFrame, path: Path) -> None:
    """Write a picture (BT.709, limited range) as an 8-bit RGB PNG, whole or not at all.

    Raises:
        ConfigError: The file can't be written.
    """
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND,
    )
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = rgb.width, rgb.height, "rgb24"
    encoder.time_base = Fraction(1, 1)
    rgb.pts = 0
    data = b"".join(bytes(packet) for packet in [*encoder.encode(rgb), *encoder.encode(None)])
    write_whole(path, data, flag="--snapshot")
