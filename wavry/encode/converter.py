"""BGRA to YUV, once per changed row.

The encoder's picture lives in one pooled buffer for as long as the stream has its size. Each frame brings only its
damage up to date there, in bands of rows. A typed character at 1080p costs 0.1 ms that way, a whole picture 1.8 ms
(swscale POINT; one band's output stays in the cache, so the copy into the picture is cheaper than fresh pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from wavry.errors import EncodeError
from wavry.media import Frame, PixelFormat, Rect, Size, picture_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wavry.media.frame import Lease

_BAND_ROWS = (32, 64, 128, 256)
"""Heights of the bands. Each keeps a swscale context, because setting one up costs more than a small band."""

_COMPARED_ROWS = 256
"""Damage up to this height is compared with the picture (50 µs a band at 1080p); above it something moves, and
comparing would only delay it."""


class FrameConverter:
    """Keeps one 4:2:0 picture (BT.709, limited range) equal to the frames it is given. One thread.

    Args:
        source: Size of the frames.
        target: Size of the picture; frames of another size are scaled whole.
        layout: I420 or NV12, whatever the encoder takes.
        lease: Buffer of `picture_bytes(target)`; released by `close`.
    """

    def __init__(self, source: Size, target: Size, layout: PixelFormat, lease: Lease) -> None:
        self.source = source
        self.target = target
        self._layout = layout
        self._lease: Lease | None = lease
        width, height = target
        self._picture: NDArray[np.uint8] = np.frombuffer(lease.data, np.uint8, picture_bytes(target)).reshape(
            height * 3 // 2, width
        )
        self._planes = self._plane_views()
        self._bands = [rows for rows in _BAND_ROWS if rows < height]
        self._reformatters: dict[int, VideoReformatter] = {}

    def _plane_views(self) -> list[NDArray[np.uint8]]:
        width, height = self.target
        luma, chroma = self._picture[:height], self._picture[height:].reshape(-1)
        if self._layout is PixelFormat.NV12:
            return [luma, chroma.reshape(height // 2, width)]
        return [luma, *chroma.reshape(2, height // 2, width // 2)]

    def update(self, frame: Frame) -> bool:
        """Bring the picture up to date with `frame`; afterwards the frame may be released.

        Returns:
            Whether the picture may differ from before. Where that is cheap to know it is looked at: a source that
            looks again just in case, and a program that draws the same again, change nothing.
        """
        pixels = np.frombuffer(frame.data, np.uint8, frame.stride * frame.size.height)
        rows = pixels.reshape(frame.size.height, frame.stride // 4, 4)[:, : frame.size.width]
        compare = frame.damage is None or frame.damage.height <= _COMPARED_ROWS
        if self.source != self.target:
            return self._convert(rows, 0, self.target.height, compare)
        damage = frame.damage or Rect(0, 0, *self.source)
        top, bottom = max(0, damage.y) & ~1, min(self.source.height, damage.y + damage.height + 1) & ~1
        changed = False
        while top < bottom:
            height = self._band_height(bottom - top)
            start = min(top, self.source.height - height)
            changed |= self._convert(rows[start : start + height], start, height, compare)
            top = start + height
        return changed

    def _band_height(self, rows: int) -> int:
        return next(
            (band for band in self._bands if band >= rows), self._bands[-1] if self._bands else self.source.height
        )

    def _convert(self, rows: NDArray[np.uint8], top: int, height: int, compare: bool) -> bool:
        reformatter = self._reformatters.setdefault(height, VideoReformatter())
        try:
            band = reformatter.reformat(
                av.VideoFrame.from_numpy_buffer(rows, "bgra"),
                width=self.target.width,
                height=height,
                format=self._layout.value,
                src_colorspace=Colorspace.ITU709,
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.POINT if self.source == self.target else Interpolation.AREA,
                threads=1,
            )
        except av.FFmpegError as error:
            raise EncodeError("swscale", str(error)) from error
        changed = not compare
        for index, (converted, plane) in enumerate(zip(band.planes, self._planes, strict=True)):
            subsampling = 2 if index else 1
            lines = np.frombuffer(memoryview(converted), np.uint8).reshape(-1, converted.line_size)
            fresh, target = lines[:, : plane.shape[1]], plane[top // subsampling : (top + height) // subsampling]
            if changed or not np.array_equal(fresh, target):
                changed = True
                target[:] = fresh
        return changed

    def picture(self) -> av.VideoFrame:
        """Return the picture for an encoder. It borrows the converter's buffer and changes with the next `update`."""
        if self.target.height % 4:
            picture = self._copied()
        else:
            picture = av.VideoFrame.from_numpy_buffer(self._picture, self._layout.value, width=self.target.width)
        picture.colorspace = Colorspace.ITU709
        picture.color_range = ColorRange.MPEG
        return picture

    def _copied(self) -> av.VideoFrame:
        """Copy the picture: PyAV 18 cuts a borrowed 4:2:0 picture to a multiple of four rows, its chroma with it."""
        picture = av.VideoFrame(*self.target, self._layout.value)
        for plane, rows in zip(picture.planes, self._planes, strict=True):
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:, : rows.shape[1]] = rows
        return picture

    def close(self) -> None:
        """Give the buffer back. Idempotent."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()
