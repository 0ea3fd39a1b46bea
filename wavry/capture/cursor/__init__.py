"""What the pointer of a screen looks like, and where it is.

    open_cursor ─► CursorSource ─► look ─► Pointer ─► image

It is in no picture that is captured: a client draws it. Importing this package loads no back end.
"""

from wavry.capture.cursor.registry import CURSOR_CANDIDATES, open_cursor
from wavry.capture.cursor.source import CursorSource, Pointer

__all__ = ["CURSOR_CANDIDATES", "CursorSource", "Pointer", "open_cursor"]
