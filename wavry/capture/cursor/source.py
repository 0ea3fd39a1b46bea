"""What every source of the pointer can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from wavry.media import CursorImage


class Pointer(NamedTuple):
    """The pointer at one moment."""

    x: int
    y: int
    """In pixels of the whole desktop."""

    warps: int
    """Counts how often it was seen to have moved though no hand moved it: a program did."""

    shape: int
    """Another number means another shape."""


class CursorSource(Protocol):
    """Tells of one screen's pointer.

    Threads: one at a time, except `interrupt`, which may come from any thread, also after `close`.
    """

    name: str
    """`x11`."""

    def look(self, timeout: float) -> Pointer:
        """Return the pointer as soon as it may have changed, or after `timeout` seconds, or on `interrupt`.

        Raises:
            CaptureLostError: The screen is gone. Only `close` makes sense afterwards.
        """

    def image(self) -> CursorImage | None:
        """Return what it looks like now; None where the system does not tell.

        Raises:
            CaptureLostError: The screen is gone.
        """

    def interrupt(self) -> None:
        """Make the call of `look` that waits now, or the next one, return at once."""

    def close(self) -> None:
        """Leave the screen. Idempotent."""
