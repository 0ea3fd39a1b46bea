"""The screen through mss: runs on every platform, and is slower than it has to be on each.

mss knows nothing of changes, so this looks on a clock, compares with the picture before, and delivers only what
differs. It also makes a new `bytearray` for each look (8.3 MB at 1080p, 33 MB at 4K), which is freed at once; that is
one picture more than the pool's. The cursor is not in the picture.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import mss
import mss.exception

from wavry.capture.area import Desktop, choose_area, make_desktop, refit_area
from wavry.capture.buffers import NO_ROWS, Canvas, PictureBuffers, Rows
from wavry.capture.changes import RowComparer
from wavry.capture.clocked import ClockedSource
from wavry.capture.layout import Layout, make_layout
from wavry.capture.pacing import FrameClock
from wavry.clock import monotonic, monotonic_us
from wavry.errors import BackendUnavailableError, CaptureLostError
from wavry.media import Frame, Rect, Size

if TYPE_CHECKING:
    from wavry.capture.area import Monitor
    from wavry.capture.config import CaptureConfig

NAME = "mss"
_ERRORS = (mss.exception.ScreenShotError, OSError, AssertionError)
"""What mss raises when a screen is not there or changed its size; the last is how mss 10.2 notes that it went away."""


class MssSource(ClockedSource):
    """A `FrameSource` on top of mss.

    Raises:
        BackendUnavailableError: mss finds no screen.
        ConfigError: The monitor does not exist, or the region is off the screen.
    """

    def __init__(self, config: CaptureConfig) -> None:
        super().__init__(NAME)
        self._config = config
        self._mss: mss.MSS | None = _open_mss(config.display)
        try:
            desktop = _read_desktop(self._mss)
            self._area = choose_area(desktop, config)
        except BaseException:
            self._leave()
            raise
        self._layout = make_layout(desktop, config)
        self.notes.append("no report of changes: looks on a clock, half a frame late on average, and compares")
        self._clock = FrameClock(config.fps, now=monotonic())
        self._refresh_at = monotonic() + config.refresh_interval_s
        self._buffers = PictureBuffers(
            self._area.size, config.pool_buffers, name="capture.mss", on_release=self._wishes.buffer_returned
        )
        self._reshape(self._area.size)

    @property
    def area(self) -> Rect:
        """The captured part of the desktop."""
        return self._area

    @property
    def layout(self) -> Layout:
        """What could be shown and what is; see `ScreenSource`."""
        return self._layout

    def choose_monitor(self, number: int) -> None:
        """Show another monitor; see `ScreenSource`. Any thread."""
        self._config = replace(self._config, monitor=number)
        self._refresh_at = 0.0  # set again only by the capture thread, before it looks
        self._bell.set()

    def close(self) -> None:
        """Leave the screen and free the idle buffers; see `FrameSource`."""
        self._leave()
        self._buffers.close()

    def _reshape(self, size: Size) -> None:
        """Start anew with pictures of `size`."""
        self._buffers.resize(size)
        self._comparer = RowComparer(size)
        self._shown: Canvas | None = None
        """What the last frame shows; only this source writes to it, and only when it lends it again."""

    def _due_at(self, now: float) -> float:
        return self._clock.due_at

    def _take_frame(self, now: float) -> Frame | None:
        self._clock.advance(now)
        if now >= self._refresh_at:
            self._refresh(now)
        capture_us = monotonic_us()
        picture = self._grab()
        is_whole = self._wishes.take_full_frame() or self._shown is None
        changed = self._find_changes(picture)
        if changed.is_empty and not is_whole:
            return None
        self._buffers.mark_stale(changed)
        loan = self._buffers.lend()
        if loan is None:
            if is_whole:
                self._wishes.full_frame()
            return None
        canvas = loan.canvas
        start, end = (row * self._buffers.stride for row in canvas.stale)
        canvas.view[start:end] = picture[start:end]
        canvas.stale = NO_ROWS
        self._shown = canvas
        width = self._buffers.size.width
        return self._buffers.make_frame(
            loan,
            capture_us=capture_us,
            captured_us=monotonic_us(),
            damage=None if is_whole else (Rect(0, changed.top, width, changed.bottom - changed.top),),
            number=self._number,
        )

    def _find_changes(self, picture: memoryview) -> Rows:
        shown = None if self._shown is None else self._shown.peek()
        if shown is None:
            return self._buffers.all_rows
        return self._comparer.differing_rows(shown, picture)

    def _grab(self) -> memoryview:
        """Return a new picture, and get ready for its size if that is another one."""
        assert self._mss is not None  # nobody asks for frames after `close`
        try:
            shot = self._mss.grab(_as_mss(self._area))
        except _ERRORS:
            screen = self._reopen()  # a screen of another size is the usual reason
            try:
                shot = screen.grab(_as_mss(self._area))
            except _ERRORS as error:
                raise CaptureLostError(NAME, f"no picture: {error}") from error
        size = Size(shot.width & ~1, shot.height & ~1)  # not the area's where a point is more than a pixel
        if size != self._buffers.size:
            self._reshape(size)
        picture = memoryview(shot.raw)
        if size.width == shot.width:
            return picture[: self._buffers.stride * size.height]
        rows = (picture[row * shot.width * 4 :][: self._buffers.stride] for row in range(size.height))
        return memoryview(b"".join(rows))

    def _refresh(self, now: float) -> None:
        """Look whether the screen has another shape; mss does not tell, and remembers the first one it saw."""
        self._refresh_at = now + self._config.refresh_interval_s
        self._wishes.full_frame()
        try:
            with _open_mss(self._config.display) as fresh:
                config, desktop = self._config, _read_desktop(fresh)
                area = refit_area(desktop, config)[0]
        except (BackendUnavailableError, *_ERRORS) as error:
            raise CaptureLostError(NAME, str(error)) from error
        layout = make_layout(desktop, config)
        if layout != self._layout:
            self._layout = layout
        if area != self._area:
            self._reopen()

    def _reopen(self) -> mss.MSS:
        """Look at the screen with new eyes, and choose again what to capture."""
        self._leave()
        try:
            screen = self._mss = _open_mss(self._config.display)
            self._area, note = refit_area(_read_desktop(screen), self._config)
        except BackendUnavailableError as error:
            raise CaptureLostError(NAME, error.reason) from error
        self.notes = self.notes[:1] + ([note] if note else [])
        return screen

    def _leave(self) -> None:
        """Close mss at most once: when its connection is dead it complains, and a second time it would crash."""
        screen, self._mss = self._mss, None
        if screen is not None:
            try:
                screen.close()
            except _ERRORS:
                pass  # the screen is gone, which is what was wanted


def open_mss(config: CaptureConfig) -> MssSource:
    """Open the screen through mss; see `MssSource`."""
    return MssSource(config)


def list_mss_monitors(display: str | None) -> tuple[Monitor, ...]:
    """Return the monitors that mss sees, by number.

    Raises:
        BackendUnavailableError: mss finds no screen.
    """
    with _open_mss(display) as screen:
        return _read_desktop(screen).monitors


def _open_mss(display: str | None) -> mss.MSS:
    try:
        return mss.MSS(display=display) if sys.platform == "linux" and display else mss.MSS()
    except _ERRORS as error:
        raise BackendUnavailableError(NAME, str(error)) from error


def _read_desktop(screen: mss.MSS) -> Desktop:
    try:
        whole, *monitors = screen.monitors
    except _ERRORS as error:
        raise BackendUnavailableError(NAME, str(error)) from error
    return make_desktop(
        _as_rect(whole),
        [
            (str(monitor.get("name", f"monitor {index}")), _as_rect(monitor), bool(monitor.get("is_primary", False)))
            for index, monitor in enumerate(monitors)
        ],
    )


def _as_rect(monitor: dict[str, int]) -> Rect:
    return Rect(monitor["left"], monitor["top"], monitor["width"], monitor["height"])


def _as_mss(area: Rect) -> dict[str, int]:
    return {"left": area.x, "top": area.y, "width": area.width, "height": area.height}
