"""A video file as if it were a screen: looped, and paced by its own timestamps.

Decoding happens while the frame before is still on show, conversion to BGRA when the frame is due. The conversion's
output is FFmpeg's own memory, one picture more than the pool's, and is copied into a pooled buffer (0.5 ms at 1080p).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from wavry.capture.buffers import NO_ROWS, PictureBuffers
from wavry.capture.clocked import ClockedSource
from wavry.clock import monotonic_us
from wavry.errors import CaptureLostError, ConfigError
from wavry.media import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.video.frame import VideoFrame

    from wavry.capture.config import CaptureConfig
    from wavry.media import Frame

NAME = "file"
FALLBACK_FPS = 25
"""For files that do not say; a single picture is one of them."""

MAX_LATENESS_S = 0.5
"""Later than this, the file waits for the viewer rather than the viewer hurrying after the file."""

HD_HEIGHT = 720
"""From this height on, video that does not name its colours is BT.709; below it is BT.601."""

_ERRORS = (av.error.FFmpegError, OSError, ValueError)
"""What PyAV raises for a file it cannot read; the built-in ones for bad paths and arguments."""


class FileSource(ClockedSource):
    """A `FrameSource` that plays a file for ever, at most `fps` frames a second, with `damage` always None.

    Raises:
        ConfigError: The file is not there, cannot be read or holds no picture.
    """

    def __init__(self, config: CaptureConfig) -> None:
        super().__init__(NAME)
        self._config = config
        self._min_interval_s = 1 / config.fps - 0.001  # timestamps in whole ms must not halve a 60 fps file
        try:
            self._container = av.open(config.source)
        except _ERRORS as error:
            raise _unreadable(config.source, error) from error
        self._closed = False
        try:
            self._prepare()
        except _ERRORS as error:
            self._container.close()
            raise _unreadable(config.source, error) from error

    def _prepare(self) -> None:
        if not self._container.streams.video:
            raise ValueError("it has no video stream")
        self._stream = self._container.streams.video[0]
        # FRAME threads hold frames back and block for ever when they are freed before a flush.
        self._stream.thread_type = "SLICE"
        self._stream.thread_count = 2
        self._reformatter = VideoReformatter()
        self._frame_s = float(1 / (self._stream.average_rate or FALLBACK_FPS))
        self._frames: Iterator[VideoFrame] = self._container.decode(self._stream)
        self._ahead: VideoFrame | None = next(self._frames, None)
        if self._ahead is None:
            raise ValueError("it holds no picture")
        self._buffers = PictureBuffers(
            _even_size(self._ahead),
            self._config.pool_buffers,
            name="capture.file",
            on_release=self._wishes.buffer_returned,
        )
        self._first_s = self._shown_s = self._media_time(self._ahead)
        self._offset_s: float | None = None  # monotonic minus media time; unknown until the first frame is asked for

    def close(self) -> None:
        """Close the file and free the idle buffers; see `FrameSource`."""
        if self._closed:
            return
        self._closed = True
        self._ahead = None
        self._stream.codec_context.flush_buffers()
        self._container.close()
        self._buffers.close()

    def _due_at(self, now: float) -> float:
        if self._ahead is None:
            self._ahead = self._decode_next()
        media_s = self._media_time(self._ahead)
        if self._offset_s is None or now - media_s - self._offset_s > MAX_LATENESS_S:
            self._offset_s = now - media_s
        return media_s + self._offset_s

    def _take_frame(self, now: float) -> Frame | None:
        picture, self._ahead = self._ahead, None
        assert picture is not None  # `_due_at` has decoded it
        self._shown_s = self._media_time(picture)
        self._wishes.take_full_frame()  # every frame is one
        if _even_size(picture) != self._buffers.size:
            self._buffers.resize(_even_size(picture))
        loan = self._buffers.lend()
        if loan is None:
            return None
        capture_us = monotonic_us()
        try:
            self._convert(picture, loan.data)
        except _ERRORS as error:
            loan.release()
            raise CaptureLostError(NAME, str(error)) from error
        loan.canvas.stale = NO_ROWS
        return self._buffers.make_frame(
            loan, capture_us=capture_us, captured_us=monotonic_us(), damage=None, number=self._number
        )

    def _decode_next(self) -> VideoFrame:
        """Return the next picture that `fps` allows, from the start again at the end.

        Raises:
            CaptureLostError: The rest of the file cannot be read.
        """
        try:
            for picture in self._frames:
                if self._media_time(picture) - self._shown_s >= self._min_interval_s:
                    return picture
            return self._rewind()
        except _ERRORS as error:
            raise CaptureLostError(NAME, str(error)) from error

    def _rewind(self) -> VideoFrame:
        """Start over; the first picture is due one picture's time after the last one shown."""
        self._container.seek(0)
        self._stream.codec_context.flush_buffers()  # the end of the file has left it refusing packets
        self._frames = self._container.decode(self._stream)
        first = next(self._frames, None)
        if first is None:
            raise ValueError("it cannot be read a second time")
        if self._offset_s is not None:
            self._offset_s += self._shown_s + max(self._frame_s, self._min_interval_s) - self._first_s
        self._shown_s = self._first_s
        return first

    def _media_time(self, picture: VideoFrame) -> float:
        return picture.time if picture.time is not None else self._shown_s + self._frame_s

    def _convert(self, picture: VideoFrame, target: memoryview) -> None:
        """Write a decoded picture into a buffer as full-range BGRA; an odd last row or column is left out."""
        colours = picture.colorspace
        if colours == Colorspace.DEFAULT:
            colours = Colorspace.ITU709 if picture.height >= HD_HEIGHT else Colorspace.ITU601
        converted = self._reformatter.reformat(
            picture, format="bgra", src_colorspace=colours, dst_color_range=ColorRange.JPEG
        )
        size, stride = self._buffers.size, self._buffers.stride
        plane = converted.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * size.height].reshape(
            size.height, plane.line_size
        )
        np.copyto(np.frombuffer(target, np.uint8).reshape(size.height, stride), rows[:, :stride])


def open_file(config: CaptureConfig) -> FileSource:
    """Open a video file; see `FileSource`."""
    return FileSource(config)


def _even_size(picture: VideoFrame) -> Size:
    return Size(picture.width & ~1, picture.height & ~1)


def _unreadable(path: str, error: Exception) -> ConfigError:
    reason = getattr(error, "strerror", None) or str(error)
    return ConfigError("--source", path, f"screen, testcard or a readable video file ({reason})")
