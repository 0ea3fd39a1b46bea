"""What a client is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.client.session import CLIENT_NAME
from wavry.clipboard import OFF, ClipboardDirections
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Everything `python -m wavry.client` takes."""

    address: tuple[str, int]
    """The host and its UDP port."""

    headless: bool = False
    """No window: decode and measure."""

    duration_s: float | None = None
    """Leave after so many seconds, counted from the start. None: stay."""

    connect_timeout_s: float = 30.0
    """For how long the first connection is tried. A connection that was lost is tried for ever."""

    no_auth: bool = False
    """Prove nothing, and take any host: only on this machine."""

    pin: str | None = None
    """The PIN that the host shows, to be paired with it. None: it was paired before."""

    record: Path | None = None
    snapshot: Path | None = None
    stats_json: Path | None = None
    name: str = CLIENT_NAME
    fullscreen: bool = False
    renderer: str = AUTO
    view_only: bool = False
    """Whether nothing is sent of what keyboard, mouse and pads do. So it is with `headless`."""
    scale: str = "fit"
    """A value of `ScaleMode`: how large the picture is drawn at first."""

    overlay: bool = False
    """Whether the overlay is shown at first."""

    sound: bool = True
    """Whether the host is asked for sound. With `headless` it is decoded and measured, without a sound card."""

    audio_device: str | None = None
    """Where sound goes: a sink's name for PulseAudio, else a part of the device's name. None: the system's default."""

    volume_percent: int = 100
    """Loudness. Range 0 to 100."""

    clipboard: ClipboardDirections = OFF
    """Which way clipboards go, as far as the host wants it too."""

    def __post_init__(self) -> None:
        if self.duration_s is not None and self.duration_s <= 0:
            raise ConfigError("--duration", self.duration_s, "more than 0")
        if not 0 <= self.volume_percent <= 100:
            raise ConfigError("--volume", self.volume_percent, "0 to 100")
        if len(self.name) > 256:
            raise ConfigError("--name", self.name, "at most 256 characters")
        for flag, path in (("--snapshot", self.snapshot), ("--stats-json", self.stats_json)):
            if path is not None and not path.absolute().parent.is_dir():
                raise ConfigError(flag, path, "a file in a directory that exists")
