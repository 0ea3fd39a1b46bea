"""Who is let in, and who has to go: the door, the PIN, and what the list of clients says while they are here."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING

from wavry.errors import BackendUnavailableError, ConfigError, ErrorCode
from wavry.memory.allocator import return_free_memory
from wavry.pairing.book import ClientBook
from wavry.pairing.pin import PinOffer
from wavry.server.commands import pin_line
from wavry.server.control import LocalControl
from wavry.server.door import Door

if TYPE_CHECKING:
    from pathlib import Path

    from wavry.discovery import Announcement
    from wavry.rift import Right
    from wavry.server.broadcast import Broadcast
    from wavry.transport import Connection
    from wavry.transport.identity import HostIdentity
    from wavry.transport.quic.server import QuicListener

logger = logging.getLogger(__name__)
audit = logging.getLogger("wavry.audit")

_LOOK_EVERY_S = 0.5
"""Between two looks at the list of clients, which another process may have changed: 20 µs."""


class Guard:
    """Stands between the listener and the broadcast of a host that does not let everybody in. On the loop.

    Args:
        directory: The user's data directory.
        identity: The host's key.
        rights: What a client that is paired now may do.
        broadcast: Where those go who may come in.

    Raises:
        ConfigError: The list of clients can't be read.
    """

    def __init__(self, directory: Path, identity: HostIdentity, rights: frozenset[Right], broadcast: Broadcast) -> None:
        self._directory = directory
        self._fingerprint = identity.fingerprint
        self._broadcast = broadcast
        self._book = ClientBook(directory)
        self._book.reload()
        self._offer = PinOffer()
        self.door = Door(bytes.fromhex(identity.fingerprint), self._book, self._offer, rights, self._broadcast.admit)
        """Where connections wait; belongs into the budget."""

    def admit(self, connection: Connection) -> None:
        """Let a new connection wait for its client's proof."""
        self.door.admit(connection)

    async def open(self, udp_port: int) -> None:
        """Listen to the user's commands, before anybody can know that the host is there; `run` must follow.

        Raises:
            ConfigError: The file that tells of it can't be written.
        """
        self._control = LocalControl(self._directory, udp_port, {"pair": self._open_pairing})
        await self._control.start()
        self._show_pin_on_signal()

    async def run(self, listener: QuicListener, *, announces: bool) -> None:
        """Let in whoever may come, and see that whoever is revoked goes, until cancelled.

        Args:
            listener: Where the host listens.
            announces: Whether the network hears of the host.
        """
        announcement: Announcement | None = None
        try:
            if announces:
                announcement = await asyncio.to_thread(self._announce, *listener.address[:2])
            connections = 0
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                self._follow_book()
                before, connections = connections, len(listener.connections)
                if connections < before:
                    return_free_memory()  # after a flood of them there are 2 MB to give back
        finally:
            self.door.close()
            await self._control.close()
            if announcement is not None:
                await asyncio.to_thread(announcement.close)

    def _announce(self, host: str, udp_port: int) -> Announcement | None:
        from wavry.discovery import Announcement

        try:
            return Announcement(host, udp_port, self._fingerprint)
        except BackendUnavailableError as error:
            logger.warning("the network does not hear of this host: %s", error)
            return None

    def _open_pairing(self) -> str:
        audit.info("pairing was opened")
        return self._offer.open(now=asyncio.get_running_loop().time())

    def _show_pin_on_signal(self) -> None:
        """Show a PIN on the terminal at each SIGUSR2, where the system has it."""
        number = getattr(signal, "SIGUSR2", None)
        if number is not None:
            asyncio.get_running_loop().add_signal_handler(number, self._show_pin)

    def _show_pin(self) -> None:
        print(pin_line(self._open_pairing()), file=sys.stderr, flush=True)  # noqa: T201 - for the terminal, in no log

    def _follow_book(self) -> None:
        """Send away who is not in the list any more, and let the others do what it says now."""
        try:
            if not self._book.reload():
                return
            clients = {each.key: each for each in self._book.clients()}
        except ConfigError as error:
            logger.error("%s; those who are here stay as they are", error)
            return
        for viewer in self._broadcast.viewers:
            if viewer.client is None:
                continue
            known = clients.get(viewer.client.key)
            if known is None:
                audit.info("%s was sent away: it is revoked", viewer.name)
                viewer.close(ErrorCode.REFUSED, "the host has revoked this client")
            elif (rights := self._broadcast.rights_of(known)) != viewer.rights.granted:
                viewer.rights.granted = rights
                audit.info("%s may from now on: %s", viewer.name, ", ".join(sorted(rights)) or "nothing")
