"""Which part of the desktop is captured: monitors, regions, and what remains of them after a resize. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wavry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wavry.capture.config import CaptureConfig
    from wavry.media import Rect

MIN_SIDE = 2
"""Smallest width and height: one sample of 4:2:0 colour."""


class Monitor(NamedTuple):
    """One monitor of the desktop."""

    number: int
    """What `--monitor` takes: 0 is the primary one."""

    name: str
    rect: Rect
    """Its place on the desktop in pixels."""

    is_primary: bool
    """False for all where the system does not say; number 0 is then simply the first."""


class Desktop(NamedTuple):
    """All there is to capture."""

    whole: Rect
    """The box around everything; its corner is not 0,0 on every platform."""

    monitors: tuple[Monitor, ...]
    """By number; never empty."""


def make_desktop(whole: Rect, found: Iterable[tuple[str, Rect, bool]]) -> Desktop:
    """Number monitors: the primary one is 0, the others follow in the order they came.

    Args:
        whole: The whole desktop.
        found: Name, place and whether it is the primary one. Parts outside `whole` are cut off, monitors outside
            it are left out; if none remains, the desktop counts as one monitor.
    """
    visible = [
        (name, clipped, is_primary)
        for name, rect, is_primary in found
        if (clipped := rect.intersection(whole)) is not None and _is_large_enough(clipped)
    ]
    visible.sort(key=lambda monitor: not monitor[2])  # stable: only the primary one moves
    monitors = tuple(Monitor(number, *monitor) for number, monitor in enumerate(visible))
    return Desktop(whole, monitors or (Monitor(0, "desktop", whole, True),))


def choose_area(desktop: Desktop, config: CaptureConfig) -> Rect:
    """Return the part of the desktop that `config` names, its width and height even.

    Raises:
        ConfigError: There is no such monitor, or the region is not wholly on it.
    """
    frame = _reference(desktop, config)
    if frame is None:
        numbers = [monitor.number for monitor in desktop.monitors]
        allowed = "0" if len(numbers) == 1 else f"0 to {numbers[-1]}"
        raise ConfigError("--monitor", config.monitor, f"{allowed} ({_describe(desktop.monitors)})")
    if config.region is None:
        return _round_down_to_even(frame)
    placed = _place(config.region, frame)
    if placed.intersection(frame) != placed or not _is_large_enough(placed):
        raise ConfigError(
            "--region", config.region, f"inside {frame.size}, at least {MIN_SIDE}x{MIN_SIDE}, as X,Y,WIDTH,HEIGHT"
        )
    return _round_down_to_even(placed)


def refit_area(desktop: Desktop, config: CaptureConfig) -> tuple[Rect, str | None]:
    """Return what is left of the chosen part after the desktop changed, and what to tell the user about it.

    A monitor that is gone is replaced by the primary one; a region is cut to what is visible of it, or given up
    when nothing is.
    """
    frame = _reference(desktop, config)
    if frame is None:
        return _round_down_to_even(desktop.monitors[0].rect), f"monitor {config.monitor} is gone, shows the primary one"
    if config.region is None:
        return _round_down_to_even(frame), None
    placed = _place(config.region, frame)
    visible = placed.intersection(frame)
    if visible is None or not _is_large_enough(visible):
        return _round_down_to_even(frame), f"region {config.region} is off the screen now, shows {frame.size}"
    note = None if visible == placed else f"region {config.region} is cut to {visible.size} by the new screen size"
    return _round_down_to_even(visible), note


def _reference(desktop: Desktop, config: CaptureConfig) -> Rect | None:
    if config.monitor is None:
        return desktop.monitors[0].rect if config.region is None else desktop.whole
    if 0 <= config.monitor < len(desktop.monitors):
        return desktop.monitors[config.monitor].rect
    return None


def _place(region: Rect, frame: Rect) -> Rect:
    return region._replace(x=region.x + frame.x, y=region.y + frame.y)


def _is_large_enough(rect: Rect) -> bool:
    return rect.width >= MIN_SIDE and rect.height >= MIN_SIDE


def _round_down_to_even(rect: Rect) -> Rect:
    return rect._replace(width=rect.width & ~1, height=rect.height & ~1)


def _describe(monitors: Sequence[Monitor]) -> str:
    return ", ".join(f"{monitor.number} is {monitor.name} {monitor.rect.size}" for monitor in monitors)
