"""The hot-keys of the window: one table of keys, what they do, and the action behind.

All other keys belong to the host, so this part stands first among the parts of a window: what it takes nobody after it
sees, the release of the key and the text it makes included. The modifiers of a chord are not taken; the host sees Ctrl
and Alt go down and up, which does nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wavry.client.window.part import WindowPart
from wavry.client.window.sdl import sdl2

if TYPE_CHECKING:
    from collections.abc import Callable

_MODIFIERS = {
    "Ctrl": sdl2.KMOD_CTRL,
    "Alt": sdl2.KMOD_ALT,
    "Shift": sdl2.KMOD_SHIFT,
    "Gui": sdl2.KMOD_GUI,
}
_ASCII_END = 0x80


@dataclass(frozen=True, slots=True)
class HotKey:
    """One line of the table."""

    keys: str
    """As a person reads it: `F10`, `Ctrl+Alt+M`."""

    text: str
    """What it does, in a few words."""

    action: Callable[[], None]
    """Called on the window's thread."""

    def matches(self, event: Any) -> bool:
        """Whether an SDL_KEYDOWN is this key with exactly these modifiers."""
        *modifiers, name = self.keys.split("+")
        held = event.key.keysym.mod
        if any(bool(held & mask) != (word in modifiers) for word, mask in _MODIFIERS.items()):
            return False
        if event.key.keysym.sym == sdl2.SDL_GetKeyFromName(name.encode()):
            return True
        # A layout without Latin letters: the place of the key counts.
        is_foreign = _ASCII_END <= event.key.keysym.sym < sdl2.SDLK_SCANCODE_MASK
        return bool(is_foreign and event.key.keysym.scancode == sdl2.SDL_GetScancodeFromName(name.encode()))


class KeyGrip:
    """Remembers which keys were taken, so that their repeats, their releases and their text are taken as well."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._takes_text = False

    def take(self, event: Any) -> None:
        """Take a key that goes down."""
        self._held.add(event.key.keysym.scancode)
        self._takes_text = True

    def follows(self, event: Any) -> bool:
        """Whether an event belongs to a key that was taken."""
        kind = event.type
        if kind == sdl2.SDL_KEYUP:
            is_ours = event.key.keysym.scancode in self._held
            self._held.discard(event.key.keysym.scancode)
            return is_ours
        if kind == sdl2.SDL_KEYDOWN:
            is_ours = bool(event.key.repeat) and event.key.keysym.scancode in self._held
            self._takes_text = is_ours
            return is_ours
        return kind == sdl2.SDL_TEXTINPUT and self._takes_text


class HotKeys(WindowPart):
    """The table, and the part of the window that acts on it. On the window's thread."""

    def __init__(self) -> None:
        self._table: list[HotKey] = []
        self._grip = KeyGrip()

    @property
    def table(self) -> tuple[HotKey, ...]:
        """All hot-keys, in the order of the menu."""
        return tuple(self._table)

    def add(self, keys: str, text: str, action: Callable[[], None]) -> None:
        """Have one more.

        Raises:
            ValueError: The keys are taken already.
        """
        if any(hotkey.keys == keys for hotkey in self._table):
            raise ValueError(f"{keys} is taken")
        self._table.append(HotKey(keys, text, action))

    def handle(self, event: Any) -> bool:
        """Act on a hot-key; see the module."""
        if self._grip.follows(event):
            return True
        if event.type != sdl2.SDL_KEYDOWN or event.key.repeat:
            return False
        for hotkey in self._table:
            if hotkey.matches(event):
                self._grip.take(event)
                hotkey.action()
                return True
        return False
