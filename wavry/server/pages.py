"""The pages of a host over HTTP, as its flags ask for them. Imported only when one is on."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

from wavry import cli
from wavry.keyfile import data_directory, load_or_create_token
from wavry.server.browser_page import browser_site
from wavry.web.certificate import Certificate
from wavry.web.origins import Origins

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.memory.budget import Bounded
    from wavry.server.config import HostConfig
    from wavry.server.dashboard.site import Dashboard
    from wavry.server.figures import Figures
    from wavry.transport.identity import HostIdentity
    from wavry.web.site import Site

TOKEN_FILE = "dashboard-token"
"""In the user's data directory; programs that read `/metrics` from elsewhere are given it, so it outlives a run."""


class Pages:
    """The sites that are on. On the loop.

    Args:
        config: What the host was asked to do.
        identity: Whose certificate speaks HTTPS, where the user has given none.
        figures: What the dashboard shows.

    Raises:
        ConfigError: The user's certificate can't be used.
    """

    def __init__(self, config: HostConfig, identity: HostIdentity, figures: Figures) -> None:
        self._config = config
        self._identity = identity
        self._figures = figures
        self._dashboard: Dashboard | None = None
        self._browser: Site | None = None
        self._certificate = None
        if config.tls_cert is not None and config.tls_key is not None:
            self._certificate = Certificate.of_files(config.tls_cert, config.tls_key)
        self._own_certificate = Certificate.of_host(identity)
        self._web_origins = None if config.web is None else self._origins_at(config.web)

    @property
    def allows_origin(self) -> Callable[[str], bool] | None:
        """Says whether a page with an `Origin` may open a WebTransport session; None where no page may."""
        return None if self._web_origins is None else self._web_origins.allows_origin

    async def open(self, udp_port: int, register: Callable[[str, Bounded, str], None]) -> None:
        """Listen, and tell where; `run` must follow.

        Args:
            udp_port: Where the host listens for clients.
            register: Puts something into the budget.

        Raises:
            ConfigError: An address can't be used, or the file of the dashboard's token.
        """
        if self._config.dashboard is not None:
            await self._open_dashboard(self._config.dashboard, register)
        if self._config.web is not None:
            await self._open_browser_page(self._config.web, udp_port, register)

    async def run(self) -> None:
        """Keep what the dashboard shows, until cancelled."""
        if self._dashboard is not None:
            await self._figures.run()

    async def close(self) -> None:
        """End."""
        if self._dashboard is not None:
            await self._dashboard.close()
            self._figures.close()
        if self._browser is not None:
            await self._browser.stop()

    async def _open_dashboard(self, address: tuple[str, int], register: Callable[[str, Bounded, str], None]) -> None:
        from wavry.server.dashboard.site import Dashboard

        self._figures.open()
        certificate, origins = self._certificate_at(address), self._origins_at(address)
        token = None
        if not cli.is_loopback(address[0]):
            token = load_or_create_token(data_directory() / TOKEN_FILE, what="dashboard token")
        self._dashboard = page = Dashboard(address, origins, certificate, self._figures, token=token)
        await page.site.start()
        register("dashboard.connections", page.site.connections, page.site.connections.policy)
        register("dashboard.readers", page.readers, page.readers.policy)
        if token is not None:
            register("dashboard.failures", page.access.failures, page.access.failures.policy)
        _tell(f"wavry-server dashboard {page.url}")

    async def _open_browser_page(
        self, address: tuple[str, int], udp_port: int, register: Callable[[str, Bounded, str], None]
    ) -> None:
        assert self._web_origins is not None  # made with the address
        self._browser = site = browser_site(
            address,
            self._web_origins,
            self._certificate_at(address),
            udp_port=udp_port,
            certificate_hashes=self._identity.certificate_hashes,
            needs_pairing=not self._config.no_auth,
            name=socket.gethostname(),
        )
        await site.start()
        register("web.connections", site.connections, site.connections.policy)
        _tell(f"wavry-server web {site.url}")

    def _certificate_at(self, address: tuple[str, int]) -> Certificate | None:
        """Return what a site speaks HTTPS with; None for HTTP: on loopback, unless the user gave a certificate."""
        if self._certificate is not None:
            return self._certificate
        return None if cli.is_loopback(address[0]) else self._own_certificate

    def _origins_at(self, address: tuple[str, int]) -> Origins:
        certificate = self._certificate_at(address)
        if certificate is None:
            return Origins(address[0], scheme="http")
        return Origins(address[0], scheme="https", names=certificate.names)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - for the terminal, in no log: it may have a token
