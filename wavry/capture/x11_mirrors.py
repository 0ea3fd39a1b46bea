"""Segments that the X server itself keeps up to date, where it can: pixmaps, with the region that each of them misses.

A server whose pictures lie in plain memory (Xvfb, Xephyr, Xvnc, Xorg without acceleration) lets a client say that a
segment is a pixmap. CopyArea into it, clipped to what has changed since it was filled, copies just that, where GetImage
fills whole rows: 0.6 ms for half of 1080p instead of 1.0 (Xvfb). What a segment misses is the union of the regions of
damage, and stays on the server: no round trip is needed to know it. It may hold more, where GetImage has filled the
segment meanwhile: that is quicker for few rows, and for rows that have changed all over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import xcffib.xproto

if TYPE_CHECKING:
    from wavry.capture.x11_segment import Segment
    from wavry.media import Rect

_Z_PIXMAP = 2
_RECTANGLE: Any = xcffib.xproto.RECTANGLE
_EVERYWHERE = _RECTANGLE.synthetic(0, 0, 0x7FFF, 0x7FFF)


class _Mirror(NamedTuple):
    pixmap: int
    missing: int
    """Region of the desktop that differs from the pixmap."""


def has_mirrors(version: Any) -> bool:
    """Return whether a server does this, from its answer to MIT-SHM's QueryVersion."""
    return bool(version.shared_pixmaps) and version.pixmap_format == _Z_PIXMAP


class Mirrors:
    """The segments of one server. What it sends goes out with the next reply that somebody waits for.

    Bound: one pixmap and one region for each attached segment, on the server.

    Args:
        connection: To the server.
        shm: Its MIT-SHM.
        xfixes: Its XFixes.
        screen: Of the root window that is mirrored.
    """

    def __init__(self, connection: Any, shm: Any, xfixes: Any, screen: Any) -> None:
        self._connection = connection
        self._shm = shm
        self._xfixes = xfixes
        self._root: int = screen.root
        self._depth: int = screen.root_depth
        self._mirrors: dict[int, _Mirror] = {}
        self._context: int = connection.generate_id()
        attributes = xcffib.xproto.GC.SubwindowMode | xcffib.xproto.GC.GraphicsExposures
        values = [xcffib.xproto.SubwindowMode.IncludeInferiors, 0]
        connection.core.CreateGC(self._context, self._root, attributes, values, is_checked=True).check()

    def mark_stale(self, region: int) -> None:
        """Note that the desktop has changed in a region."""
        for mirror in self._mirrors.values():
            self._xfixes.UnionRegion(mirror.missing, region, mirror.missing)

    def forget(self) -> None:
        """Note that nothing in the segments may be right."""
        for mirror in self._mirrors.values():
            self._xfixes.SetRegion(mirror.missing, 1, [_EVERYWHERE])

    def update(self, area: Rect, segment: Segment) -> None:
        """Fill what a segment misses of an area of the desktop, which is as large as the picture in it."""
        mirror = self._mirrors.get(segment.server_id) or self._add(area, segment)
        self._xfixes.SetGCClipRegion(self._context, mirror.missing, -area.x, -area.y)
        self._connection.core.CopyArea(
            self._root, mirror.pixmap, self._context, area.x, area.y, 0, 0, area.width, area.height
        )
        self._xfixes.SetRegion(mirror.missing, 0, [])

    def _add(self, area: Rect, segment: Segment) -> _Mirror:
        mirror = _Mirror(pixmap=self._connection.generate_id(), missing=self._connection.generate_id())
        self._shm.CreatePixmap(
            mirror.pixmap, self._root, area.width, area.height, self._depth, segment.server_id, 0, is_checked=True
        ).check()
        self._xfixes.CreateRegion(mirror.missing, 1, [_EVERYWHERE])
        self._mirrors[segment.server_id] = mirror
        return mirror

    def drop(self, server_id: int) -> None:
        """Forget a segment that is about to be detached."""
        mirror = self._mirrors.pop(server_id, None)
        if mirror is not None:
            self._connection.core.FreePixmap(mirror.pixmap)
            self._xfixes.DestroyRegion(mirror.missing)
