"""An X server as hands see it: its keyboard, and events that it takes for real ones (XTEST).

The only module of input that knows xcffib: what is read comes back as plain values, and X errors leave as wavry's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import xcffib
import xcffib.xkb
import xcffib.xproto
import xcffib.xtest
from xcffib.ffi import ffi

from wavry.errors import BackendUnavailableError, InputLostError
from wavry.input.x11_layout import KeyboardLayout, KeySymbols, KeyType
from wavry.xcb import connect

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

NAME = "x11"

_CORE_KEYBOARD = 0x100
_NEW_KEYBOARD, _MAP = 1, 2
"""Bits of XKB's events that say that the layout is another one."""
_MAP_NOTIFY = 1
_ALL_MAP_PARTS = 0xFF
_TYPES_SYMBOLS_MODIFIERS = 7
"""What of a map is read here. That a key no longer repeats is told as a new map, too, and is our own doing."""
_TYPES_AND_SYMBOLS = 3
_KEY_NAMES = 1 << 9
_KEY_PRESS, _KEY_RELEASE, _BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = 2, 3, 4, 5, 6
_REPEAT_OF_KEY = 1 << 6 | 1 << 7
"""ChangeKeyboardControl: a key, and whether it repeats."""


class KeyboardState(NamedTuple):
    """What is in effect now, whoever holds it."""

    modifiers: int
    locked: int
    group: int


