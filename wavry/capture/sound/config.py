"""What sound to take."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError

SYSTEM, MIC, TONE, OFF = "system", "mic", "tone", "off"
SOURCES = (SYSTEM, MIC, TONE, OFF)

SAMPLE_RATE = 48_000
"""Samples per second and channel, whatever the device has: the sound server converts."""

SAMPLE_BYTES = 2
"""Samples are signed 16-bit integers in the machine's byte order."""

_BLOCKS_US = (5_000, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundCaptureConfig:
    """Where sound comes from and in which pieces."""

    source: str = SYSTEM
    """`system` is what the machine plays, `mic` the microphone, `tone` 1 kHz made here, `off` nothing."""

    device: str | None = None
    """A device's name, as the sound system lists it; a part of it will do. None: the default one, followed when it
    changes. With `system` it names what plays, and a device that only records is refused."""

    block_us: int = 5_000
    """Microseconds of sound in a block, 5000 or 10000."""

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ConfigError("--audio", self.source, ", ".join(SOURCES))
        if self.block_us not in _BLOCKS_US:
            raise ConfigError("block_us", self.block_us, ", ".join(map(str, _BLOCKS_US)))
        if self.device == "":
            raise ConfigError("--audio-device", "''", "a name or a part of one")
        if self.device is not None and self.source in (TONE, OFF):
            raise ConfigError("--audio-device", self.device, f"only with --audio {SYSTEM} or {MIC}")

    @property
    def block_samples(self) -> int:
        """Samples of each channel in a block."""
        return SAMPLE_RATE * self.block_us // 1_000_000
