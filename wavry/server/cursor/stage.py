"""The cursor stage: one thread that watches the pointer of the screen, while a viewer wants to draw it.

Nothing that goes wrong here stops the picture: there is one line about it, clients show an arrow of their own, and the
stage tries again.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING

from wavry.capture.cursor import open_cursor
from wavry.clock import monotonic
from wavry.errors import BackendError, CaptureLostError
from wavry.pipeline import Demand
from wavry.rift.cursor.datagrams import MAX_SHARE, CursorPlace
from wavry.rift.cursor.messages import CursorShape

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from wavry.capture.cursor import CursorSource, Pointer
    from wavry.media import Rect

    class CursorListener(Protocol):
        """Whom the stage tells, on its own thread."""

        def offer_shape(self, shape: CursorShape) -> None:
            """Take a new shape."""

        def offer_place(self, place: CursorPlace) -> None:
            """Take a new place."""


logger = logging.getLogger(__name__)

_INTERVAL_S = 1 / 60
"""Least time between two looks: what is newer is seen by the next. More would not be shown by the client's monitor."""

_WAIT_S = 1.0
_REOPEN_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 5.0)
_SETTLED_S = 10.0
"""A screen that is lost sooner than that after it came is the same trouble as before: no new line, no quicker try."""
_WARPS = 256


class CursorStage:
    """Tells what the pointer looks like and where it is, whenever that changes.

    Args:
        listener: Told on the stage's thread.
        area: Returns the captured part of the desktop; it may change, and there may be none.
        display: X display such as `:1`; None for the DISPLAY variable.
    """

    def __init__(self, listener: CursorListener, area: Callable[[], Rect | None], display: str | None) -> None:
        self._listener = listener
        self._area = area
        self._display = display
        self._demand = Demand()

    def want(self, wanted: bool) -> None:
        """Start or stop watching. What is told after a start begins with shape and place. Any thread."""
        self._demand.want(wanted)

    def stop(self) -> None:
        """Make `run` return. Any thread."""
        self._demand.stop()

    # On the stage's thread.

    def run(self) -> None:
        """Watch until `stop`."""
        try:
            while not self._demand.is_stopped:
                self._demand.wait()
                self._watch_while_wanted()
        except Exception:
            logger.exception("cursor: a fault of ours; the picture goes on, clients show an arrow of their own")
            self._listener.offer_shape(CursorShape.of(None))

    def _watch_while_wanted(self) -> None:
        """Open, watch, and open again when the screen was lost."""
        failures, trouble = 0, ""
        while self._demand.is_on:
            began_at = monotonic()
            try:
                self._watch(open_cursor(self._display).backend)
            except (BackendError, CaptureLostError) as error:
                if monotonic() - began_at > _SETTLED_S:
                    failures, trouble = 0, ""  # it was well; this is another matter
                if not trouble:
                    trouble = str(error)
                    logger.warning("cursor: %s; clients show an arrow of their own", trouble)
                    self._listener.offer_shape(CursorShape.of(None))
                self._demand.pause(_REOPEN_DELAYS_S[min(failures, len(_REOPEN_DELAYS_S) - 1)])
                failures += 1

    def _watch(self, source: CursorSource) -> None:
        """Tell what changes until nobody wants it; closes the source."""
        starts = self._demand.starts
        told_shape: int | None = None
        told_place: CursorPlace | None = None
        with closing(source), self._demand.interrupts(source):
            while self._demand.is_on and self._demand.starts == starts:
                look_at = monotonic() + _INTERVAL_S
                pointer = source.look(_WAIT_S if told_place is not None else 0.0)
                if pointer.shape != told_shape:
                    told_shape = pointer.shape
                    self._listener.offer_shape(CursorShape.of(source.image()))
                place = self._place_of(pointer)
                if place is not None and place != told_place:
                    told_place = place
                    self._listener.offer_place(place)
                self._demand.pause(look_at - monotonic())

    def _place_of(self, pointer: Pointer) -> CursorPlace | None:
        area = self._area()
        if area is None:
            return None
        is_inside = 0 <= pointer.x - area.x < area.width and 0 <= pointer.y - area.y < area.height
        x, y = share_of(pointer.x - area.x, area.width), share_of(pointer.y - area.y, area.height)
        return CursorPlace(is_inside, x, y, pointer.warps % _WARPS)


def share_of(pixel: int, extent: int) -> int:
    """Return where a pixel is in a width or height: 0 for the first, `MAX_SHARE` for the last, and for those beyond."""
    last = max(1, extent - 1)
    return round(min(max(pixel, 0), last) * MAX_SHARE / last)
