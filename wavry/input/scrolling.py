"""A wheel that turns in fractions, for systems that know notches."""

from __future__ import annotations

NOTCH = 120
"""Units of one notch, as in HID, Windows and the kernel."""

_FORGET_S = 1.0
"""A rest that waits for so long is not turned on; another turn has begun."""


class Notches:
    """Adds up one axis of a wheel and gives whole notches."""

    def __init__(self) -> None:
        self._rest = 0
        self._at = 0.0

    def add(self, amount: int, *, now: float) -> int:
        """Turn by an amount of either sign; return the notches that this completes. The rest waits a second."""
        if self._rest * amount < 0 or now - self._at > _FORGET_S:
            self._rest = 0
        self._at = now
        total = self._rest + amount
        notches = abs(total) // NOTCH * (1 if total > 0 else -1)
        self._rest = total - notches * NOTCH
        return notches
