"""Hands on Windows and macOS, through the `pynput` package.

Keys are pressed by their place; a press that means text is typed as text, which these systems take without any key. A
press of a key that is down repeats it: neither system repeats keys that programs press.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError, InputLostError
from wavry.input.pynput_keys import MAC, WINDOWS
from wavry.input.scrolling import Notches
from wavry.input.usages import FIRST_MODIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "pynput"

_BUTTON_NAMES = {1: ("left",), 2: ("middle",), 3: ("right",), 4: ("x1", "button8"), 5: ("x2", "button9")}


class PynputInjector:
    """An `Injector` on pynput's controllers.

    Args:
        keyboard: The module `pynput.keyboard`; tests bring their own.
        mouse: The module `pynput.mouse`.
        codes: The system's codes by usage.
    """

    name = NAME

    def __init__(self, keyboard: Any, mouse: Any, codes: Mapping[int, int]) -> None:
        self.notes: list[str] = []
        self._key_of = keyboard.KeyCode.from_vk
        self._keyboard, self._mouse = keyboard.Controller(), mouse.Controller()
        self._codes = codes
        self._button_of = {
            number: found
            for number, names in _BUTTON_NAMES.items()
            if (found := next((getattr(mouse.Button, name) for name in names if hasattr(mouse.Button, name)), None))
        }
        self._keys: dict[int, Any] = {}
        self._buttons: set[int] = set()
        self._horizontal, self._vertical = Notches(), Notches()
        self._closed = False

    def press_key(self, usage: int, text: str) -> None:
        """Type what the key is to give; press it where that is nothing."""
        code = self._codes.get(usage)
        if (text.isprintable() and text) or code is None:
            self.type_text(text)
            return
        key = self._keys.setdefault(usage, self._key_of(code))
        with _losses():
            self._keyboard.press(key)

    def release_key(self, usage: int) -> None:
        """Release a key that is down."""
        key = self._keys.pop(usage, None)
        if key is not None:
            with _losses():
                self._keyboard.release(key)

    def type_text(self, text: str) -> None:
        """Type characters, with no modifier down."""
        held = [key for usage, key in self._keys.items() if usage >= FIRST_MODIFIER]
        with _losses():
            for key in reversed(held):
                self._keyboard.release(key)
            if text:
                self._keyboard.type(text)
            for key in held:
                self._keyboard.press(key)

    def move_to(self, x: int, y: int) -> None:
        """Put the pointer on a pixel of the desktop."""
        with _losses():
            self._mouse.position = (x, y)

    def move_by(self, dx: int, dy: int) -> None:
        """Move the pointer."""
        with _losses():
            self._mouse.move(dx, dy)

    def press_button(self, button: int) -> None:
        """Press a button, if the system has it."""
        if button in self._button_of:
            self._buttons.add(button)
            with _losses():
                self._mouse.press(self._button_of[button])

    def release_button(self, button: int) -> None:
        """Release a button that is down."""
        if button in self._buttons:
            self._buttons.discard(button)
            with _losses():
                self._mouse.release(self._button_of[button])

    def scroll(self, horizontal: int, vertical: int) -> None:
        """Turn the wheel by the whole notches that have come together."""
        now = monotonic()
        notches = self._horizontal.add(horizontal, now=now), self._vertical.add(vertical, now=now)
        if any(notches):
            with _losses():
                self._mouse.scroll(*notches)

    def rest(self) -> None:
        """Do nothing: nothing waits."""

    def release_everything(self) -> None:
        """Let go of all keys and buttons."""
        for usage in reversed(list(self._keys)):
            self.release_key(usage)
        for button in sorted(self._buttons):
            self.release_button(button)

    def close(self) -> None:
        """Let go of everything."""
        if not self._closed:
            self._closed = True
            try:
                self.release_everything()
            except InputLostError:
                pass  # the session of the desktop has ended


@contextmanager
def _losses() -> Iterator[None]:
    """Have what pynput and the system raise leave as wavry's error."""
    try:
        yield
    except Exception as error:  # its own classes differ from system to system
        raise InputLostError(NAME, f"{type(error).__name__} {error}".strip()) from error


def open_pynput(display: str | None) -> PynputInjector:
    """Open the controllers; there is one desktop, so `display` has no meaning.

    Raises:
        BackendUnavailableError: The package is missing, or the system refuses.
    """
    del display
    try:
        from pynput import keyboard, mouse
    except ImportError as error:
        raise BackendUnavailableError(NAME, f"pip install 'wavry[input]' ({error})") from error
    try:
        return PynputInjector(keyboard, mouse, MAC if sys.platform == "darwin" else WINDOWS)
    except Exception as error:
        raise BackendUnavailableError(NAME, str(error)) from error