class X11Server:
    """A connection to one X server. One thread at a time.

    Requests are buffered until `flush` or the next question.

    Args:
        display: Such as `:1`; None for the DISPLAY variable.

    Raises:
        BackendUnavailableError: There is no display, or one without XTEST or XKB.
    """

    def __init__(self, display: str | None) -> None:
        display = display or os.environ.get("DISPLAY")
        if not display:
            raise BackendUnavailableError(NAME, "DISPLAY is not set")
        try:
            self._connection: Any = connect(display)
        except xcffib.XcffibException as error:
            raise BackendUnavailableError(NAME, f"cannot connect to X display {display}") from error
        try:
            self._set_up()
        except xcffib.XcffibException as error:
            self.close()
            raise BackendUnavailableError(NAME, f"X display {display}: {_describe(error)}") from error
        except BackendUnavailableError:
            self.close()
            raise

    def _set_up(self) -> None:
        connection = self._connection
        setup = connection.get_setup()
        self._root: int = setup.roots[connection.pref_screen].root
        self._first, self._last = setup.min_keycode, setup.max_keycode
        self._test = self._open_extension(xcffib.xtest.key)
        self._test.GetVersion(2, 2).reply()
        self._xkb = self._open_extension(xcffib.xkb.key)
        if not self._xkb.UseExtension(1, 0).reply().supported:
            raise BackendUnavailableError(NAME, "the X server speaks another version of XKB")
        news = _NEW_KEYBOARD | _MAP
        self._xkb.SelectEvents(_CORE_KEYBOARD, news, 0, news, _ALL_MAP_PARTS, _TYPES_SYMBOLS_MODIFIERS, [])

    def _open_extension(self, key: Any) -> Any:
        reply = self._connection.core.QueryExtension(len(key.name), key.name).reply()
        if not reply.present:
            raise BackendUnavailableError(NAME, f"the X server has no {key.name} extension")
        return self._connection(key)

    # Asking.

    def read_layout(self) -> KeyboardLayout:
        """Ask for the keyboard as it is now. Four round trips, 5 ms.

        Raises:
            InputLostError: The server is gone.
        """
        try:
            found = self._xkb.GetMap(_CORE_KEYBOARD, _TYPES_AND_SYMBOLS, *[0] * 16).reply()
            names = self._xkb.GetNames(_CORE_KEYBOARD, _KEY_NAMES).reply()
            modifiers = self._connection.core.GetModifierMapping().reply()
            control = self._connection.core.GetKeyboardControl().reply()
        except xcffib.XcffibException as error:
            raise InputLostError(NAME, _describe(error)) from error
        width = modifiers.keycodes_per_modifier
        codes = list(modifiers.keycodes)
        return KeyboardLayout(
            found.firstKeySym,
            [_key_symbols(each) for each in found.syms_rtrn],
            [_key_type(each) for each in found.types_rtrn],
            {_name(each): names.firstKey + index for index, each in enumerate(names.keyNames)},
            [[code for code in codes[at : at + width] if code] for at in range(0, len(codes), width)],
            frozenset(code for code in range(256) if control.auto_repeats[code >> 3] >> (code & 7) & 1),
        )

    def state(self) -> KeyboardState:
        """Ask which modifiers and which group are in effect. A round trip.

        Raises:
            InputLostError: The server is gone.
        """
        try:
            reply = self._xkb.GetState(_CORE_KEYBOARD).reply()
        except xcffib.XcffibException as error:
            raise InputLostError(NAME, _describe(error)) from error
        return KeyboardState(reply.mods, reply.lockedMods, reply.group)

    def has_new_layout(self, own: Collection[int]) -> bool:
        """Whether somebody has changed the layout since this was last asked. Never blocks.

        Args:
            own: Keycodes that are changed from here, which is no news.

        Raises:
            InputLostError: The server is gone.
        """
        is_new = False
        while True:
            try:
                event = self._connection.poll_for_event()
            except xcffib.Error:
                continue  # of a request whose refusal does no harm, such as a motion off the screen
            except xcffib.XcffibException as error:
                raise InputLostError(NAME, _describe(error)) from error
            if event is None:
                return is_new
            # All of XKB's events have one number; the second byte tells them apart, and xcffib does not look at it.
            data = bytes(ffi.buffer(event.unpacker.cdata, 32))
            is_own = data[1] == _MAP_NOTIFY and data[17] == 1 and data[16] in own
            is_new |= not is_own

    # Doing.

    def key(self, keycode: int, is_down: bool) -> None:
        """Press or release a key."""
        self._fake(_KEY_PRESS if is_down else _KEY_RELEASE, keycode)

    def button(self, button: int, is_down: bool) -> None:
        """Press or release a button, by X's number."""
        self._fake(_BUTTON_PRESS if is_down else _BUTTON_RELEASE, button)

    def move(self, x: int, y: int, *, is_relative: bool) -> None:
        """Move the pointer to a pixel of the desktop, or by so many counts; 16 bits and signed."""
        self._fake(_MOTION, int(is_relative), x, y)

    def _fake(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        self._send(lambda: self._test.FakeInput(kind, detail, 0, self._root, x, y, 0))

    def set_repeats(self, keycode: int, repeats: bool) -> None:
        """Say whether the server repeats a key while it is down."""
        self._send(lambda: self._connection.core.ChangeKeyboardControl(_REPEAT_OF_KEY, [keycode, int(repeats)]))

    def bind(self, keycode: int, keysyms: Sequence[int]) -> None:
        """Give a key other symbols, one for each level of its only group."""
        self._send(lambda: self._connection.core.ChangeKeyboardMapping(1, keycode, len(keysyms), list(keysyms)))

    def lock_modifiers(self, mask: int, is_locked: bool) -> None:
        """Lock or unlock modifiers, without a key."""
        locked = mask if is_locked else 0
        self._send(lambda: self._xkb.LatchLockState(_CORE_KEYBOARD, mask, locked, 0, 0, 0, 0, 0))

    def _send(self, request: Any) -> None:
        try:
            request()
        except xcffib.XcffibException as error:
            raise InputLostError(NAME, _describe(error)) from error

    def flush(self) -> None:
        """Send what was asked for.

        Raises:
            InputLostError: The server is gone.
        """
        self._send(self._connection.flush)

    def wait_until_done(self) -> None:
        """Wait until the server has done all of it. A round trip.

        Raises:
            InputLostError: The server is gone.
        """
        self._send(lambda: self._connection.core.GetInputFocus().reply())

    def close(self) -> None:
        """Disconnect. Idempotent."""
        self._connection.disconnect()


def _key_symbols(found: Any) -> KeySymbols:
    return KeySymbols(
        found.groupInfo & 0xF, found.groupInfo, tuple(found.kt_index), found.width, tuple(found.syms) or (0,)
    )


def _key_type(found: Any) -> KeyType:
    return KeyType(found.mods_mask, {entry.mods_mask: entry.level for entry in found.map if entry.active})


def _name(found: Any) -> str:
    return str(found.name).rstrip("\0")


def _describe(error: Exception) -> str:
    if isinstance(error, xcffib.ConnectionException):
        return "the X server closed the connection"
    return f"{type(error).__name__} {error}".strip()
