"""Which ways there are to the pointer, in order of preference, and how to open one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wavry.backends import Candidate, Opened, open_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.capture.cursor.source import CursorSource

CURSOR_CANDIDATES = (Candidate(name="x11", target="wavry.capture.cursor.x11:open_x11", platforms=("linux",)),)


def open_cursor(display: str | None, *, candidates: Sequence[Candidate] = CURSOR_CANDIDATES) -> Opened[CursorSource]:
    """Open the pointer of a screen.

    Args:
        display: X display such as `:1`; None for the DISPLAY variable. Ignored where there is no X11.
        candidates: Ways to it in order of preference.

    Returns:
        The source, owned by the caller, and who refused before it.

    Raises:
        NoBackendError: No way to the pointer works; its refusals say why.
    """

    def open_candidate(candidate: Candidate) -> CursorSource:
        return cast("CursorSource", candidate.load()(display))

    return open_first("cursor capture", candidates, open_candidate)
