"""What a source of the screen could show, and what it shows: for those who choose while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from wavry.capture.area import Desktop, Monitor
    from wavry.capture.config import CaptureConfig


class Layout(NamedTuple):
    """The monitors of a screen at one moment."""

    monitors: tuple[Monitor, ...] = ()
    """By number. Empty where there is no choice: a region was named, which nobody shall look beyond."""

    captured: int | None = None
    """The number of the one that is shown."""


NO_CHOICE = Layout()


@runtime_checkable
class ScreenSource(Protocol):
    """A `FrameSource` of a screen with monitors."""

    @property
    def layout(self) -> Layout:
        """What there is and what is shown; another object after every change. Any thread."""

    def choose_monitor(self, number: int) -> None:
        """Show another monitor from one of the next frames on. Any thread.

        A number that does not exist by then shows the primary one, as when a monitor goes away.
        """


def make_layout(desktop: Desktop, config: CaptureConfig) -> Layout:
    """Return the layout of a desktop of which `config` names a part."""
    if config.region is not None:
        return NO_CHOICE
    number = config.monitor or 0
    return Layout(desktop.monitors, number if number < len(desktop.monitors) else 0)
