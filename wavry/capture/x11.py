"""Captures an X11 screen when it changes.

A change on the screen wakes the thread (XDamage), and the pixels that changed are fetched at once into a pooled
segment that is shared with the server (MIT-SHM): no clock, no copy, no comparison. Measured by
`scripts/bench/capture.py` on 2 cores with Xvfb, p50 of a whole frame and of a 20-row change, caches cold:

    1920x1080   0.7 ms   0.25 ms
    3840x2160   2.2 ms   0.25 ms

The whole frame is the server's one copy at the speed of the memory; of the small change, about 0.05 ms is work.

After the first event nothing is waited for: an application that draws in several steps gets several frames, and the
frame rate is kept by `FrameTokens`. While a frame is forbidden or no buffer is free, changes add up in the server.
Some drivers forget to report damage, so every `refresh_interval_s` the whole picture is fetched anyway.
"""

from __future__ import annotations

import select
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from wavry.capture.area import choose_area, refit_area
from wavry.capture.buffers import NO_ROWS, Canvas, PictureBuffers, PictureLoan, Rows
from wavry.capture.damage import PendingDamage
from wavry.capture.layout import Layout, make_layout
from wavry.capture.pacing import FrameTokens
from wavry.capture.wishes import Wishes
from wavry.capture.x11_screen import NAME, Damaged, GrabRefusedError, X11Screen
from wavry.capture.x11_segment import Segment
from wavry.clock import monotonic, monotonic_us
from wavry.errors import CaptureLostError
from wavry.media import Frame, Rect, Size
from wavry.memory import FrameBufferPool, checkpoint
from wavry.pipeline.bell import Bell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wavry.capture.area import Monitor
    from wavry.capture.config import CaptureConfig

MAX_REFUSALS = 3
"""After so many refused grabs in a row without a change of the layout between them, the screen counts as lost."""

_WORTH_PIXELS = 1 << 18
"""A mirror takes 60 µs more in requests than GetImage of a band, and copies 0.5 ms a million pixels, as that does."""


class Later(NamedTuple):
    """What of the desktop changed too late to be in a picture."""

    missed: list[Rect]
    """The server has forgotten these changes; they have to be fetched."""

    boxes: list[Rect]
    """Around changes that the server will tell of with the next picture."""


