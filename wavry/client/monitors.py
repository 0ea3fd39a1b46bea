"""The host's monitors as the client knows them, and the wish for another one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from wavry.observe.logs import printable
from wavry.rift import ChooseMonitor, MonitorList
from wavry.session import SessionPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.rift import Message
    from wavry.session import Talk

logger = logging.getLogger(__name__)

_MAX_NAME = 40


class MonitorLayout(NamedTuple):
    """What the host has."""

    monitors: tuple[tuple[str, int, int], ...] = ()
    """Name, width and height by number. Empty: there is nothing to choose."""

    captured: int | None = None
    """Which one is seen."""


class HostMonitors:
    """Survives connections: what is known of the host's monitors. Read from any thread.

    Args:
        on_refusal: Told, on the loop, why the host does not show another one.
    """

    def __init__(self, on_refusal: Callable[[str], None]) -> None:
        self.on_refusal = on_refusal
        self.layout = MonitorLayout()
        """Replaced at once, never changed."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._say: Callable[[int], None] | None = None

    def choose(self, number: int) -> None:
        """Ask the host for another monitor, if it is there. Any thread."""
        loop, say = self._loop, self._say
        if loop is not None and say is not None:
            loop.call_soon_threadsafe(say, number)

    def connected(self, say: Callable[[int], None]) -> None:
        """Note how the host is asked from now on. On the loop."""
        self._loop, self._say = asyncio.get_running_loop(), say

    def disconnected(self) -> None:
        """Note that nobody can be asked. On the loop."""
        self._say = None
        self.layout = MonitorLayout()


class MonitorsSession(SessionPart):
    """The monitors of one connection. On the loop.

    Args:
        monitors: Where they go.
    """

    message_types = (MonitorList,)

    def __init__(self, monitors: HostMonitors) -> None:
        self._monitors = monitors
        self._talk: Talk | None = None

    def begin(self, talk: Talk) -> None:
        """Have something to say things with."""
        self._talk = talk
        self._monitors.connected(self._choose)

    def message_received(self, message: Message, *, now: float) -> None:
        """Take the list, and why a wish was refused."""
        assert isinstance(message, MonitorList)  # all it takes
        found = tuple((printable(each.name, _MAX_NAME), each.width, each.height) for each in message.monitors)
        captured = message.captured if message.captured is not None and message.captured < len(found) else None
        self._monitors.layout = MonitorLayout(found, captured)
        if message.refusal:
            logger.warning("the host: %s", printable(message.refusal))
            self._monitors.on_refusal(printable(message.refusal))

    def ended(self) -> None:
        """Forget what the host had."""
        self._talk = None
        self._monitors.disconnected()

    def _choose(self, number: int) -> None:
        if self._talk is not None:
            self._talk.say(ChooseMonitor(number=number))
            self._talk.flush()
