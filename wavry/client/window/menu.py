"""The menu: all hot-keys with what they do, and the host's monitors, to choose from with keys or mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wavry.client.window.hotkeys import HotKeys, KeyGrip
from wavry.client.window.part import WindowPart
from wavry.client.window.plate import ACCENT, BACKGROUND, FAINT, TEXT, Plate, dim
from wavry.client.window.sdl import sdl2
from wavry.client.window.text import Colour, Sheet, font
from wavry.media import Rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.monitors import HostMonitors, MonitorLayout
    from wavry.client.window.window import Window

_WIDTH = 480
_PADDING = 20
_LINE = 26
_KEYS_COLUMN = 150
_SELECTED = Colour(46, 84, 130)
_DIMMED = 90
_MOST_LINES = 35
"""Of keys and monitors: the sheet is bounded."""

_CHOOSING_KEYS = frozenset({sdl2.SDLK_RETURN, sdl2.SDLK_KP_ENTER, sdl2.SDLK_SPACE})
_MOUSE_EVENTS = frozenset({sdl2.SDL_MOUSEMOTION, sdl2.SDL_MOUSEBUTTONDOWN, sdl2.SDL_MOUSEWHEEL})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    keys: str
    text: str
    choose: Callable[[], None] | None
    """None: a heading or an empty line, which can't be chosen."""

    mark: str = ""
    """Stands at the end of the line; of a heading, how it looks."""


_EMPTY = Entry("", "", None)
_FAINT = "faint"


