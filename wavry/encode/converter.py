"""BGRA to YUV, once per changed tile.

The encoder's picture lives in one pooled buffer for as long as the stream has its size. Each frame brings only its
damage up to date there, in tiles of a few sizes. A typed character at 1080p costs 0.1 ms that way, half a screen that
scrolls 1.8 ms, a whole picture 3.1 ms (swscale POINT; a tile stays in the cache, so the copy into the picture is
cheaper than fresh pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from wavry.errors import EncodeError
from wavry.media import Frame, PixelFormat, Rect, Size, picture_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from wavry.media.frame import Lease

_TILE_ROWS = (64, 256)
_TILE_QUARTERS = (1, 2, 3, 4)
"""Heights of a tile, and the quarters of the picture's width that it may be wide. Each combination that is met keeps a
swscale context (0.4 MB at 1080p), because setting one up costs more than a small tile."""

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
        self._tile_heights = [rows for rows in _TILE_ROWS if rows < height] or [height]
        self._tile_widths = sorted({min(width, (width * quarters // 4 + 15) & ~15) for quarters in _TILE_QUARTERS})
        self._reformatters: dict[Size, VideoReformatter] = {}

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
        whole = Rect(0, 0, *self.source)
        damage = (whole,) if frame.damage is None else frame.damage
        moves = frame.damage is not None and any(rect.height > _COMPARED_ROWS for rect in damage)
        if self.source != self.target:
            return bool(damage) and self._convert(rows, Rect(0, 0, *self.target), compare=not moves)
        changed = False
        for rect in damage:
            for tile in self._tiles(rect):
                part = rows[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
                changed |= self._convert(part, tile, compare=not moves)
        return changed

    def _tiles(self, damage: Rect) -> Iterator[Rect]:
        """Cover the damage with tiles, even on all sides; the last may lie over the one before."""
        left, width = self._columns(damage)
        top, bottom = max(0, damage.y) & ~1, min(self.source.height, damage.y + damage.height + 1) & ~1
        while top < bottom:
            height = next((rows for rows in self._tile_heights if rows >= bottom - top), self._tile_heights[-1])
            start = min(top, self.source.height - height)
            yield Rect(left, start, width, height)
            top = start + height

    def _columns(self, damage: Rect) -> tuple[int, int]:
        """Return left and width of the narrowest tile that covers the damage from side to side."""
        right = min(self.source.width, damage.x + damage.width)
        for width in self._tile_widths:
            left = min(max(0, damage.x) & ~15, self.source.width - width)  # on a cache line where it can
            if right <= left + width:
                return left, width
        return 0, self.source.width

    def _convert(self, pixels: NDArray[np.uint8], place: Rect, *, compare: bool) -> bool:
        """Convert pixels into a place of the picture; with `compare`, say whether that changed it."""
        reformatter = self._reformatters.setdefault(place.size, VideoReformatter())
        try:
            tile = reformatter.reformat(
                av.VideoFrame.from_numpy_buffer(pixels, "bgra"),
                width=place.width,
                height=place.height,
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
        for converted, target in zip(tile.planes, self._planes_at(place), strict=True):
            lines = np.frombuffer(memoryview(converted), np.uint8).reshape(-1, converted.line_size)
            fresh = lines[:, : target.shape[1]]
            if changed or not np.array_equal(fresh, target):
                changed = True
                target[:] = fresh
        return changed

    def _planes_at(self, place: Rect) -> Iterator[NDArray[np.uint8]]:
        """Return each plane's part of a place; in bytes, so that NV12's interleaved chroma is as wide as its luma."""
        x, y, width, height = place
        for index, plane in enumerate(self._planes):
            down = 2 if index else 1
            across = 1 if plane.shape[1] == self.target.width else 2
            yield plane[y // down : (y + height) // down, x // across : (x + width) // across]

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
