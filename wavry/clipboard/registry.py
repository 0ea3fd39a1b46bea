"""Which clipboards there are, in order of preference, and how to open one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wavry.backends import Candidate, Opened, open_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.clipboard.board import ClipboardBoard

X11 = Candidate(name="x11", target="wavry.clipboard.x11:open_x11_clipboard", platforms=("linux",))
"""Texts of any size, on a host as on a client."""

CANDIDATES = (X11,)
"""For programs without a window. Elsewhere than on X11 a program hears of a clipboard's changes only through a window
of its own, or has to look again and again."""


def open_clipboard(
    candidates: Sequence[Candidate] = CANDIDATES, *, open_candidate: Callable[[Candidate], ClipboardBoard] | None = None
) -> Opened[ClipboardBoard]:
    """Open the first clipboard that works. Blocks for as long as a display takes to answer.

    Args:
        candidates: In order of preference.
        open_candidate: Opens one, where that takes more than calling its target.

    Raises:
        NoBackendError: There is none that can be used; its refusals say why.
    """
    return open_first("clipboard", candidates, open_candidate or _open)


def _open(candidate: Candidate) -> ClipboardBoard:
    return cast("ClipboardBoard", candidate.load()())
