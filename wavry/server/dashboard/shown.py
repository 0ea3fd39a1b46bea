"""What a dashboard asks of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection


class Events(Protocol):
    """A bounded log of what happened."""

    @property
    def newest_number(self) -> int:
        """Of the last event; 0 before the first."""

    def since(self, number: int = 0) -> list[dict[str, object]]:
        """Return the events after one, ready for JSON, oldest first."""


class Shown(Protocol):
    """A host, as the page shows it. On the loop."""

    @property
    def events(self) -> Events:
        """What happened lately."""

    def now(self) -> dict[str, object]:
        """Return what the host knows of itself now, ready for JSON."""

    def disconnect(self, session_id: int) -> bool:
        """Send a client away; False if there is none of that number."""

    def columns(self, since_s: float, names: Collection[str] | None = None) -> dict[str, object]:
        """Return samples of the last seconds, ready for JSON. From any thread."""
