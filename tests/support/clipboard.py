"""Other programs' clipboards: xclip and xsel, texts to put on them, and a count of how often they changed hands."""

from __future__ import annotations

import os
import select
import subprocess
from functools import lru_cache
from random import Random
from time import monotonic
from typing import TYPE_CHECKING

from Xlib.display import Display

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE_S = 30.0
_ATTEMPTS = 6

XCLIP, XSEL = "xclip", "xsel"
_COPY = {XCLIP: ["xclip", "-selection", "clipboard", "-in"], XSEL: ["xsel", "--clipboard", "--input"]}
_PASTE = {XCLIP: ["xclip", "-selection", "clipboard", "-out"], XSEL: ["xsel", "--clipboard", "--output"]}


@lru_cache(maxsize=8)
def text_of(size_bytes: int, *, seed: int = 1) -> bytes:
    """Return UTF-8 of just this size, with characters of one to four bytes, no two texts alike."""
    dice = Random(seed)
    text = "".join(dice.choices("a\nzäßяв€漢😀", k=size_bytes // 2 + 1)).encode()[:size_bytes]
    text = text.decode(errors="ignore").encode()
    return text.ljust(size_bytes, b".")


def copy(display: str, text: bytes, program: str = XCLIP) -> None:
    """Put a text on a display's clipboard, as a program in the background that owns it."""
    subprocess.run(
        _COPY[program],
        input=text,
        env={**os.environ, "DISPLAY": display},
        check=True,
        timeout=PATIENCE_S,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def paste(display: str, program: str = XCLIP) -> bytes:
    """Return the text on a display's clipboard; nothing where there is none."""
    for _ in range(_ATTEMPTS):
        try:
            return subprocess.run(
                _PASTE[program],
                env={**os.environ, "DISPLAY": display},
                check=False,
                timeout=PATIENCE_S / _ATTEMPTS,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ).stdout
        except subprocess.TimeoutExpired:
            continue  # xclip waits for ever for an owner that loses the clipboard just then, and leaves
    raise AssertionError(f"nobody answers for the clipboard of {display}")


class ClipboardWatch:
    """Hears each time when a display's clipboard changes hands."""

    def __init__(self, display: str) -> None:
        self._name = display
        self._display = Display(display)
        self._display.xfixes_query_version()
        window = self._display.screen().root
        self._display.xfixes_select_selection_input(window, self._display.intern_atom("CLIPBOARD"), 1)
        self._display.sync()
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often it did so far."""
        self._display.sync()
        while self._display.pending_events():
            self._display.next_event()
            self._changes += 1
        return self._changes

    def wait_for(self, text: bytes) -> None:
        """Wait until a text is on the clipboard, looking whenever it has changed hands."""
        deadline = monotonic() + PATIENCE_S
        while True:
            seen = self.changes
            found = paste(self._name)
            if found == text:
                return
            while self.changes == seen:
                if not select.select([self._display.fileno()], [], [], max(0.0, deadline - monotonic()))[0]:
                    raise AssertionError(f"{len(text)} bytes never were on the clipboard; but {len(found)} bytes")

    def close(self) -> None:
        """Leave the server."""
        self._display.close()

    def __enter__(self) -> ClipboardWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
