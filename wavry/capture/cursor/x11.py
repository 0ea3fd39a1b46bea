"""The pointer of an X11 screen, on a connection of its own.

The server tells of another shape (XFixes) and of each movement of a mouse (raw motion of XInput 2, which no grab and
no window of another program keeps from us); then one round trip asks where the pointer is, 20 µs. What a program does
with the pointer (XWarpPointer) is no raw motion and no event that others see, so `look` also asks ten times a second: a
place that is new though no mouse moved is a warp. Without XInput 2 it asks at the rate of frames instead, and nothing
counts as a warp. Nobody is asked while no viewer wants to know.

A program that hides the pointer gives it an empty shape. What `XFixesHideCursor` hides still has its shape here: the
server tells nobody.
"""

from __future__ import annotations

import os
import select
import struct
from typing import TYPE_CHECKING

import xcffib
import xcffib.xfixes
import xcffib.xinput
import xcffib.xproto

from wavry.capture.cursor.source import Pointer
from wavry.errors import BackendUnavailableError, CaptureLostError
from wavry.media import CursorImage
from wavry.media.cursor import HIDDEN
from wavry.pipeline.bell import Bell
from wavry.xcb import connect

if TYPE_CHECKING:
    from typing import Any

NAME = "x11"

_WARP_LOOK_S = 0.1
_POLL_S = 1 / 60


class X11Cursor:
    """A `CursorSource` for one X display.

    Args:
        display: Such as `:1`; None for the DISPLAY variable.

    Raises:
        BackendUnavailableError: No display, or one without XFixes.
    """

    name = NAME

    def __init__(self, display: str | None) -> None:
        display = display or os.environ.get("DISPLAY")
        if not display:
            raise BackendUnavailableError(NAME, "DISPLAY is not set")
        try:
            self._connection = connect(display)
        except xcffib.XcffibException as error:
            raise BackendUnavailableError(NAME, f"cannot connect to X display {display}") from error
        try:
            self._set_up()
        except xcffib.XcffibException as error:
            self._connection.disconnect()
            raise BackendUnavailableError(NAME, f"X display {display}: {_describe(error)}") from error
        except BackendUnavailableError:
            self._connection.disconnect()
            raise
        self._bell = Bell()
        self._shape = 0
        self._warps = 0
        self._place: tuple[int, int] | None = None
        self._hand_moved = False
        """A mouse moved, and its effect may not have been seen."""

    def _set_up(self) -> None:
        connection = self._connection
        self._root: int = connection.get_setup().roots[connection.pref_screen].root
        if not self._has(xcffib.xfixes.key):
            raise BackendUnavailableError(NAME, "the X server has no XFIXES extension")
        self._xfixes = connection(xcffib.xfixes.key)
        self._xfixes.QueryVersion(2, 0).reply()
        self._xfixes.SelectCursorInput(
            self._root, xcffib.xfixes.CursorNotifyMask.DisplayCursor, is_checked=True
        ).check()
        self._sees_hands = self._has(xcffib.xinput.key) and self._select_motion()

    def _has(self, key: Any) -> bool:
        """Whether the server has an extension; using one that it does not have ends the connection."""
        return bool(self._connection.core.QueryExtension(len(key.name), key.name).reply().present)

    def _select_motion(self) -> bool:
        """Ask for raw motion; say whether there is such a thing."""
        xinput = self._connection(xcffib.xinput.key)
        try:
            if xinput.XIQueryVersion(2, 1).reply().major_version < 2:  # 2.1 gives raw motion during grabs, too
                return False
            masters = xcffib.xinput.Device.AllMaster
            mask = xcffib.xinput.EventMask.synthetic(  # type: ignore[no-untyped-call]
                masters, 1, [xcffib.xinput.XIEventMask.RawMotion]
            )
            xinput.XISelectEvents(self._root, 1, [mask], is_checked=True).check()
        except xcffib.Error:
            return False
        return True

    def look(self, timeout: float) -> Pointer:
        """Return the pointer as soon as it may have changed; see `CursorSource`."""
        try:
            shape = self._shape
            self._take_events()
            if not self._hand_moved and self._shape == shape:
                self._wait(min(timeout, _WARP_LOOK_S if self._sees_hands else _POLL_S))
                self._take_events()
            moved, self._hand_moved = self._hand_moved, False
            reply = self._connection.core.QueryPointer(self._root).reply()
            # Motion before the reply comes before it. Motion after it counts again the next time: better to miss a
            # warp than to take a hand's movement for one.
            self._take_events()
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error
        place = reply.root_x, reply.root_y
        if self._place is not None and place != self._place and self._sees_hands:
            self._warps += not (moved or self._hand_moved)
        self._place = place
        return Pointer(*place, self._warps, self._shape)

    def image(self) -> CursorImage | None:
        """Return what the pointer looks like now; see `CursorSource`."""
        try:
            reply = self._xfixes.GetCursorImage().reply()
        except xcffib.Error:
            return None  # BadAccess: the client that made it is gone, as xsetroot is; BadCursor: there is no pointer
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error
        pixels = struct.pack(f"<{len(reply.cursor_image)}I", *reply.cursor_image)
        if not any(pixels[3::4]):
            return HIDDEN
        hot_x, hot_y = min(reply.xhot, reply.width - 1), min(reply.yhot, reply.height - 1)
        return CursorImage(reply.width, reply.height, hot_x, hot_y, pixels)

    def interrupt(self) -> None:
        """End the waiting of `look`. Any thread."""
        self._bell.ring()

    def close(self) -> None:
        """Disconnect. Idempotent."""
        self._connection.disconnect()
        self._bell.close()

    def _wait(self, seconds: float) -> None:
        self._connection.flush()
        descriptors = self._connection.get_file_descriptor(), self._bell.fileno()
        readable, _, _ = select.select(descriptors, (), (), seconds)
        if self._bell.fileno() in readable:
            self._bell.quiet()

    def _take_events(self) -> None:
        """Note what the server has told; never blocks."""
        while True:
            try:
                event = self._connection.poll_for_event()
            except xcffib.Error:
                continue  # of a request that crossed a reset of the server; nothing depends on it
            if event is None:
                return
            if isinstance(event, xcffib.xfixes.CursorNotifyEvent):
                self._shape += 1
            elif isinstance(event, xcffib.xinput.RawMotionEvent):
                self._hand_moved = True


def open_x11(display: str | None) -> X11Cursor:
    """Open the pointer of an X display; see `X11Cursor`."""
    return X11Cursor(display)


def _describe(error: Exception) -> str:
    if isinstance(error, xcffib.ConnectionException):
        return "the X server closed the connection"
    if isinstance(error, xcffib.Error):
        return f"the X server answered {type(error).__name__}"
    return str(error) or type(error).__name__
