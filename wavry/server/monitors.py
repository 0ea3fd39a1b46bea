"""Which monitor is shown: viewers with the right to point may choose another while it runs.

There is one picture for all viewers, so all of them see the choice. Another size costs a new encoder, so a choice is
followed at most twice a second, the newest one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from wavry.capture.layout import NO_CHOICE, Layout
from wavry.rift import MAX_MONITORS, ChooseMonitor, Message, MonitorInfo, MonitorList, Right
from wavry.session import SessionPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.server.viewer import ViewerSession

logger = logging.getLogger(__name__)

CHOICE_INTERVAL_S = 0.5
_MAX_NAME = 64
_MAX_REFUSAL = 256


class Monitors:
    """The choice of one host. On the loop.

    Args:
        layout: What there is at first.
        show: Has the capture show the monitor of a number.
    """

    def __init__(self, layout: Layout, show: Callable[[int], None]) -> None:
        self._layout = layout if layout.monitors else NO_CHOICE
        self._show = show
        self._viewers: set[ViewerMonitors] = set()
        self._wanted: tuple[int, str] | None = None
        """The newest choice that waits, and whose it is."""
        self._pause: asyncio.TimerHandle | None = None

    def join(self, viewer: ViewerSession) -> None:
        """Tell a viewer what there is, and take its choices."""
        part = ViewerMonitors(viewer, self)
        viewer.talk.add(part)
        self._viewers.add(part)
        part.tell(self._layout)

    def leave(self, part: ViewerMonitors) -> None:
        """Forget a viewer."""
        self._viewers.discard(part)

    def changed(self, layout: Layout) -> None:
        """Tell all that there are other monitors, or that another one is shown."""
        self._layout = layout
        for part in self._viewers:
            part.tell(layout)

    def choose(self, part: ViewerMonitors, number: int, *, now: float) -> None:
        """Show another monitor for all, now or in a moment; or tell the one who wants it why not."""
        if number >= min(len(self._layout.monitors), MAX_MONITORS):
            part.refuse(self._layout, f"there is no monitor {number} to show: {_describe(self._layout)}", now=now)
            return
        self._wanted = number, part.name
        if self._pause is None:
            self._follow()

    def _follow(self) -> None:
        self._pause = None
        if self._wanted is not None:
            (number, who), self._wanted = self._wanted, None
            logger.info("%s chooses monitor %d", who, number)
            self._show(number)
            self._pause = asyncio.get_running_loop().call_later(CHOICE_INTERVAL_S, self._follow)


class ViewerMonitors(SessionPart):
    """Tells one viewer of the monitors and hears which one it wants. On the loop.

    Args:
        viewer: Whose session this is.
        monitors: The host's.
    """

    message_types = (ChooseMonitor,)

    def __init__(self, viewer: ViewerSession, monitors: Monitors) -> None:
        self._viewer = viewer
        self._monitors = monitors
        self._refused_at = -CHOICE_INTERVAL_S

    @property
    def name(self) -> str:
        """The viewer, for the log."""
        return self._viewer.name

    def refuse(self, layout: Layout, reason: str, *, now: float) -> None:
        """Say why a choice was not followed, unless that was said just now: an answer is larger than its question."""
        if now - self._refused_at >= CHOICE_INTERVAL_S:
            self._refused_at = now
            self.tell(layout, refusal=reason)

    def tell(self, layout: Layout, *, refusal: str = "") -> None:
        """Say what there is, and why a choice was not followed."""
        monitors = tuple(
            MonitorInfo(name=monitor.name[:_MAX_NAME], width=monitor.rect.width, height=monitor.rect.height)
            for monitor in layout.monitors[:MAX_MONITORS]
        )
        captured = layout.captured if layout.captured is not None and layout.captured < len(monitors) else None
        self._viewer.talk.say(MonitorList(monitors=monitors, captured=captured, refusal=refusal[:_MAX_REFUSAL]))
        self._viewer.talk.flush()

    def message_received(self, message: Message, *, now: float) -> None:
        """Take a choice."""
        assert isinstance(message, ChooseMonitor)  # all it takes
        if self._viewer.rights.allows(Right.POINTER):
            self._monitors.choose(self, message.number, now=now)
        else:
            self._viewer.talk.flush()  # what was said of it

    def ended(self) -> None:
        """Leave."""
        self._monitors.leave(self)


def _describe(layout: Layout) -> str:
    if not layout.monitors:
        return "this host offers no choice"
    return ", ".join(f"{monitor.number} is {monitor.name} {monitor.rect.size}" for monitor in layout.monitors)
