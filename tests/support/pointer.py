"""The pointer of a test screen: seen with other eyes than wavry's, moved, and given shapes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from Xlib import X, Xcursorfont
from Xlib.display import Display
from Xlib.error import XError
from Xlib.ext import xfixes, xtest

from wavry.media import CursorImage

if TYPE_CHECKING:
    from types import TracebackType

TEXT, LINK, EDGE, ARROW = Xcursorfont.xterm, Xcursorfont.hand2, Xcursorfont.right_side, Xcursorfont.left_ptr
"""What a text field, a link and the edge of a window show."""


class ScreenPointer:
    """One connection of python-xlib to a display. What it did is done when a method returns."""

    def __init__(self, display: str) -> None:
        self.display = Display(display)
        self.display.xfixes_query_version()
        self.root = self.display.screen().root
        self._font = self.display.open_font("cursor")

    def image(self) -> CursorImage | None:
        """What the server says that the pointer looks like; None where it does not say."""
        try:
            seen = self.display.xfixes_get_cursor_image(self.root)
        except XError:
            return None
        pixels = struct.pack(f"<{len(seen.cursor_image)}I", *seen.cursor_image)
        return CursorImage(seen.width, seen.height, seen.xhot, seen.yhot, pixels)

    def place(self) -> tuple[int, int]:
        found = self.root.query_pointer()
        return found.root_x, found.root_y

    def watch(self) -> None:
        """Have `wait_for_change` know of all changes from now on."""
        self.display.xfixes_select_cursor_input(self.root, xfixes.XFixesDisplayCursorNotifyMask)
        self.display.sync()

    def wait_for_change(self) -> None:
        """Wait until the pointer looks otherwise than at the last call, or at `watch`."""
        while self.display.next_event().type != self.display.extension_event.DisplayCursorNotify[0]:
            pass

    def pixels(self, x: int, y: int, width: int, height: int) -> bytes:
        """Return a part of the screen, BGRX; the pointer is not in it."""
        return bytes(self.root.get_image(x, y, width, height, X.ZPixmap, 0xFFFFFFFF).data)

    def show(self, glyph: int, colour: int = 0) -> None:
        """Give the root window a cursor of the cursor font: a colour's low byte thrice, and white around it."""
        ink = (colour * 257,) * 3
        self._define(self._font.create_glyph_cursor(self._font, glyph, glyph + 1, ink, (65_535,) * 3))

    def hide(self) -> None:
        """Give the root window a cursor without a pixel, as programs do that hide it."""
        dot = self.root.create_pixmap(1, 1, 1)
        pencil = dot.create_gc(foreground=0)
        dot.fill_rectangle(pencil, 0, 0, 1, 1)
        self._define(dot.create_cursor(dot, (0, 0, 0), (0, 0, 0), 0, 0))
        pencil.free()
        dot.free()

    def _define(self, cursor: object) -> None:
        self.root.change_attributes(cursor=cursor)
        cursor.free()  # type: ignore[attr-defined] # the window keeps it
        self.display.sync()

    def warp(self, x: int, y: int) -> None:
        """Move it as a program does."""
        self.root.warp_pointer(x, y)
        self.display.sync()

    def move(self, x: int, y: int) -> None:
        """Move it as a hand does."""
        xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
        self.display.sync()

    def close(self) -> None:
        self.display.close()

    def __enter__(self) -> ScreenPointer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
