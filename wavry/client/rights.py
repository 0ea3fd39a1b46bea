"""What the host lets this client do, and what it has refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.observe.logs import printable
from wavry.rift import Denied, Right, RightsGranted
from wavry.session import SessionPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.rift import Message

logger = logging.getLogger(__name__)

_LACKS = {
    Right.POINTER: "the host does not let this client point",
    Right.KEYS: "the host does not let this client type",
    Right.PADS: "the host takes no game pads from this client",
    Right.CLIPBOARD: "the host does not share its clipboard with this client",
}
"""What a person reads of a right that was used and is not there."""


class HostRights(SessionPart):
    """Listens to what the host says of rights; one for the life of a client.

    On the loop; reading works from any thread.
    """

    message_types = (RightsGranted, Denied)

    def __init__(self) -> None:
        self._granted: frozenset[Right] | None = None
        self._denied: frozenset[Right] = frozenset()
        self._listeners: list[Callable[[], None]] = []

    @property
    def granted(self) -> frozenset[Right] | None:
        """What this client may do; None without a session, and before its host has said so."""
        return self._granted

    @property
    def denied(self) -> frozenset[Right]:
        """What it tried in vain since the host last said what it may do."""
        return self._denied

    def may_try(self, right: Right) -> bool:
        """Whether there is sense in sending what needs a right.

        The first of what is not allowed is sent as well, so that both sides hear of it; after that nothing is.
        """
        return self._granted is not None and right not in self._denied

    def listen(self, callback: Callable[[], None]) -> None:
        """Have a function called, on the loop, after every change."""
        self._listeners.append(callback)

    def message_received(self, message: Message, *, now: float) -> None:
        """Take what the host says."""
        if isinstance(message, RightsGranted):
            known = set(Right)
            self._granted = frozenset(Right(each) for each in message.rights if each in known)
            self._denied = frozenset()
        elif isinstance(message, Denied):
            self._refuse(message.right)
        self._tell()

    def _refuse(self, name: str) -> None:
        right = next((each for each in Right if each == name), None)
        if right is None:
            logger.info("the host refuses this client %s", printable(name))
        elif right not in self._denied:
            self._denied |= {right}
            logger.warning("%s", _LACKS.get(right, f"this client has no right to {right}"))

    def ended(self) -> None:
        """Know nothing any more."""
        self._granted, self._denied = None, frozenset()
        self._tell()

    def _tell(self) -> None:
        for callback in self._listeners:
            callback()
