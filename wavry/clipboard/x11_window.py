"""A window that nobody sees, with which a program owns X selections and asks for those of others.

With `x11.py` beside it the only module here that knows xcffib: atoms, properties, and the few requests that selections
take (ICCCM 2.0, section 2). xcffib packs and unpacks bytes one by one, 20 ms for 64 kB, so properties go past that.
"""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import xcffib
import xcffib.xfixes
import xcffib.xproto

from wavry.errors import BackendUnavailableError
from wavry.xcb import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "x11"

PIECE_BYTES = 60_000
"""Of a property written or read at a time. The smallest limit on requests that a server may have is 65_536."""

NONE = CURRENT_TIME = 0

_CHANGE_PROPERTY, _GET_PROPERTY = 18, 20
_SELECTION_NOTIFY = 31
_REPLACE = 0


class Atoms(NamedTuple):
    """Names that the server knows by numbers. The fields' names are theirs, but for `TEXT_PLAIN`."""

    CLIPBOARD: int
    UTF8_STRING: int
    STRING: int
    TEXT: int
    TEXT_PLAIN: int
    TARGETS: int
    TIMESTAMP: int
    MULTIPLE: int
    ATOM_PAIR: int
    ATOM: int
    INTEGER: int
    INCR: int


_ATOM_NAMES = {"TEXT_PLAIN": "text/plain;charset=utf-8"}


class Property(NamedTuple):
    """A property of a window, or the beginning of it."""

    type: int
    """`NONE` where there is no such property."""

    data: bytes
    bytes_after: int
    """How much of it is not in `data`."""


