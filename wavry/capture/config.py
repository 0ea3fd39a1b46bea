"""What to capture and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from wavry.media import Rect, Size

SCREEN = "screen"
TESTCARD = "testcard"

MIN_TESTCARD_SIDE = 64
"""Below this the cells of the testcard's mark are too small to survive a codec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureConfig:
    """One source of pictures.

    Raises:
        ConfigError: A value is out of its range, or does not fit the kind of source. Whether a monitor exists and a
            region lies on the screen only shows when the source is opened.
    """

    source: str = SCREEN
    """`screen`, `testcard`, or the path of a video file. `--source`."""

    backend: str = AUTO
    """Which screen capture to use, `auto` for the first that works; the other sources ignore it. `--capture`."""

    monitor: int | None = None
    """Which monitor of the screen: 0 is the primary one, then the others in the order RandR names them. None is the
    primary one too, unless a region is given. `--monitor`."""

    region: Rect | None = None
    """A part in pixels, counted from the corner of `monitor`, or from the corner of the whole desktop where none is
    named, so that it may span monitors. Width and height are rounded down to even. `--region`."""

    fps: int = 60
    """Most frames per second on average, 1 to 240. A screen that changes less gives fewer; the cost of a still one
    does not depend on it. `--fps`."""

    size: Size | None = None
    """Picture size of the testcard, 1920x1080 by default. The other sources have their own size; to scale is the
    encoder's business. `--size`."""

    refresh_interval_s: float = 2.0
    """At most this old is the last full look at the screen, in case the server forgot to report a change, as some
    drivers do. 0.1 to 60; each costs one full grab and one frame, so 2 s means 0.5 frames per second when still."""

    pool_buffers: int = 1
    """Most pictures in memory, 1 to 8. One is enough: the encoder gives a picture back as soon as it is converted
    (2 ms), long before it is encoded, and one that still waits for it is taken back and brought up to date. Memory is
    `width * height * 4` bytes for each, taken when first needed."""

    display: str | None = None
    """X display such as `:1`; None for the DISPLAY variable. Ignored where there is no X11."""

    def __post_init__(self) -> None:
        _check_range("--fps", self.fps, 1, 240)
        _check_range("refresh_interval_s", self.refresh_interval_s, 0.1, 60)
        _check_range("pool_buffers", self.pool_buffers, 1, 8)
        if not self.source:
            raise ConfigError("--source", "''", "screen, testcard or the path of a video file")
        if self.source != SCREEN:
            if self.monitor is not None:
                raise ConfigError("--monitor", self.monitor, f"only together with --source {SCREEN}")
            if self.region is not None:
                raise ConfigError("--region", self.region, f"only together with --source {SCREEN}")
        if self.source == TESTCARD and self.size is not None and min(self.size) < MIN_TESTCARD_SIDE:
            raise ConfigError("--size", self.size, f"at least {MIN_TESTCARD_SIDE}x{MIN_TESTCARD_SIDE} for the testcard")


def _check_range(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(field, value, f"{low} to {high}")
