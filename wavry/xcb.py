"""Connecting to X servers from any thread.

xcffib keeps the extensions that were imported in one table for all, and each new connection walks it. A thread that
imports an extension meanwhile makes that fail ("dictionary changed size"). Capture, cursor and hands come to life with
the first viewer, on threads of their own, so that does happen; the next try finds the table whole.
"""

from __future__ import annotations

from typing import Any

import xcffib

_TRIES = 20
"""More than there are extensions in use: each failure takes an import."""


def connect(display: str) -> Any:
    """Return a connection to an X display, with the extensions whose modules are imported.

    Raises:
        xcffib.XcffibException: There is no such server, or it refuses.
    """
    for _ in range(_TRIES):
        # Made in two steps, since one that fails half-way has to be closed.
        connection: Any = xcffib.Connection.__new__(xcffib.Connection)
        connection._conn = None
        try:
            connection.__init__(display=display)
        except RuntimeError:
            connection.disconnect()
            continue
        except xcffib.XcffibException:
            connection.disconnect()
            raise
        return connection
    raise xcffib.XcffibException("the table of extensions never came to rest")
