"""What one client may do here, and what happens when it tries more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.rift import Denied, Right, RightsGranted

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.rift import Message

logger = logging.getLogger(__name__)


class ClientRights:
    """Answers for one client, and speaks up once for each right that it lacks and uses. On the loop.

    Args:
        granted: What the client may do.
        say: Sends a message to it.
    """

    def __init__(self, granted: frozenset[Right], say: Callable[[Message], None]) -> None:
        self._granted = granted
        self._say = say
        self._denied: set[Right] = set()
        self.name = ""
        """The client, for the log."""

    @property
    def granted(self) -> frozenset[Right]:
        """What it may do."""
        return self._granted

    @granted.setter
    def granted(self, rights: frozenset[Right]) -> None:
        self._granted = rights
        self._denied.clear()
        self.tell()

    def tell(self) -> None:
        """Tell the client what it may do."""
        self._say(RightsGranted(rights=tuple(sorted(self._granted))))

    def allows(self, right: Right) -> bool:
        """Whether something that needs a right may be done now; if not, log and client hear of it, once."""
        if right in self._granted:
            return True
        if right not in self._denied:
            self._denied.add(right)
            logger.warning("%s has no right to %s; what it sends of that is ignored", self.name, right.value)
            self._say(Denied(right=right.value))
        return False