class Menu(WindowPart):
    """A list over the picture. While it is open it takes keys and mouse. On the window's thread.

    Args:
        hotkeys: What it lists.
        monitors: What the host has, and what is to be done when another one is chosen.
    """

    layer = 1

    def __init__(self, hotkeys: HotKeys, monitors: HostMonitors) -> None:
        self._hotkeys = hotkeys
        self._monitors = monitors
        self._window: Window | None = None
        self._entries: list[Entry] = []
        self._selected = 0
        self._is_open = False
        self._drawn: tuple[object, ...] = ()
        self._grip = KeyGrip()
        self._held_buttons: set[int] = set()
        self.plate = Plate()

    @property
    def is_open(self) -> bool:
        """Whether it takes keys and mouse now."""
        return self._is_open

    def opened(self, window: Window) -> None:
        """Keep the window."""
        self._window = window

    def toggle(self) -> None:
        """Open it, or close it."""
        self._is_open = not self._is_open
        if self._window is not None:
            self._window.needs_arrow = self._is_open
        if self._is_open:
            self._select(next(i for i, entry in enumerate(self.entries()) if entry.choose is not None))
        else:
            self.plate.put(None)
            self._drawn = ()
        self._redraw()

    def entries(self) -> list[Entry]:
        """Return its lines as they are now."""
        layout = self._monitors.layout  # once: the loop may replace it
        entries = [Entry("", "Keys of this window", None)]
        entries += [Entry(hotkey.keys, hotkey.text, hotkey.action) for hotkey in self._hotkeys.table]
        if layout.monitors:
            entries += [_EMPTY, Entry("", "Monitors of the host", None)]
            entries += [self._monitor(layout, number) for number in range(len(layout.monitors))]
        return [
            *entries[:_MOST_LINES],
            _EMPTY,
            Entry("", "Arrows and Return or the mouse choose, Escape closes", None, _FAINT),
        ]

    def _monitor(self, layout: MonitorLayout, number: int) -> Entry:
        name, width, height = layout.monitors[number]
        mark = "✓" if number == layout.captured else ""
        return Entry(str(number), f"{name}, {width}x{height}", lambda: self._monitors.choose(number), mark)

    # What the person does.

    def handle(self, event: Any) -> bool:
        """Take what is meant for the menu: everything of hands while it is open, and what belongs to that later."""
        if self._grip.follows(event) or self._is_release(event):
            return True
        if not self._is_open:
            return False
        if event.type == sdl2.SDL_KEYDOWN:
            self._grip.take(event)
            self._key(event.key.keysym.sym)
            return True
        if event.type in _MOUSE_EVENTS:
            self._mouse(event)
            return True
        return event.type in (sdl2.SDL_TEXTINPUT, sdl2.SDL_TEXTEDITING)

    def _is_release(self, event: Any) -> bool:
        if event.type != sdl2.SDL_MOUSEBUTTONUP or event.button.button not in self._held_buttons:
            return False
        self._held_buttons.discard(event.button.button)
        return True

    def _key(self, key: int) -> None:
        if key == sdl2.SDLK_ESCAPE:
            self.toggle()
        elif key in (sdl2.SDLK_UP, sdl2.SDLK_DOWN):
            self._move(-1 if key == sdl2.SDLK_UP else 1)
        elif key in _CHOOSING_KEYS:
            self._choose(self._selected)
        else:
            digits = [index for index, entry in enumerate(self.entries()) if entry.keys == _digit(key)]
            if digits:
                self._choose(digits[0])

    def _mouse(self, event: Any) -> None:
        if event.type == sdl2.SDL_MOUSEMOTION:
            line = self._line_at(event.motion.x, event.motion.y)
            if line is not None:
                self._select(line)
        elif event.type == sdl2.SDL_MOUSEBUTTONDOWN:
            self._held_buttons.add(event.button.button)
            line = self._line_at(event.button.x, event.button.y)
            if line is not None:
                self._choose(line)
            elif not _holds(self._place(), event.button.x, event.button.y):
                self.toggle()

    def _choose(self, line: int) -> None:
        """Close the menu and do what the line says."""
        entries = self.entries()
        chosen = entries[line].choose if line < len(entries) else None
        if chosen is not None:
            if self._is_open:
                self.toggle()
            if chosen != self.toggle:  # the menu's own line has been done by that
                chosen()

    def _move(self, step: int) -> None:
        entries = self.entries()
        line = self._selected
        for _ in entries:
            line = (line + step) % len(entries)
            if entries[line].choose is not None:
                self._select(line)
                return

    def _select(self, line: int) -> None:
        if line != self._selected:
            self._selected = line
            self._redraw()

    def _redraw(self) -> None:
        if self._window is not None:
            self._window.redraw()

    # Where and how it is drawn.

    def _place(self) -> Rect:
        if self._window is None:
            return Rect(0, 0, 0, 0)
        room, size = self._window.size, self.plate.size
        return Rect(max(0, (room.width - size.width) // 2), max(0, (room.height - size.height) // 2), *size)

    def _line_at(self, x: int, y: int) -> int | None:
        place = self._place()
        line = (y - place.y - _PADDING) // _LINE
        entries = self.entries()
        is_one = _holds(place, x, y) and 0 <= line < len(entries) and entries[line].choose is not None
        return line if is_one else None

    def draw(self) -> None:
        """Draw it in the middle, the picture a little darker."""
        window = self._window
        if not self._is_open or window is None or window.renderer is None:
            return
        entries = self.entries()
        looks = (self._selected, *((entry.keys, entry.text, entry.mark) for entry in entries))
        if looks != self._drawn:
            self._drawn = looks
            self.plate.put(draw_entries(entries, self._selected))
        dim(window.renderer, Rect(0, 0, *window.size), _DIMMED)
        place = self._place()
        self.plate.draw(window.renderer, place.x, place.y)

    def closed(self) -> None:
        """Let go of what SDL made."""
        self.plate.put(None)


def draw_entries(entries: list[Entry], selected: int) -> Sheet:
    """Return the menu as pixels."""
    face = font("small")
    sheet = Sheet(_WIDTH, _LINE * len(entries) + 2 * _PADDING, BACKGROUND)
    inset = (_LINE - face.line_height) // 2
    for number, entry in enumerate(entries):
        y = _PADDING + number * _LINE
        is_selected = number == selected and entry.choose is not None
        behind = _SELECTED if is_selected else None
        if is_selected:
            sheet.fill(_PADDING // 2, y, _WIDTH - _PADDING, _LINE, _SELECTED)
        if entry.choose is None:
            sheet.write(_PADDING, y + inset, entry.text, face, FAINT if entry.mark == _FAINT else ACCENT)
            continue
        sheet.write(_PADDING, y + inset, entry.keys, face, TEXT if is_selected else FAINT, on=behind)
        text = face.fit(entry.text, _WIDTH - _KEYS_COLUMN - 3 * _PADDING)
        sheet.write(_KEYS_COLUMN, y + inset, text, face, TEXT, on=behind)
        sheet.write(_WIDTH - _PADDING - face.width(entry.mark), y + inset, entry.mark, face, ACCENT, on=behind)
    return sheet


def _digit(key: int) -> str:
    """Return the digit of a key; "" for the others."""
    if sdl2.SDLK_0 <= key <= sdl2.SDLK_9:
        return str(key - sdl2.SDLK_0)
    if sdl2.SDLK_KP_1 <= key <= sdl2.SDLK_KP_9:
        return str(key - sdl2.SDLK_KP_1 + 1)
    return ""


def _holds(place: Rect, x: int, y: int) -> bool:
    return place.x <= x < place.x + place.width and place.y <= y < place.y + place.height
