"""What a person is told about the connection: in the log, and in the window where there is one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.client import notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.notice import Notice
    from wavry.errors import ConnectionLostError
    from wavry.rift import Right

logger = logging.getLogger(__name__)


class Speaker:
    """Says each thing once, until something else is to be said. On the loop.

    Args:
        host: What the host is called.
        on_notice: Gets what a person should read while there is no picture; None when there is one.
        on_hint: Gets what a person should read once.
    """

    def __init__(self, host: str, on_notice: Callable[[Notice | None], None], on_hint: Callable[[str], None]) -> None:
        self._host = host
        self._on_notice = on_notice
        self._on_hint = on_hint
        self._status = ""
        self._notice: Notice | None = None
        self._told_denials: frozenset[Right] = frozenset()

    def connected(self) -> None:
        """The host has answered, and its first picture has not come."""
        self._say("", notice.connected(self._host))

    def refused(self, reason: str) -> None:
        """The host does not want this client."""
        self._say("", notice.refused(self._host, reason))

    def waiting(self, error: ConnectionLostError, *, was_connected: bool) -> None:
        """There is no connection, and it is tried again."""
        if was_connected:
            self._say(f"lost {self._host}: {error}; waiting for it to come back", notice.lost(self._host, str(error)))
        else:
            self._say(f"waiting for {self._host}: {error}", notice.connecting(self._host, str(error)))

    def no_picture(self, reason: str) -> None:
        """The host is there, its screen is not."""
        self._say(f"the host has no picture: {reason}", notice.no_picture(reason))

    def picture_is_back(self) -> None:
        """The host's screen is there again."""
        self._say("", None)

    def picture_came(self) -> None:
        """The first picture has come; a host that has said since that it has no more is still believed."""
        if self._notice == notice.connected(self._host):
            self._say("", None)

    def denied(self, rights: frozenset[Right]) -> None:
        """Something was tried in vain; each right is told of once."""
        for right in sorted(rights - self._told_denials):
            self._on_hint(notice.denial(right))
        self._told_denials = rights

    def _say(self, status: str, words: Notice | None) -> None:
        """Tell a person: `status` in the log, `words` in the window."""
        if status and status != self._status:
            logger.warning("%s", status)
        self._status = status
        if words != self._notice:
            self._notice = words
            self._on_notice(words)
