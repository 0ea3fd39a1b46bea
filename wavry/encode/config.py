"""What an encoder is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError
from wavry.media import Codec, Size

MAX_DIMENSION = 8192
"""Largest width or height: what H.264 level 6.2 allows, and what bounds a client's buffers."""

MIN_BITRATE_BPS = 100_000
MAX_BITRATE_BPS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Everything that is fixed while an encoder is open, and the ceilings of what is not."""

    codec: Codec = Codec.H264
    """What the client can decode; H.264 is what every client can."""

    size: Size
    """Size of the coded picture, even in both directions (4:2:0)."""

    fps: int = 60
    """Ceiling of the frame rate, 1 to 240; rate control gives each frame `bitrate_bps / fps`."""

    bitrate_bps: int = 20_000_000
    """Ceiling of the bit rate, 100 kbit/s to 1 Gbit/s. Opened as CBR at this value, so that it can be lowered
    while running."""

    vbv_frames: float = 2.0
    """Size of the rate control's buffer in frame times. It bounds the largest access unit: a 1080p keyframe at
    10 Mbit/s is 439 kB without it and 31 kB at 2.0. Below 1.5 x264 gets slower."""

    threads: int = 2
    """Slice threads of a software encoder. Two halve the time of a 1080p picture (5.4 to 2.8 ms here); more cost
    5 MB each and make the slices smaller."""

    refresh_s: float = 5.0
    """Period of the rolling intra refresh where the encoder has one: a damaged picture heals within it even when
    nobody asks for a keyframe."""

    def __post_init__(self) -> None:
        width, height = self.size
        if not (16 <= width <= MAX_DIMENSION and 16 <= height <= MAX_DIMENSION) or width % 2 or height % 2:
            raise ConfigError("--size", self.size, f"even, 16x16 to {MAX_DIMENSION}x{MAX_DIMENSION}")
        if not 1 <= self.fps <= 240:
            raise ConfigError("--fps", self.fps, "1 to 240")
        if not MIN_BITRATE_BPS <= self.bitrate_bps <= MAX_BITRATE_BPS:
            raise ConfigError("--bitrate", self.bitrate_bps, "100k to 1000M")

    @property
    def vbv_bits(self) -> int:
        """Size of the rate control's buffer in bits."""
        return int(self.bitrate_bps / self.fps * self.vbv_frames)

    @property
    def refresh_frames(self) -> int:
        """Frames from one intra refresh to the next."""
        return max(2, round(self.fps * self.refresh_s))
