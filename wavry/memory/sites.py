"""Where buffers were taken and given back, for those who look for a lost one.

Off unless it is asked for, because it costs 8 µs a loan: `WAVRY_DEBUG_POOLS=1`, or Python's development mode
(`python -X dev`).
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_DEPTH = 4
"""Callers named in a site: the one that takes the buffer is often a helper of the one that forgets it."""

_REMEMBERED = 256
"""Loans that are remembered after their end. A second release comes soon after the first."""


def is_wanted() -> bool:
    """Whether this process was started for debugging pools."""
    return sys.flags.dev_mode or os.environ.get("WAVRY_DEBUG_POOLS", "") not in ("", "0")


class LoanSites:
    """Remembers the sites of all present loans and of the latest that ended. Used under the pool's lock."""

    def __init__(self) -> None:
        self._taken: dict[int, str] = {}
        self._ended: OrderedDict[int, tuple[str, str]] = OrderedDict()

    def note_taken(self, frame_id: int) -> None:
        """Remember who takes this buffer now."""
        self._taken[frame_id] = _site()

    def note_released(self, frame_id: int) -> None:
        """Remember who gives it back now."""
        self._ended[frame_id] = self._taken.pop(frame_id, "?"), _site()
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def taken_at(self, frame_id: int) -> str:
        """Return where a buffer was taken that is lent now."""
        return self._taken.get(frame_id, "?")

    def story(self, frame_id: int) -> str:
        """Return where a loan that has ended began and ended; empty when it is not remembered."""
        sites = self._ended.get(frame_id)
        return "" if sites is None else f"taken at {sites[0]}, released at {sites[1]}"


_HERE = os.path.dirname(__file__) + os.sep


def _site() -> str:
    """Return the callers outside of this package, innermost first. Strings, since frames would keep locals alive."""
    names: list[str] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(names) < _DEPTH:
        code = frame.f_code
        if not code.co_filename.startswith(_HERE):
            names.append(f"{os.path.basename(code.co_filename)}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " < ".join(names)