class HiddenWindow:
    """A connection to an X server and a window on it. One thread at a time.

    Every method may raise `xcffib.XcffibException` when the server is gone; those that wait for an answer also
    `xcffib.Error` when a window is.

    Raises:
        BackendUnavailableError: There is no display, or it does not tell who owns selections.
    """

    def __init__(self, display: str | None = None) -> None:
        display = display or os.environ.get("DISPLAY")
        if not display:
            raise BackendUnavailableError(NAME, "DISPLAY is not set")
        try:
            self._connection = connect(display)
        except xcffib.XcffibException as error:
            raise BackendUnavailableError(NAME, f"cannot connect to X display {display}") from error
        try:
            self._set_up()
        except BackendUnavailableError:
            self.close()
            raise
        except xcffib.XcffibException as error:
            self.close()
            raise BackendUnavailableError(NAME, f"X display {display}: {type(error).__name__}") from error

    def _set_up(self) -> None:
        connection = self._connection
        key = xcffib.xfixes.key
        if not connection.core.QueryExtension(len(key.name), key.name).reply().present:
            raise BackendUnavailableError(NAME, "the X server has no XFIXES extension")
        xfixes = connection(key)
        xfixes.QueryVersion(5, 0).reply()
        self.atoms = Atoms(*self._intern([_ATOM_NAMES.get(name, name) for name in Atoms._fields]))
        screen = connection.get_setup().roots[connection.pref_screen]
        self.id: int = connection.generate_id()
        event_mask = xcffib.xproto.EventMask.PropertyChange
        connection.core.CreateWindow(
            0, self.id, screen.root, -1, -1, 1, 1, 0, xcffib.xproto.WindowClass.InputOnly,
            screen.root_visual, xcffib.xproto.CW.EventMask, [event_mask],
        )  # fmt: skip
        told = xcffib.xfixes.SelectionEventMask
        xfixes.SelectSelectionInput(
            self.id,
            self.atoms.CLIPBOARD,
            told.SetSelectionOwner | told.SelectionWindowDestroy | told.SelectionClientClose,
        )
        connection.flush()

    def _intern(self, names: Sequence[str]) -> list[int]:
        asked = [self._connection.core.InternAtom(False, len(name), name) for name in names]
        return [cookie.reply().atom for cookie in asked]

    def intern(self, *names: str) -> list[int]:
        """Return the numbers of names."""
        return self._intern(names)

    def fileno(self) -> int:
        """Return the descriptor that is readable when the server has said something."""
        number: int = self._connection.get_file_descriptor()
        return number

    def next_event(self) -> Any:
        """Return what the server has reported, oldest first, or None. Never blocks."""
        while True:
            try:
                return self._connection.poll_for_event()
            except xcffib.Error:
                continue  # a window of somebody else is gone, and with it the one who asked for something

    def flush(self) -> None:
        """Send what was said."""
        self._connection.flush()

    # Selections.

    def own_clipboard(self) -> bool:
        """Become the owner of the clipboard; return whether that came about."""
        self._connection.core.SetSelectionOwner(self.id, self.atoms.CLIPBOARD, CURRENT_TIME)
        return self.clipboard_owner() == self.id

    def clipboard_owner(self) -> int:
        """Return the window that owns the clipboard, or `NONE`."""
        owner: int = self._connection.core.GetSelectionOwner(self.atoms.CLIPBOARD).reply().owner
        return owner

    def ask_for_clipboard(self, target: int, property_atom: int) -> None:
        """Have its owner put the clipboard's content into a property of this window."""
        self._connection.core.DeleteProperty(self.id, property_atom)
        self._connection.core.ConvertSelection(self.id, self.atoms.CLIPBOARD, target, property_atom, CURRENT_TIME)

    def notify(self, request: Any, property_atom: int) -> None:
        """Answer a SelectionRequest: the content is in this property, or nowhere (`NONE`)."""
        event = struct.pack(
            "=BxxxIIIII8x",
            _SELECTION_NOTIFY,
            request.time,
            request.requestor,
            request.selection,
            request.target,
            property_atom,
        )
        self._connection.core.SendEvent(False, request.requestor, 0, event)

    def watch(self, window: int, is_watched: bool) -> None:
        """Hear of changes of somebody else's properties, and of its end; or not any more."""
        mask = xcffib.xproto.EventMask
        wanted = mask.PropertyChange | mask.StructureNotify if is_watched else 0
        self._connection.core.ChangeWindowAttributes(window, xcffib.xproto.CW.EventMask, [wanted])

    # Properties.

    def set_property(self, window: int, name: int, kind: int, data: bytes) -> None:
        """Write a property of bytes, at most `PIECE_BYTES`."""
        self._change_property(window, name, kind, 8, data)

    def set_numbers(self, window: int, name: int, kind: int, numbers: Sequence[int]) -> None:
        """Write a property of 32-bit numbers."""
        self._change_property(window, name, kind, 32, struct.pack(f"={len(numbers)}I", *numbers))

    def _change_property(self, window: int, name: int, kind: int, bits: int, data: bytes) -> None:
        head = struct.pack("=xB2xIIIB3xI", _REPLACE, window, name, kind, bits, len(data) // (bits // 8))
        self._connection.core.send_request(_CHANGE_PROPERTY, io.BytesIO(head + data))

    def read_property(self, window: int, name: int, *, begin: int = 0, delete: bool = False) -> Property:
        """Return at most `PIECE_BYTES` of a property, of any type.

        Args:
            window: Whose.
            name: Its name.
            begin: Where to begin in bytes, a multiple of 4.
            delete: Delete it, if its end is among what is returned.
        """
        request = struct.pack("=xB2xIIIII", delete, window, name, NONE, begin // 4, PIECE_BYTES // 4)
        reply = self._connection.core.send_request(
            _GET_PROPERTY, io.BytesIO(request), _PropertyCookie, is_checked=True
        ).reply()
        return Property(reply.type, reply.data, reply.bytes_after)

    def delete_property(self, name: int) -> None:
        """Delete a property of this window: its writer may go on."""
        self._connection.core.DeleteProperty(self.id, name)

    def close(self) -> None:
        """Disconnect. Idempotent."""
        self._connection.disconnect()


class _PropertyReply(xcffib.Reply):
    """GetProperty's reply with its bytes in one piece."""

    xge = False

    def __init__(self, unpacker: Any) -> None:
        super().__init__(unpacker)  # type: ignore[no-untyped-call]
        bits, self.type, self.bytes_after, count = unpacker.unpack("=xB2x4xIII12x")
        (self.data,) = unpacker.unpack(f"={count * (bits // 8)}s")


class _PropertyCookie(xcffib.Cookie):
    reply_type = _PropertyReply  # type: ignore[assignment] # xcffib says None
