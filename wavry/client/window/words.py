"""Words in the window: what is the matter while there is no picture, and short hints over the picture.

From the first moment on, before there is any picture. Where there is one already it is dimmed, so that nobody takes it
for the present.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from wavry.client.window.part import WindowPart
from wavry.client.window.plate import BACKGROUND, FAINT, MARGIN, TEXT, Plate, dim
from wavry.client.window.sdl import sdl2
from wavry.client.window.text import Font, Sheet, font
from wavry.media import Rect

if TYPE_CHECKING:
    from wavry.client.notice import Notice
    from wavry.client.window.window import Window

HINT_S = 4.0
"""How long a hint is shown."""

LAST_WORDS_S = 8.0
"""How long the reason of the end is shown, unless a key or a click says that it was read."""

_WIDEST = 760
_MOST_LINES = 4
_PADDING = 24
_DIMMED = 150
_CLOSING_EVENTS = frozenset({sdl2.SDL_KEYDOWN, sdl2.SDL_MOUSEBUTTONDOWN})


class Words(WindowPart):
    """What a person should read. On the window's thread, but for `show`, `hint` and `end`.

    Args:
        first: What is said at first.
    """

    def __init__(self, first: Notice) -> None:
        self._window: Window | None = None
        self._notice: Notice | None = first
        self._hint: tuple[str, float] | None = None
        """And until when."""
        self._ends_at: float | None = None
        self._drawn: tuple[object, ...] = ()
        """What the plates show now."""
        self.notice_plate = Plate()
        self.hint_plate = Plate()

    @property
    def notice(self) -> Notice | None:
        """What is said now."""
        return self._notice

    # From any thread.

    def show(self, notice: Notice | None) -> None:
        """Say something, or have done with it."""
        self._notice = notice
        if self._window is not None:
            self._window.set_title(f"{notice.heading} - wavry" if notice is not None else "")
            self._window.redraw_soon()

    def hint(self, text: str) -> None:
        """Say something for a moment."""
        self._hint = text, monotonic() + HINT_S
        if self._window is not None:
            self._window.redraw_soon()

    def end(self, notice: Notice) -> None:
        """Say why it ends, and close the window once that was read or a moment has passed."""
        self._ends_at = monotonic() + LAST_WORDS_S
        self.show(notice)

    # On the window's thread.

    def opened(self, window: Window) -> None:
        """Keep the window."""
        self._window = window

    def handle(self, event: Any) -> bool:
        """Close the window when its last words were read."""
        if self._ends_at is None or event.type not in _CLOSING_EVENTS or self._window is None:
            return False
        self._window.leave()
        return True

    def due_ms(self) -> int | None:
        """Draw again when a hint or the window has had its time."""
        ends = [at for at in (self._ends_at, self._hint and self._hint[1]) if at is not None]
        return max(0, round((min(ends) - monotonic()) * 1000)) if ends else None

    def draw(self) -> None:
        """Draw notice and hint, if there are any."""
        window, now = self._window, monotonic()
        if window is None:
            return
        if self._ends_at is not None and now >= self._ends_at:
            window.leave()
        if self._hint is not None and now >= self._hint[1]:
            self._hint = None
        if window.renderer is None:
            return
        notice, hint = self._notice, self._hint[0] if self._hint is not None else None
        room = window.size
        if (notice, hint, room.width) != self._drawn:
            self._drawn = notice, hint, room.width
            width = max(64, min(_WIDEST, room.width - 2 * MARGIN))
            self.notice_plate.put(None if notice is None else draw_notice(notice, width))
            self.hint_plate.put(None if hint is None else draw_hint(hint, width))
            if notice is None and hint is None:
                font.cache_clear()  # 0.5 MB that a stream may not need again for months
        if notice is not None:
            if window.place is not None:
                dim(window.renderer, Rect(0, 0, *room), _DIMMED)
            size = self.notice_plate.size
            self.notice_plate.draw(window.renderer, (room.width - size.width) // 2, (room.height - size.height) // 2)
        if hint is not None:
            size = self.hint_plate.size
            self.hint_plate.draw(window.renderer, (room.width - size.width) // 2, room.height - size.height - MARGIN)

    def closed(self) -> None:
        """Let go of what SDL made."""
        self.notice_plate.put(None)
        self.hint_plate.put(None)


def wrap(text: str, face: Font, width: int, most_lines: int) -> list[str]:
    """Return a text in lines of at most `width` pixels; what does not fit into so many lines is cut off."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most_lines:
        line = words.pop(0)
        while words and face.width(f"{line} {words[0]}") <= width:
            line += f" {words.pop(0)}"
        lines.append(line)
    if words:
        lines[-1] += f" {' '.join(words)}"
    return [face.fit(line, width) for line in lines]


def draw_notice(notice: Notice, widest: int) -> Sheet:
    """Return a notice as pixels: its heading in large letters, the detail below."""
    large, small = font("large"), font("small")
    room = widest - 2 * _PADDING
    heading = wrap(notice.heading, large, room, 2)
    detail = wrap(notice.detail, small, room, _MOST_LINES)
    lines = [(line, large, TEXT) for line in heading] + [(line, small, FAINT) for line in detail]
    gap = _PADDING // 3 if detail else 0
    height = sum(face.line_height + 3 for _, face, _ in lines) + gap + 2 * _PADDING
    width = max(face.width(line) for line, face, _ in lines) + 2 * _PADDING
    sheet = Sheet(min(widest, width), height, BACKGROUND)
    y = _PADDING
    for number, (line, face, colour) in enumerate(lines):
        if number == len(heading):
            y += gap
        sheet.write((sheet.width - face.width(line)) // 2, y, line, face, colour)
        y += face.line_height + 3
    return sheet


def draw_hint(text: str, widest: int) -> Sheet:
    """Return a hint as pixels: one line."""
    small = font("small")
    line = small.fit(text, widest - 2 * MARGIN)
    sheet = Sheet(small.width(line) + 2 * MARGIN, small.line_height + MARGIN, BACKGROUND)
    sheet.write(MARGIN, MARGIN // 2, line, small, TEXT)
    return sheet
