"""How sound is coded."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError

SAMPLE_RATE = 48_000
"""Samples per second and channel; Opus has no other rate inside."""

MAX_PACKET_BYTES = 1275
"""Largest packet of one frame of one stream (RFC 6716, 3.4)."""

SAMPLE_BYTES = 2
"""Samples are signed 16-bit integers in the machine's byte order."""

_CHANNELS = (1, 2, 6)
_FRAMES_US = (5_000, 10_000)
_MIN_BITRATE_BPS, _MAX_BITRATE_BPS = 6_000, 510_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpusConfig:
    """One way to code sound, the same for encoder and decoder."""

    channels: int = 2
    """1, 2, or 6. Samples are interleaved; six are front left, centre, front right, rear left, rear right and bass,
    which is the order of Opus and Vorbis (RFC 7845, 5.1.1.2)."""

    frame_us: int = 5_000
    """Microseconds of sound in a packet, 5000 or 10000. Longer frames cost fewer headers and more latency."""

    bitrate_bps: int = 128_000
    """Bits per second, constant, 6000 to 510000. 128000 makes packets of 80 bytes at 5 ms."""

    def __post_init__(self) -> None:
        for field, value, allowed in (("channels", self.channels, _CHANNELS), ("frame_us", self.frame_us, _FRAMES_US)):
            if value not in allowed:
                raise ConfigError(field, value, ", ".join(map(str, allowed)))
        if not _MIN_BITRATE_BPS <= self.bitrate_bps <= _MAX_BITRATE_BPS:
            raise ConfigError("bitrate_bps", self.bitrate_bps, f"{_MIN_BITRATE_BPS} to {_MAX_BITRATE_BPS}")

    @property
    def frame_samples(self) -> int:
        """Samples of each channel in a frame."""
        return SAMPLE_RATE * self.frame_us // 1_000_000

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame before it is coded."""
        return self.frame_samples * self.channels * SAMPLE_BYTES
