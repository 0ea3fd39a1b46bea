"""Text of a peer, made fit for a log, a terminal or a window's title."""

from __future__ import annotations


def printable(text: str, limit: int = 120) -> str:
    """Return `text` without control characters, cut to `limit` characters.

    A peer's name must not move the cursor, start a new line in a log, or fill it.
    """
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
