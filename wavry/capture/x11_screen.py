"""The X server as capture sees it: its desktop, what changed on it, and its pixels.

With `x11_mirrors.py` the only module that knows xcffib: requests go out and come back as plain values, and X errors
leave as wavry's.

Events carry the box around all damage since the last Subtract (report level BoundingBox): they say that there is
something to fetch and in which rows, and drawing many times inside one box costs one event. What exactly changed comes
with the pixels: `grab` sends Subtract, GetImage and FetchRegion in one write. Whatever is drawn before the server reads
the Subtract is in the region and in the picture, whatever is drawn after it makes a new event: no change falls between.

A server whose pictures lie in plain memory can do better than GetImage (`x11_mirrors.py`).
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import xcffib
import xcffib.damage
import xcffib.randr
import xcffib.shm
import xcffib.xfixes
import xcffib.xproto
from xcffib.ffi import ffi

from wavry.capture.area import Desktop, make_desktop
from wavry.capture.x11_mirrors import Mirrors, has_mirrors
from wavry.capture.x11_segment import Segment
from wavry.errors import BackendUnavailableError, CaptureError, CaptureLostError
from wavry.media import Rect, cover
from wavry.xcb import connect

if TYPE_CHECKING:
    from typing import Any

    from wavry.media import Damage

NAME = "x11"
_ALL_PLANES = 0xFFFFFFFF
_Z_PIXMAP = 2
_NONE = 0

_MOST_RECTS = 48
"""Rectangles of a region that are looked at one by one; that takes up to 10 µs each."""


class GrabRefusedError(CaptureError):
    """The server gave no picture; most often the part asked for is no longer on the screen."""


class Damaged(NamedTuple):
    """Pixels of the desktop changed."""

    rect: Rect
    sequence: int
    """Lower 16 bits of the number of our last request that the server had read before."""

    def happened_before(self, request: int) -> bool:
        """Return whether the server reported this before it read `request`, a number that `grab` returned."""
        return (self.sequence - request) & 0xFFFF >= 0x8000


class Grabbed(NamedTuple):
    """What came with a picture."""

    damage: Damage
    """What of the desktop had changed since this was asked for the last time. The picture shows it where it reaches."""

    request: int
    """Number of the request that asked; changes reported before the server read it are in `damage`."""


class LayoutChanged(NamedTuple):
    """The screen has another size, or its monitors another order."""


class X11Screen:
    """A connection to one X server.

    Threads: one at a time, except `retire_segment`.

    Args:
        display: Such as `:1`; None for the DISPLAY variable.

    Raises:
        BackendUnavailableError: No display, or one that cannot share memory, report damage or deliver BGRA.
    """

    def __init__(self, display: str | None) -> None:
        display = display or os.environ.get("DISPLAY")
        if not display:
            raise BackendUnavailableError(NAME, "DISPLAY is not set")
        try:
            self._connection = connect(display)
        except xcffib.XcffibException as error:
            raise BackendUnavailableError(NAME, f"cannot connect to X display {display}") from error
        self._retired: deque[int] = deque()
        try:
            self._set_up(display)
        except xcffib.XcffibException as error:
            self._connection.disconnect()
            raise BackendUnavailableError(NAME, f"X display {display}: {_describe(error)}") from error
        except BackendUnavailableError:
            self._connection.disconnect()
            raise

    def _set_up(self, display: str) -> None:
        connection = self._connection
        setup = connection.get_setup()
        screen = setup.roots[connection.pref_screen]
        self._root: int = screen.root
        _require_local(connection, display)
        _require_bgra(setup, screen)
        self._shm = _open_extension(connection, xcffib.shm.key)
        version = self._shm.QueryVersion().reply()
        if (version.major_version, version.minor_version) < (1, 2):
            raise BackendUnavailableError(NAME, "MIT-SHM is older than 1.2 and takes no file descriptors")
        self.has_mirrors = has_mirrors(version)
        """Whether the server can copy just what a segment misses, see `grab_missing`."""
        self._xfixes = _open_extension(connection, xcffib.xfixes.key)
        self._xfixes.QueryVersion(5, 0).reply()  # XDamage wants it greeted first
        self._damage = _open_extension(connection, xcffib.damage.key)
        self._damage.QueryVersion(1, 1).reply()
        self._randr = _open_extension(connection, xcffib.randr.key)
        randr = self._randr.QueryVersion(1, 5).reply()
        self._has_monitors = (randr.major_version, randr.minor_version) >= (1, 5)
        # RandR reports every change of CRTCs and monitors as a change of the screen, too.
        self._randr.SelectInput(self._root, xcffib.randr.NotifyMask.ScreenChange)
        connection.core.ChangeWindowAttributes(
            self._root, xcffib.xproto.CW.EventMask, [xcffib.xproto.EventMask.StructureNotify]
        )
        self._damage_id: int = connection.generate_id()
        level = xcffib.damage.ReportLevel.BoundingBox
        self._damage.Create(self._damage_id, self._root, level, is_checked=True).check()
        self._changed: int = connection.generate_id()
        self._xfixes.CreateRegion(self._changed, 0, [], is_checked=True).check()
        self._mirrors = Mirrors(connection, self._shm, self._xfixes, screen)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the server says something."""
        descriptor: int = self._connection.get_file_descriptor()
        return descriptor

    def desktop(self) -> Desktop:
        """Ask for the size of the screen and its monitors. Two round trips.

        Raises:
            CaptureLostError: The server is gone.
        """
        try:
            geometry = self._connection.core.GetGeometry(self._root).reply()
            found = self._randr.GetMonitors(self._root, True).reply().monitors if self._has_monitors else ()
            names = [self._connection.core.GetAtomName(monitor.name) for monitor in found]
            return make_desktop(
                Rect(0, 0, geometry.width, geometry.height),
                [
                    (
                        name.reply().name.to_string(),
                        Rect(monitor.x, monitor.y, monitor.width, monitor.height),
                        bool(monitor.primary),
                    )
                    for name, monitor in zip(names, found, strict=True)
                ],
            )
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error

    def next_event(self) -> Damaged | LayoutChanged | None:
        """Return what the server has reported, oldest first, or None. Never blocks.

        Raises:
            CaptureLostError: The server is gone.
        """
        while True:
            try:
                event = self._connection.poll_for_event()
            except xcffib.Error:
                continue  # an unchecked Subtract or Detach that crossed a reset of the server; nothing depends on it
            except xcffib.XcffibException as error:
                raise CaptureLostError(NAME, _describe(error)) from error
            if event is None:
                return None
            if isinstance(event, xcffib.damage.NotifyEvent):
                area = event.area
                return Damaged(Rect(area.x, area.y, area.width, area.height), event.sequence)
            if isinstance(event, xcffib.randr.ScreenChangeNotifyEvent | xcffib.xproto.ConfigureNotifyEvent):
                return LayoutChanged()

    def forget_pictures(self) -> None:
        """Have the next `grab_missing` into each segment fetch everything.

        Raises:
            CaptureLostError: The server is gone.
        """
        try:
            self._mirrors.forget()
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error

    def grab(self, area: Rect, segment: Segment, *, offset: int) -> Grabbed:
        """Fill a segment with pixels of the desktop, without the cursor. One round trip, no copy on this side.

        Args:
            area: What to fetch, in desktop pixels.
            segment: Where to put it, BGRA, rows `4 * area.width` bytes apart.
            offset: Byte of the segment where the first row goes.

        Raises:
            GrabRefusedError: The server refused, as it does when `area` is not on the screen.
            CaptureLostError: The server is gone.
        """
        try:
            self._detach_retired()
            request = self._subtract()
            image = self._shm.GetImage(
                self._root, area.x, area.y, area.width, area.height,
                _ALL_PLANES, _Z_PIXMAP, segment.server_id, offset,
            )  # fmt: skip
            damage = self._read_damage()
            image.reply()
        except xcffib.Error as error:
            raise GrabRefusedError(_describe(error)) from error
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error
        return Grabbed(damage, request)

    def grab_missing(self, area: Rect, segment: Segment) -> Grabbed:
        """Fill a segment with all that it misses of a picture. Only where the server `has_mirrors`; one round trip.

        Args:
            area: What the whole picture shows, in desktop pixels.
            segment: Where it is, BGRA, rows `4 * area.width` bytes apart; filled by this and by `grab` alone.

        Raises:
            GrabRefusedError: The server refused; it is taken at its word, and `has_mirrors` no more.
            CaptureLostError: The server is gone.
        """
        try:
            self._detach_retired()
            request = self._subtract()
            self._mirrors.update(area, segment)
            return Grabbed(self._read_damage(), request)
        except xcffib.Error as error:
            self.has_mirrors = False
            raise GrabRefusedError(_describe(error)) from error
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error

    def take_damage(self) -> Damage:
        """Return what has changed, and have the server begin a new box for the changes from now on. One round trip.

        Raises:
            CaptureLostError: The server is gone.
        """
        try:
            self._subtract()
            return self._read_damage()
        except xcffib.XcffibException as error:
            raise CaptureLostError(NAME, _describe(error)) from error

    def _subtract(self) -> int:
        """Put all that has changed into `_changed`; return the request after which changes count as new."""
        request: int = self._damage.Subtract(self._damage_id, _NONE, self._changed).sequence
        self._mirrors.mark_stale(self._changed)
        return request

    def _read_damage(self) -> Damage:
        """Wait for what is in `_changed`: its rectangles covered by few, or the box around them if they are many."""
        region = self._xfixes.FetchRegion(self._changed).reply()
        found = region.rectangles if len(region.rectangles) <= _MOST_RECTS else [region.extents]
        return cover(Rect(each.x, each.y, each.width, each.height) for each in found)

    def _detach_retired(self) -> None:
        while self._retired:
            server_id = self._retired.popleft()
            self._mirrors.drop(server_id)
            self._shm.Detach(server_id)

    def make_segment(self, size_bytes: int) -> Segment:
        """Make memory that this server can write to.

        Raises:
            CaptureLostError: There is no memory, or the server is gone or refused.
        """
        try:
            return Segment(size_bytes, self._attach, self.retire_segment)
        except (xcffib.XcffibException, OSError) as error:
            raise CaptureLostError(NAME, f"no shared memory: {_describe(error)}") from error

    def _attach(self, descriptor: int) -> int:
        server_id: int = self._connection.generate_id()
        _send_descriptor(self._connection, descriptor)
        self._shm.AttachFd(server_id, False, is_checked=True).check()
        return server_id

    def retire_segment(self, server_id: int) -> None:
        """Have the server unmap a segment before the next grab. Any thread."""
        self._retired.append(server_id)

    def close(self) -> None:
        """Disconnect; the server forgets all of our segments and the damage. Idempotent."""
        self._connection.disconnect()


