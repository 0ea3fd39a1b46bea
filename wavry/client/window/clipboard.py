"""The clipboard through SDL, for windows that are not on X11, and the choice between the two.

SDL tells of changes with an event, wherever it runs. On X11 it knows no texts in pieces (INCR), so it loses what is
larger than a request; there a connection of our own does better.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

from wavry.backends import Candidate
from wavry.client.window.part import WindowPart
from wavry.client.window.sdl import sdl2, sdl_error
from wavry.clipboard.board import MAX_TEXT_BYTES
from wavry.clipboard.registry import CANDIDATES, X11, open_clipboard
from wavry.errors import BackendUnavailableError

if TYPE_CHECKING:
    from wavry.backends import Opened
    from wavry.client.window.window import Window
    from wavry.clipboard.board import BoardListener, ClipboardBoard
    from wavry.memory import Holder

logger = logging.getLogger(__name__)

NAME = "sdl"

SDL = Candidate(name=NAME, target="wavry.client.window.clipboard:WindowClipboard")


class WindowClipboard(WindowPart):
    """A `ClipboardBoard` that works on the window's thread, and its holder in the budget."""

    name = NAME
    run = None
    cap_bytes = MAX_TEXT_BYTES
    policy = "the newest text supersedes the one that waits"
    drops = 0

    def __init__(self) -> None:
        self._is_on_x11 = False
        self._wake_event = 0
        self._lock = threading.Lock()
        self._text_to_put: bytes | None = None
        self._listener: BoardListener | None = None
        self._should_look = False
        self.high_water_bytes = 0

    def open_best(self) -> Opened[ClipboardBoard]:
        """Open the clipboard of the screen that the window is on; see `open_clipboard`. Any thread."""
        return open_clipboard((*CANDIDATES, SDL), open_candidate=self._open)

    def _open(self, candidate: Candidate) -> ClipboardBoard:
        if candidate is SDL:
            return self
        if candidate is X11 and not self._is_on_x11:
            raise BackendUnavailableError(candidate.name, "the window is not on X11")
        return cast("ClipboardBoard", candidate.load()())

    # From any thread.

    def put(self, text: bytes) -> None:
        """Put a text on the clipboard soon; see `ClipboardBoard`."""
        with self._lock:
            self._text_to_put = text
            self.high_water_bytes = max(self.high_water_bytes, len(text))
        self._wake()

    def listen(self, listener: BoardListener | None) -> None:
        """Tell somebody what is on the clipboard, or nobody; see `ClipboardBoard`."""
        with self._lock:
            self._listener = listener
            self._should_look = listener is not None
        self._wake()

    def stop(self) -> None:
        """Tell nothing more."""
        self.listen(None)

    def close(self) -> None:
        """Tell nothing more; the window frees what there is."""
        self.listen(None)

    def holders(self) -> dict[str, Holder]:
        """Return itself."""
        return {"clipboard.sdl": self}

    @property
    def used_bytes(self) -> int:
        """The text that waits to be put on the clipboard; what is on it is SDL's, or the system's."""
        text = self._text_to_put
        return len(text) if text is not None else 0

    def _wake(self) -> None:
        event = sdl2.SDL_Event()
        event.type = self._wake_event
        sdl2.SDL_PushEvent(event)  # fails once SDL has stopped, and then nobody needs it

    # On the window's thread.

    def opened(self, window: Window) -> None:
        """Look where the window is."""
        self._is_on_x11 = sdl2.SDL_GetCurrentVideoDriver() == b"x11"
        self._wake_event = sdl2.SDL_RegisterEvents(1)

    def handle(self, event: Any) -> bool:
        """Act on wishes and on changes."""
        if event.type == sdl2.SDL_CLIPBOARDUPDATE:
            self._look(is_change=True)
        elif event.type == self._wake_event:
            self._obey()
            return True
        return False

    def _obey(self) -> None:
        with self._lock:
            text, self._text_to_put = self._text_to_put, None
            should_look, self._should_look = self._should_look, False
        if text is not None and sdl2.SDL_SetClipboardText(text) != 0:
            logger.info("the clipboard did not take a text of %d bytes: %s", len(text), sdl_error())
        elif text is None and should_look:
            self._look(is_change=False)

    def _look(self, *, is_change: bool) -> None:
        with self._lock:
            listener = self._listener if self._text_to_put is None else None
        if listener is not None:
            listener(_get_text(), is_change=is_change)


_sdl_get_clipboard_text = sdl2.dll.dll._dll["SDL_GetClipboardText"]
_sdl_get_clipboard_text.restype = ctypes.c_void_p
"""PySDL2's own copies the text and forgets to free it."""


def _get_text() -> bytes | None:
    """Return the text on the clipboard; None if there is none, or it is too large."""
    if not sdl2.SDL_HasClipboardText():
        return None
    address = _sdl_get_clipboard_text()
    if not address:
        return None
    try:
        text = bytes((ctypes.c_char * (MAX_TEXT_BYTES + 1)).from_address(address).value)  # up to its end, not beyond
    finally:
        sdl2.SDL_free(ctypes.c_void_p(address))
    if len(text) > MAX_TEXT_BYTES:
        logger.info("the clipboard is left alone: it holds more than %d bytes of text", MAX_TEXT_BYTES)
        return None
    if sys.platform == "win32":
        text = text.replace(b"\r\n", b"\n")  # what SDL makes of ours
    return text if text.isascii() else text.decode("utf-8", "replace").encode()
