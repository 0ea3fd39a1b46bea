"""One PyAV encoder, opened for low latency and proved to work."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.logging
from av.codec.hwaccel import HWAccel
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from wavry.encode.options import INFINITE_GOP, OPTIONS
from wavry.errors import BackendUnavailableError, ConfigError, EncodeError
from wavry.media import Codec, PixelFormat
from wavry.media.annexb import is_random_access
from wavry.memory.allocator import return_free_memory
from wavry.pipeline.priority import no_real_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.video.codeccontext import VideoCodecContext

    from wavry.encode.config import EncoderConfig

_PROBE_FRAMES = 4
"""Frames an encoder may swallow before its first output; more would be more delay than it is worth."""

_SOFTWARE_LAYOUT = frozenset({"libx264", "libx265", "libsvtav1"})


@dataclass(frozen=True, slots=True)
class Encoded:
    """What came out of an encoder."""

    data: bytes
    is_keyframe: bool
    number: int
    """The number given with the picture."""


class VideoEncoder:
    """An open encoder. One thread; closing frees its native memory at once.

    Args:
        name: What the user calls it, for messages.
        encoder_name: FFmpeg's name, for example `h264_nvenc`.
        config: What it is opened for.

    Raises:
        BackendUnavailableError: It is not in this FFmpeg, the device is missing, or no frame came through.
    """

    def __init__(self, name: str, encoder_name: str, config: EncoderConfig) -> None:
        self.name = name
        self.config = config
        self.layout = PixelFormat.I420 if encoder_name in _SOFTWARE_LAYOUT else PixelFormat.NV12
        self.encoder_id = 0
        """Its name within an `EncoderPool`."""
        self.bitrate_bps = config.bitrate_bps
        """What it aims at now; at most `config.bitrate_bps`."""
        self.delay_frames = 0
        """Pictures it keeps before it gives the first back; 0 is what we ask for."""
        self._next_number = 0
        self._must_start_anew = False
        self._context: VideoCodecContext | None = None
        with no_real_time(), _ffmpeg_messages() as messages:
            try:
                self._context = self._open(encoder_name)
                self._probe()
                return_free_memory()  # the picture of the probe, 3 MB at 1080p, would lie between live blocks for ever
            except (av.FFmpegError, EncodeError, ValueError, OSError, RuntimeError) as error:
                self._context = None
                reason = messages[0][2].strip() if messages else _reason(error)
                raise BackendUnavailableError(name, reason) from error

    def _open(self, encoder_name: str) -> VideoCodecContext:
        config = self.config
        hardware = HWAccel("vaapi") if encoder_name.endswith("_vaapi") else None
        context = cast("VideoCodecContext", av.CodecContext.create(encoder_name, "w", hardware))
        context.width, context.height = config.size
        context.pix_fmt = self.layout.value
        context.framerate = Fraction(config.fps)
        context.time_base = 1 / Fraction(config.fps)
        context.bit_rate = config.bitrate_bps
        context.gop_size = INFINITE_GOP
        context.max_b_frames = 0
        context.thread_type = "SLICE"
        context.thread_count = config.threads
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.options = OPTIONS[encoder_name](config)
        context.open()
        return context

    def _probe(self) -> None:
        grey = av.VideoFrame(*self.config.size, self.layout.value)
        for plane in grey.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        for swallowed in range(_PROBE_FRAMES):
            if self.encode(grey, force_keyframe=swallowed == 0) is not None:
                self.delay_frames = swallowed
                return
        raise RuntimeError(f"no output after {_PROBE_FRAMES} frames")

    def encode(self, picture: av.VideoFrame, *, force_keyframe: bool = False) -> Encoded | None:
        """Encode one picture.

        Args:
            picture: Of the configured size and `layout`; read before the call returns, so it may change afterwards.
            force_keyframe: Make it decodable alone.

        Returns:
            The access unit that is ready, of this picture unless `delay_frames` is more than 0; None if none is.

        Raises:
            EncodeError: The encoder failed; it must be closed.
        """
        if self._context is None:
            raise EncodeError(self.name, "is closed")
        picture.pts = self._next_number
        picture.time_base = self._context.time_base
        picture.pict_type = PictureType.I if force_keyframe or self._must_start_anew else PictureType.NONE
        self._must_start_anew = False
        self._next_number += 1
        try:
            packets = self._context.encode(picture)
        except (av.FFmpegError, OSError) as error:
            raise EncodeError(self.name, _reason(error)) from error
        if not packets:
            return None
        first = packets[0]
        data = bytes(first) if len(packets) == 1 else b"".join(bytes(packet) for packet in packets)
        number = first.pts if first.pts is not None else self._next_number - 1
        return Encoded(data, any(packet.is_keyframe for packet in packets) and self._starts_afresh(data), number)

    def _starts_afresh(self, data: bytes) -> bool:
        """Whether what the encoder calls a keyframe is one: x264 says it of each turn of its intra refresh too."""
        codec = self.config.codec
        return codec is Codec.AV1 or is_random_access(codec, data)

    def set_bitrate(self, bitrate_bps: int) -> None:
        """Change what it aims at, without a keyframe; follows within two pictures.

        Raises:
            ConfigError: It is above the rate that the encoder was opened for, which is its ceiling.
        """
        if not 0 < bitrate_bps <= self.config.bitrate_bps:
            raise ConfigError("bitrate_bps", bitrate_bps, f"1 to {self.config.bitrate_bps}")
        if self._context is not None and bitrate_bps != self.bitrate_bps:
            self._context.bit_rate = bitrate_bps
            self.bitrate_bps = bitrate_bps

    def restart(self, bitrate_bps: int) -> None:
        """Begin another stream: the next picture is a keyframe, and nothing after it refers to what came before.

        Raises:
            ConfigError: As `set_bitrate`.
        """
        self.set_bitrate(bitrate_bps)
        self._must_start_anew = True

    @property
    def next_number(self) -> int:
        """The number that the next picture gets; it comes back in its `Encoded`."""
        return self._next_number

    def close(self) -> None:
        """Free the encoder. Idempotent."""
        context, self._context = self._context, None
        if context is not None and context.is_open:
            try:
                context.encode(None)
            except (av.FFmpegError, OSError):
                pass  # a broken encoder need not give its last words


@contextmanager
def _ffmpeg_messages() -> Iterator[list[tuple[int, str, str]]]:
    """Collect what FFmpeg says while an encoder opens: the reason is there, not in the error number."""
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 has a log of its own; 1 is errors only
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as messages:
            yield messages
    finally:
        av.logging.set_level(level)


def _reason(error: Exception) -> str:
    if isinstance(error, EncodeError):
        return error.reason
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return "not in this build of FFmpeg" if type(error).__name__ == "UnknownCodecError" else text
