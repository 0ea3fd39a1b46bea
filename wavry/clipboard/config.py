"""Which way clipboards go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipboardDirections:
    """What one side opts in to. Text goes one way where its sender sends and its receiver receives."""

    send: bool = False
    """Tell the other side what is on this side's clipboard."""

    receive: bool = False
    """Put on this side's clipboard what the other side tells."""

    def __bool__(self) -> bool:
        return self.send or self.receive


OFF = ClipboardDirections()

MODES = {
    "off": OFF,
    "send": ClipboardDirections(send=True),
    "receive": ClipboardDirections(receive=True),
    "both": ClipboardDirections(send=True, receive=True),
}
"""What users write."""


def clipboard_directions(text: str) -> ClipboardDirections:
    """Return what a mode means.

    Raises:
        ValueError: There is no such mode.
    """
    try:
        return MODES[text]
    except KeyError:
        raise ValueError(", ".join(MODES)) from None