class X11Source:
    """A `FrameSource` for one X display.

    Raises:
        BackendUnavailableError: See `X11Screen`.
        ConfigError: The monitor does not exist, or the region is off the screen.
    """

    name = NAME

    def __init__(self, config: CaptureConfig) -> None:
        self.notes: list[str] = []
        self._config = config
        self._screen = X11Screen(config.display)
        try:
            desktop = self._screen.desktop()
            self._area = choose_area(desktop, config)
        except Exception:
            self._screen.close()
            raise
        self._layout = make_layout(desktop, config)
        self._bell = Bell()
        self._wishes = Wishes(self._bell.ring)
        self._buffers = PictureBuffers(
            self._area.size,
            config.pool_buffers,
            name="capture.x11",
            on_release=self._wishes.buffer_returned,
            allocate=self._screen.make_segment,
        )
        self._pending = PendingDamage()
        self._pending.add_everything(now_us=monotonic_us())
        self._tokens = FrameTokens(config.fps, now=monotonic())
        self._refresh_at = monotonic() + config.refresh_interval_s
        self._layout_changed = False
        self._refusals = 0
        self._number = 0
        self._changed_pixels = self._area.width * self._area.height
        """In the last frame: what the next one is expected to be like."""
        self._closed = False

    @property
    def pool(self) -> FrameBufferPool:
        """The pool, one for all sizes."""
        return self._buffers.pool

    @property
    def area(self) -> Rect:
        """The captured part of the desktop."""
        return self._area

    def size(self) -> Size:
        """Return the size of the captured part."""
        return self._area.size

    @property
    def layout(self) -> Layout:
        """What could be shown and what is; see `ScreenSource`."""
        return self._layout

    def choose_monitor(self, number: int) -> None:
        """Show another monitor; see `ScreenSource`. Any thread."""
        self._config = replace(self._config, monitor=number)
        self._layout_changed = True  # lowered only by the capture thread, before it looks, as in `Wishes`
        self._bell.ring()

    def next_frame(self, timeout: float) -> Frame | None:
        """Wait until the screen changes and return it; see `FrameSource`."""
        deadline = monotonic() + timeout
        while not self._wishes.take_interrupt():
            self._notice_changes()
            now = monotonic()
            frame_at = self._tokens.ready_at(now) if self._pending else self._refresh_at
            if self._pending and frame_at <= now:
                frame = self._take_frame(now)
                if frame is not None:
                    return frame
                if self._layout_changed:
                    continue  # the server refused: look again before the next try
                frame_at = deadline  # no buffer is free: the release of one rings
            if now >= deadline:
                return None
            self._wait(min(deadline, frame_at) - now)
        return None

    def reclaim_with(self, reclaim: Callable[[], Frame | None]) -> None:
        """Say where to get a frame back that nobody has begun to use; see `FrameSource`."""
        self._buffers.reclaim = reclaim

    def interrupt(self) -> None:
        """End the waiting of `next_frame`. Any thread."""
        self._wishes.interrupt()

    def request_full_frame(self) -> None:
        """Have the whole picture delivered. Any thread."""
        self._wishes.full_frame()

    def close(self) -> None:
        """Disconnect and free everything that is not lent. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._buffers.close()
        self._screen.close()
        self._bell.close()

    def _wait(self, seconds: float) -> None:
        """Sleep until the server says something or the bell rings."""
        # select, not poll, whose timeout is in whole milliseconds: half of one is a twentieth of the whole latency.
        readable, _, _ = select.select((self._screen.fileno(), self._bell.fileno()), (), (), max(0.0, seconds))
        if self._bell.fileno() in readable:
            self._bell.quiet()

    def _notice_changes(self) -> None:
        """Add up what the server reported, what the user wished, and what is due."""
        while (event := self._screen.next_event()) is not None:
            if not isinstance(event, Damaged):
                self._layout_changed = True
            elif event.rect.intersection(self._area) is None:
                # Or the next box would hold this and the change that matters, which may have come by now.
                self._add_damage(self._screen.take_damage())
            else:
                self._note_damage(event.rect)
        if self._layout_changed:
            self._follow_layout()
        if self._wishes.take_full_frame() or monotonic() >= self._refresh_at:
            self._add_everything()

    def _note_damage(self, box: Rect) -> None:
        """Take note of changes somewhere in a box of the desktop; where, will come with the pixels."""
        local = self._visible(box)
        if local is not None:
            self._pending.notice(now_us=monotonic_us())
            self._buffers.mark_stale(_rows_of(local))

    def _add_damage(self, damage: Iterable[Rect], *, shown: Canvas | None = None) -> None:
        """Have the next frame show changes of the desktop, which `shown` has already."""
        visible = [local for rect in damage if (local := self._visible(rect)) is not None]
        if visible:
            self._pending.add(*visible, now_us=monotonic_us())
        for local in visible:
            self._buffers.mark_stale(_rows_of(local), fresh=shown)

    def _visible(self, rect: Rect) -> Rect | None:
        """Return the part of a rectangle of the desktop that is captured, as it lies in the picture, or None."""
        visible = rect.intersection(self._area)
        if visible is None:
            return None
        return visible._replace(x=visible.x - self._area.x, y=visible.y - self._area.y)

    def _add_everything(self) -> None:
        self._pending.add_everything(now_us=monotonic_us())
        self._buffers.mark_stale(self._buffers.all_rows)
        self._screen.forget_pictures()

    def _take_frame(self, now: float) -> Frame | None:
        """Fetch what changed; None while no buffer is free, or when the screen has just changed its size."""
        self._wishes.want_buffer(True)
        loan = self._buffers.lend()
        if loan is None:
            return None
        self._wishes.want_buffer(False)
        try:
            later = self._fill(loan.canvas)
        except GrabRefusedError as refusal:
            loan.release()
            self._note_refusal(refusal)
            return None
        except BaseException:
            loan.release()
            raise
        self._tokens.take(now)
        return self._finish(loan, later)

    def _fill(self, canvas: Canvas) -> Later:
        """Fetch the rows that `canvas` misses, and add to what is pending where they changed."""
        segment = canvas.storage
        assert isinstance(segment, Segment)  # made by `X11Screen.make_segment`
        rows = canvas.stale
        band = Rect(self._area.x, self._area.y + rows.top, self._area.width, rows.bottom - rows.top)
        if self._is_mirror_worth_it(band):
            band = self._area
            grabbed = self._screen.grab_missing(band, segment)
        else:
            grabbed = self._screen.grab(band, segment, offset=rows.top * self._buffers.stride)
        canvas.stale = NO_ROWS
        self._refusals = 0
        is_shown = {rect: _covers(band, rect, self._area) for rect in grabbed.damage}
        self._add_damage((rect for rect in is_shown if is_shown[rect]), shown=canvas)
        later = Later([rect for rect in is_shown if not is_shown[rect]], [])  # the box grew after the band was chosen
        while (event := self._screen.next_event()) is not None:
            if not isinstance(event, Damaged):
                self._layout_changed = True
            elif not event.happened_before(grabbed.request):
                later.boxes.append(event.rect)
        return later

    def _is_mirror_worth_it(self, band: Rect) -> bool:
        """Whether much of a band has not changed, if as much changes as the last time."""
        if not self._screen.has_mirrors or self._pending.is_everything:
            return False
        return band.width * band.height - self._changed_pixels >= _WORTH_PIXELS

    def _finish(self, loan: PictureLoan, later: Later) -> Frame:
        pending = self._pending
        damage = pending.as_frame_damage
        changed = (self._area,) if damage is None else damage
        self._changed_pixels = sum(rect.width * rect.height for rect in changed)
        frame = self._buffers.make_frame(
            loan,
            capture_us=pending.since_us,
            captured_us=monotonic_us(),
            damage=damage,
            number=self._number,
        )
        if pending.is_everything:
            self._refresh_at = monotonic() + self._config.refresh_interval_s
        pending.clear()
        self._add_damage(later.missed)
        for box in later.boxes:
            self._note_damage(box)
        self._number += 1
        checkpoint("capture_frame_acquired")
        return frame

    def _note_refusal(self, refusal: GrabRefusedError) -> None:
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            raise CaptureLostError(NAME, f"no picture: {refusal}") from refusal
        self._layout_changed = True  # the usual reason; its event may still be under way

    def _follow_layout(self) -> None:
        """Look at the screen's new shape and choose again what to capture."""
        self._layout_changed = False
        config, desktop = self._config, self._screen.desktop()
        area, note = refit_area(desktop, config)
        layout = make_layout(desktop, config)
        if layout != self._layout:
            self._layout = layout
        if note is not None and note not in self.notes:
            self.notes = [note]  # the latest alone, so that a screen that changes for years does not fill memory
        if area.size != self._area.size:
            self._buffers.resize(area.size)
        self._area = area
        self._add_everything()


def open_x11(config: CaptureConfig) -> X11Source:
    """Open the X11 capture; see `X11Source`."""
    return X11Source(config)


def list_x11_monitors(display: str | None) -> tuple[Monitor, ...]:
    """Return the monitors of an X display by number.

    Raises:
        BackendUnavailableError: See `X11Screen`.
    """
    screen = X11Screen(display)
    try:
        return screen.desktop().monitors
    finally:
        screen.close()


def _rows_of(rect: Rect) -> Rows:
    return Rows(rect.y, rect.y + rect.height)


def _covers(band: Rect, rect: Rect, area: Rect) -> bool:
    """Return whether all of `rect` that lies in `area` lies in `band`."""
    visible = rect.intersection(area)
    return visible is None or visible.intersection(band) == visible