def _open_extension(connection: Any, key: Any) -> Any:
    reply = connection.core.QueryExtension(len(key.name), key.name).reply()
    if not reply.present:
        raise BackendUnavailableError(NAME, f"the X server has no {key.name} extension")
    return connection(key)


def _require_local(connection: Any, display: str) -> None:
    with socket.socket(fileno=os.dup(connection.get_file_descriptor())) as peer:
        if peer.family != socket.AF_UNIX:
            raise BackendUnavailableError(NAME, f"X display {display} is remote; MIT-SHM needs one on this machine")


def _require_bgra(setup: Any, screen: Any) -> None:
    layouts = {pixmap.depth: pixmap.bits_per_pixel for pixmap in setup.pixmap_formats}
    masks = {
        (visual.red_mask, visual.green_mask, visual.blue_mask)
        for depth in screen.allowed_depths
        for visual in depth.visuals
        if visual.visual_id == screen.root_visual
    }
    is_little_endian = setup.image_byte_order == xcffib.xproto.ImageOrder.LSBFirst
    if layouts.get(screen.root_depth) != 32 or not is_little_endian or masks != {(0xFF0000, 0xFF00, 0xFF)}:
        raise BackendUnavailableError(NAME, f"the screen is {screen.root_depth} bits deep and not laid out as BGRA")


def _send_descriptor(connection: Any, descriptor: int) -> None:
    """Let the next request carry a descriptor; libxcb closes it. xcffib does not wrap this one call."""
    libxcb = ctypes.CDLL("libxcb.so.1")
    libxcb.xcb_send_fd.argtypes = [ctypes.c_void_p, ctypes.c_int]
    libxcb.xcb_send_fd.restype = None
    libxcb.xcb_send_fd(int(ffi.cast("uintptr_t", connection._conn)), descriptor)


def _describe(error: Exception) -> str:
    if isinstance(error, xcffib.ConnectionException):
        return "the X server closed the connection"
    if isinstance(error, xcffib.Error):
        return f"the X server answered {type(error).__name__}"
    return str(error) or type(error).__name__
