"""What viewers are told of the pointer: a hub that knows the latest, and a part for each viewer's session."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from wavry.clock import timer_at
from wavry.rift.cursor.messages import CursorShape
from wavry.rift.cursor.sender import CursorSender
from wavry.session import SessionPart
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.memory import HolderGroup
    from wavry.rift.cursor.datagrams import CursorPlace
    from wavry.session import Talk


class CursorHub:
    """Takes what the stage sees, and passes the newest on to all viewers. It knows the latest for those who come later.

    `offer_shape` and `offer_place` are for the stage's thread, the rest is on the loop. Between them is one of each:
    a newer one takes the place of one that the loop has not taken yet.

    Args:
        on_wanted: Told when the first viewer comes that draws the pointer, and when the last one goes.
        pending: Where what waits for each viewer is counted.
    """

    cap_bytes = CursorShape.max_bytes
    policy = "the latest alone"
    drops = 0

    def __init__(self, on_wanted: Callable[[bool], None], pending: HolderGroup) -> None:
        self._on_wanted = on_wanted
        self._pending = pending
        self._viewers: list[ViewerCursor] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._shape: CursorShape | None = None
        self._place: CursorPlace | None = None
        self._is_called = False
        self._told: tuple[CursorShape | None, CursorPlace | None] = None, None
        self.high_water_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Bytes of the latest shape."""
        shape = self._shape
        return 0 if shape is None else len(shape.pixels)

    # On the stage's thread.

    def offer_shape(self, shape: CursorShape) -> None:
        """Take a shape."""
        with self._lock:
            self._shape = shape
            self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)
            self._call()

    def offer_place(self, place: CursorPlace) -> None:
        """Take a place."""
        with self._lock:
            self._place = place
            self._call()

    def _call(self) -> None:
        """Have the loop come for it, once for all that is new."""
        if self._loop is None or self._is_called:
            return
        try:
            self._loop.call_soon_threadsafe(self._pass_on)
            self._is_called = True
        except RuntimeError:
            pass  # the loop has ended, and with it everybody who would hear of it

    # On the loop.

    def add(self, viewer: ViewerCursor) -> None:
        """Keep a viewer informed."""
        self._viewers.append(viewer)
        self._pending.add(viewer.sender)
        self._loop = asyncio.get_running_loop()
        viewer.tell(*self._told)
        if len(self._viewers) == 1:
            self._on_wanted(True)  # what was told may be old; the stage begins with what is so now

    def remove(self, viewer: ViewerCursor) -> None:
        """Forget a viewer."""
        if viewer not in self._viewers:
            return
        self._viewers.remove(viewer)
        self._pending.remove(viewer.sender)
        if not self._viewers:
            self._on_wanted(False)

    def _pass_on(self) -> None:
        with self._lock:
            self._is_called = False
            latest = self._shape, self._place
        shape, place = latest
        told_shape, told_place = self._told
        self._told = latest
        for viewer in self._viewers:
            viewer.tell(shape if shape is not told_shape else None, place if place is not told_place else None)


class ViewerCursor(SessionPart):
    """Tells one client of the host's pointer. On the loop.

    Args:
        talk: The client's session.
        hub: Where the news comes from.
    """

    def __init__(self, talk: Talk, hub: CursorHub) -> None:
        self._talk = talk
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self.sender = CursorSender()

    def tell(self, shape: CursorShape | None, place: CursorPlace | None) -> None:
        """Tell what is new, or None of each."""
        now = self._loop.time()
        if shape is not None:
            self.sender.set_shape(shape)
        if place is not None:
            self.sender.set_place(place, now=now)
        if self._send(now):
            self._talk.flush()

    def writable(self, *, now: float) -> None:
        """Send what had no room; the connection flushes afterwards."""
        if self.sender.has_shape or self.sender.is_held_up:
            self._send(now)

    def ended(self) -> None:
        """Leave the hub."""
        self._has_ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._hub.remove(self)

    def _send(self, now: float) -> bool:
        """Queue what is due and has room; say whether there was anything."""
        if self._has_ended:
            return False
        sender, connection = self.sender, self._talk.connection
        shape = None
        if sender.has_shape:
            shape = sender.take_shape(backlog_bytes=connection.stream_backlog_bytes(Channel.CONTROL))
            if shape is not None:
                self._talk.say(shape)
        datagram = sender.datagram_due(now=now)
        is_sent = datagram is not None and connection.send_datagram(datagram)
        if datagram is not None:
            sender.datagram_done(is_sent=is_sent)
        self._timer = timer_at(self._loop, self._timer, sender.next_timer, self._due)
        return shape is not None or is_sent

    def _due(self) -> None:
        self._timer = None
        if self._send(self._loop.time()):
            self._talk.flush()
