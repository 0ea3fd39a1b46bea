"""The PIN that a host shows: six digits, for a minute, for one use, for three tries."""

from __future__ import annotations

import secrets

LIFETIME_S = 60.0
TRIES = 3
_DIGITS = 6


class PinOffer:
    """The one PIN that is open at a time. One owner; `now` is monotonic seconds.

    A try is counted when it begins, so that many at once are no more than three.
    """

    def __init__(self) -> None:
        self._pin: str | None = None
        self._ends_at = 0.0
        self._tries_left = 0

    def open(self, *, now: float) -> str:
        """Make a new PIN, which ends the one before, and return it."""
        self._pin = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
        self._ends_at = now + LIFETIME_S
        self._tries_left = TRIES
        return self._pin

    def close(self) -> None:
        """Take no more tries."""
        self._pin = None

    def is_open(self, *, now: float) -> bool:
        """Whether a try would be taken."""
        return self._pin is not None and now < self._ends_at and self._tries_left > 0

    def take_try(self, *, now: float) -> str | None:
        """Count a try and return the PIN for it; None when there is none to be had."""
        if not self.is_open(now=now):
            return None
        self._tries_left -= 1
        return self._pin

    @property
    def tries_left(self) -> int:
        """How many more tries there are."""
        return self._tries_left if self._pin is not None else 0


def is_pin(text: str) -> bool:
    """Whether a text could be a PIN."""
    return len(text) == _DIGITS and text.isascii() and text.isdigit()
