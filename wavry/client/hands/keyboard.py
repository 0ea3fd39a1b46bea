"""Keys of the window: what SDL says of them, as HID usages and the text that the person's layout makes of them.

SDL's scancodes of 4 to 231 are the usages of the keyboard page. The text of a key comes as an event of its own, right
behind that of the key, so it is looked for there. A key that should give text and gives none is part of something
larger (a dead key, an input method): the host gets what comes of it, and not the key. Text that comes without its key
is typed: from an input method, or from programs that bind spare keycodes for the characters they want.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from wavry.client.hands.deeds import KeyPressed, KeyReleased, TextEntered
from wavry.client.window.sdl import sdl2

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.hands.deeds import Deed

_FIRST_USAGE, _LAST_USAGE = 4, 0xE7
_MAX_KEY_TEXT = 8

_LETTERS_AND_DIGITS = range(4, 0x28)
_SPACE_TO_SLASH = range(0x2C, 0x39)
_MORE_TYPING = (0x64, *range(0x87, 0x8C))
"""The 102nd key, and those of Japanese and Brazilian keyboards."""

TYPING_USAGES = frozenset((*_LETTERS_AND_DIGITS, *_SPACE_TO_SLASH, *_MORE_TYPING))
"""Keys that give text on every layout, if neither a dead key nor an input method takes them."""

_KEYPAD_USAGES = frozenset((*range(0x54, 0x64), 0x67, 0x85, 0x86))
"""Give text with Num Lock only, and not all of them."""

_IS_SPECIAL = sdl2.SDLK_SCANCODE_MASK

_COMMANDS = {
    "win32": sdl2.KMOD_LALT | sdl2.KMOD_RCTRL | sdl2.KMOD_GUI,  # right Alt is AltGr, and comes with a left Ctrl
    "darwin": sdl2.KMOD_CTRL | sdl2.KMOD_GUI,  # Option makes characters
}.get(sys.platform, sdl2.KMOD_CTRL | sdl2.KMOD_LALT | sdl2.KMOD_GUI)
"""Modifiers with which a key is a command and not text."""


class Keyboard:
    """Turns events of keys and text into deeds. On the window's thread.

    Args:
        post: Gets the deeds.
        take_text: Takes the text out of SDL's queue that is the next event of the keyboard there; "" where it is none.
    """

    def __init__(self, post: Callable[[Deed], None], take_text: Callable[[], str]) -> None:
        self._post = post
        self._take_text = take_text
        self.gives_text = True
        """Whether SDL makes text of keys now."""

    def handle(self, event: Any) -> bool:
        """Take an event if it is of the keyboard; say whether it was."""
        kind = event.type
        if kind == sdl2.SDL_KEYDOWN:
            self._press(event.key.keysym)
        elif kind == sdl2.SDL_KEYUP:
            usage = event.key.keysym.scancode
            if _FIRST_USAGE <= usage <= _LAST_USAGE:
                self._post(KeyReleased(usage))
        elif kind == sdl2.SDL_TEXTINPUT:
            self._enter(text_of(event))
        else:
            return False
        return True

    def _press(self, keysym: Any) -> None:
        usage, is_command = keysym.scancode, bool(keysym.mod & _COMMANDS)
        text = self._take_text() if self.gives_text and _may_type(keysym) else ""
        if is_command:
            text = ""
        if not _FIRST_USAGE <= usage <= _LAST_USAGE or len(text) > _MAX_KEY_TEXT:
            self._enter(text)
        elif text or is_command or not self.gives_text or usage not in TYPING_USAGES:
            self._post(KeyPressed(usage, text))

    def _enter(self, text: str) -> None:
        if text:
            self._post(TextEntered(text))


def _may_type(keysym: Any) -> bool:
    """Whether the text behind a key may be that key's own; behind a modifier it is not."""
    if keysym.sym & _IS_SPECIAL:
        return keysym.scancode in _KEYPAD_USAGES
    return bool(keysym.sym >= ord(" ") and keysym.sym != sdl2.SDLK_DELETE)


def text_of(event: Any) -> str:
    """Return the text of an SDL_TEXTINPUT event."""
    return str(event.text.text.decode("utf-8", errors="replace"))


def take_text() -> str:
    """Take the text out of SDL's queue that is the next event of the keyboard there; "" where it is none."""
    event = sdl2.SDL_Event()
    if _peep(event, sdl2.SDL_PEEKEVENT) == 0:
        sdl2.SDL_PumpEvents()  # Windows brings the text as a message of its own
        if _peep(event, sdl2.SDL_PEEKEVENT) == 0:
            return ""
    if event.type != sdl2.SDL_TEXTINPUT:
        return ""
    _peep(event, sdl2.SDL_GETEVENT)
    return text_of(event)


def _peep(event: Any, action: int) -> int:
    """Look at, or take, the next event of the keyboard."""
    return int(sdl2.SDL_PeepEvents(ctypes.byref(event), 1, action, sdl2.SDL_KEYDOWN, sdl2.SDL_TEXTINPUT))
