"""What a back end is: the clipboard itself, on one kind of screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.memory import Holder

MAX_TEXT_BYTES = 1024 * 1024
"""UTF-8 of a text; longer ones are left where they are."""


class BoardListener(Protocol):
    """Hears of a clipboard."""

    def __call__(self, text: bytes | None, *, is_change: bool) -> None:
        """Take what is on the clipboard now. On the back end's thread; must not block.

        Args:
            text: UTF-8, valid; None when there is no text, or none that can be had.
            is_change: Whether somebody has just put it there, or it was there when listening began.
        """


class ClipboardBoard(Protocol):
    """A clipboard. What `put` puts on it is not told to the listener."""

    name: str

    @property
    def run(self) -> Callable[[], None] | None:
        """Works until `stop`, for a thread of its own; None where the back end has a thread already.

        It raises `BackendUnavailableError` when the clipboard is gone.
        """

    def stop(self) -> None:
        """Make `run` return, and tell nothing more. Any thread."""

    def close(self) -> None:
        """Free everything; for one that does not run, or does so no more. Idempotent."""

    def put(self, text: bytes) -> None:
        """Put a text on the clipboard soon; of several the newest counts. Any thread, never blocks.

        Once this returns, the listener is told nothing of what was there before.

        Args:
            text: UTF-8, at most `MAX_TEXT_BYTES`.
        """

    def listen(self, listener: BoardListener | None) -> None:
        """Tell somebody what is on the clipboard, now and at each change, or nobody any more. Any thread."""

    def holders(self) -> dict[str, Holder]:
        """Return what holds bytes, by its name in the budget."""
