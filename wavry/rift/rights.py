"""What a client may be allowed to do."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """One thing that a host grants or does not; the values stand on the wire and in command lines."""

    VIEW = "view"
    """See the screen."""

    AUDIO = "audio"
    """Hear what it plays."""

    POINTER = "pointer"
    """Move the pointer, press its buttons, turn its wheel."""

    KEYS = "keys"
    """Type."""

    PADS = "pads"
    """Plug in game pads."""

    CLIPBOARD = "clipboard"
    """Exchange clipboards, in the directions that both sides opted in to."""


ALL_RIGHTS = frozenset(Right)
