"""One text on its way from the owner of the clipboard, who may answer wrongly, slowly or never."""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING, Any

from wavry.clipboard.board import MAX_TEXT_BYTES
from wavry.clipboard.x11_window import NONE, PIECE_BYTES
from wavry.errors import BackendError

if TYPE_CHECKING:
    from wavry.clipboard.x11_window import HiddenWindow

ANSWER_TIMEOUT_S = 2.0
"""An owner that has not begun to answer after this is given up; most take a millisecond."""

PIECE_TIMEOUT_S = 5.0
"""And one that lets so much time pass between two pieces."""


class ReadingFailedError(BackendError):
    """There is no text to be had; the message says why, without a word of it."""


class Reading:
    """Asks for the clipboard's text. On the clipboard's thread.

    Holds what came of a text that comes in pieces, `MAX_TEXT_BYTES` at most.

    Args:
        window: Asks, and gets the answers.
        property_atom: Where; no other reading of late may have used it, because its owner may still write there.
        is_change: Whether the text is new.
        now: Monotonic seconds.
    """

    def __init__(self, window: HiddenWindow, property_atom: int, *, is_change: bool, now: float) -> None:
        self._window = window
        self.property_atom = property_atom
        self.is_change = is_change
        atoms = window.atoms
        self._targets = [atoms.UTF8_STRING, atoms.STRING, atoms.TEXT]
        """What is asked for, one after the other."""
        self._text = bytearray()
        self._kind = NONE
        self._comes_in_pieces = False
        self.deadline = now
        self._ask(now)

    @property
    def used_bytes(self) -> int:
        """What came of the text."""
        return len(self._text)

    def _ask(self, now: float) -> None:
        self._window.ask_for_clipboard(self._targets[0], self.property_atom)
        self.deadline = now + ANSWER_TIMEOUT_S

    def answered(self, event: Any, *, now: float) -> bytes | None:
        """Take a SelectionNotify; return the text if that is all.

        Raises:
            ReadingFailedError: The owner has no text, or too much.
        """
        if event.target != self._targets[0] or event.property not in (NONE, self.property_atom):
            return None  # an answer to somebody who was given up
        if event.property != NONE:
            text = self._read(now)
            if text is not None or self._comes_in_pieces:
                return text
        del self._targets[0]
        if not self._targets:
            raise ReadingFailedError("there is no text on it")
        self._ask(now)
        return None

    def _read(self, now: float) -> bytes | None:
        """Look at what the owner wrote; None if it is no text, or comes in pieces."""
        window, name, atoms = self._window, self.property_atom, self._window.atoms
        found = window.read_property(window.id, name)
        if found.type == atoms.INCR:
            if int.from_bytes(found.data[:4].ljust(4, b"\0"), sys.byteorder) > MAX_TEXT_BYTES:
                raise ReadingFailedError(_TOO_LONG)
            self._comes_in_pieces = True
            self.deadline = now + PIECE_TIMEOUT_S
            window.delete_property(name)  # the owner may begin
            return None
        if found.type not in (atoms.UTF8_STRING, atoms.STRING):
            window.delete_property(name)
            return None
        self._kind = found.type
        self._add(found.data, found.bytes_after)
        while found.bytes_after:
            found = window.read_property(window.id, name, begin=len(self._text))
            self._add(found.data, found.bytes_after if found.data else 0)
            if not found.data:
                break  # it was replaced meanwhile by something shorter
        window.delete_property(name)
        return self._finish()

    def written(self, *, now: float) -> bytes | None:
        """Note that the property has been written; return the text if that was the end of it.

        Raises:
            ReadingFailedError: There is too much.
        """
        if not self._comes_in_pieces:
            return None  # the announcement; `answered` follows
        window, atoms = self._window, self._window.atoms
        found = window.read_property(window.id, self.property_atom, delete=True)
        if found.type == NONE:
            return None  # told twice
        if found.type not in (atoms.UTF8_STRING, atoms.STRING):
            raise ReadingFailedError("it turned out to be no text")
        self.deadline = now + PIECE_TIMEOUT_S
        size_bytes = len(found.data)
        if not size_bytes:
            return self._finish()
        self._kind = found.type
        self._add(found.data, found.bytes_after)
        while found.bytes_after:
            found = window.read_property(window.id, self.property_atom, begin=size_bytes, delete=True)
            size_bytes += len(found.data)
            self._add(found.data, found.bytes_after)
            if not found.data:
                break
        return None

    def _add(self, data: bytes, bytes_after: int) -> None:
        if len(self._text) + len(data) + bytes_after > MAX_TEXT_BYTES:
            raise ReadingFailedError(_TOO_LONG)
        self._text += data

    def _finish(self) -> bytes:
        """Return the text as UTF-8, whatever its owner made of it."""
        data, self._text = bytes(self._text), bytearray()
        encoding = "latin-1" if self._kind == self._window.atoms.STRING else "utf-8"
        if encoding == "utf-8" and _is_utf8(data):
            return data
        text = data.decode(encoding, "replace").encode()
        if len(text) > MAX_TEXT_BYTES:
            raise ReadingFailedError(_TOO_LONG)
        return text


def _is_utf8(data: bytes) -> bool:
    """Look a piece at a time: all at once would keep other threads from running for some milliseconds."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for begin in range(0, len(data), PIECE_BYTES):
            decoder.decode(data[begin : begin + PIECE_BYTES])
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


_TOO_LONG = f"it holds more than {MAX_TEXT_BYTES} bytes of text"
