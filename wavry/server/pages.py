"""The pages of a host over HTTP, as its flags ask for them. Imported only when one is on."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

from wavry import cli
from wavry.errors import ConfigError
from wavry.server.browser_page import browser_site
from wavry.web.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.memory.budget import Bounded
    from wavry.server.config import HostConfig
    from wavry.transport.identity import HostIdentity
    from wavry.web.origins import Origins
    from wavry.web.site import Site


class Pages:
    """The sites that are on. On the loop.

    Args:
        config: What the host was asked to do.
        identity: Whose certificate speaks HTTPS, where the user has given none.
        udp_port: Where the host listens for clients.

    Raises:
        ConfigError: The user's certificate can't be used.
    """

    def __init__(self, config: HostConfig, identity: HostIdentity, udp_port: int) -> None:
        self._config = config
        self._identity = identity
        self._certificate: Certificate | None = None
        self._browser: Site | None = None
        if config.web is not None:
            self._browser = browser_site(
                config.web,
                self._certificate_at(config.web),
                udp_port=udp_port,
                certificate_hashes=identity.certificate_hashes,
                needs_pairing=not config.no_auth,
                name=socket.gethostname(),
            )

    @property
    def web_origins(self) -> Origins | None:
        """Which pages may open a WebTransport session; None without `--web`."""
        return None if self._browser is None else self._browser.origins

    async def open(self, register: Callable[[str, Bounded, str], None]) -> None:
        """Listen, and tell where.

        Args:
            register: Puts something into the budget.

        Raises:
            ConfigError: An address can't be used.
        """
        try:
            if self._browser is not None:
                await self._browser.start()
                register("web.connections", self._browser.connections, self._browser.connections.policy)
                _tell(f"wavry-server web {self._browser.url}")
        except ConfigError:
            await self.close()
            raise

    async def close(self) -> None:
        """End."""
        if self._browser is not None:
            await self._browser.stop()

    def _certificate_at(self, address: tuple[str, int]) -> Certificate | None:
        """Return what a site speaks HTTPS with: on loopback only a certificate that the user gave."""
        config = self._config
        if self._certificate is None and config.tls_cert is not None and config.tls_key is not None:
            self._certificate = Certificate.of_files(config.tls_cert, config.tls_key)
        if self._certificate is None and not cli.is_loopback(address[0]):
            self._certificate = Certificate.of_host(self._identity)
        return None if cli.is_loopback(address[0]) and config.tls_cert is None else self._certificate


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - for the terminal, in no log: it may have a token
