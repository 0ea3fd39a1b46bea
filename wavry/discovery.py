"""How hosts are found on a network: mDNS service discovery (RFC 6763), through the `zeroconf` package.

Anybody on the network can announce anything. What is found is a name and a place to knock at, never a reason to trust:
that is the fingerprint that was paired.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, NamedTuple

from wavry.errors import BackendUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE_TYPE = "_wavry._udp.local."
_FINGERPRINT, _VERSION = b"fp", b"v"
_TXT_VERSION = b"1"

MAX_HOSTS = 256
"""Most hosts that are kept of those that answer."""

_MAX_NAME = 63


class FoundHost(NamedTuple):
    """A host that has announced itself."""

    name: str
    address: str
    """`HOST:PORT`."""

    fingerprint: str
    """SHA-256 of its public key in hex, as it says."""


class Announcement:
    """Announces a host until it is closed. Its own thread answers; about 3 MB.

    Args:
        host: The address it listens on; a wildcard announces on every interface.
        port: Its UDP port.
        fingerprint: SHA-256 of its public key in hex.

    Raises:
        BackendUnavailableError: There is no network to announce it on.
    """

    def __init__(self, host: str, port: int, fingerprint: str) -> None:
        from zeroconf import Error as ZeroconfError
        from zeroconf import InterfaceChoice, ServiceInfo, Zeroconf

        is_everywhere = host in ("0.0.0.0", "::")
        name = socket.gethostname().split(".")[0] or "host"
        self._info = ServiceInfo(
            SERVICE_TYPE,
            f"{name[: _MAX_NAME - 6]}-{port}.{SERVICE_TYPE}",
            port=port,
            properties={_FINGERPRINT: fingerprint.encode(), _VERSION: _TXT_VERSION},
            server=f"{name}.local.",
            parsed_addresses=None if is_everywhere else [host],
        )
        try:
            if is_everywhere:
                self._info.addresses = [socket.inet_aton(each) for each in _own_addresses()]
            self._zeroconf = Zeroconf(interfaces=InterfaceChoice.All if is_everywhere else [host])
            self._zeroconf.register_service(self._info, allow_name_change=True)
        except (OSError, ZeroconfError, RuntimeError) as error:
            raise BackendUnavailableError("discovery", str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Say that the host has gone. Blocks for a moment."""
        self._zeroconf.unregister_service(self._info)
        self._zeroconf.close()


def find_hosts(seconds: float, *, interface: str | None, on_found: Callable[[FoundHost], None]) -> None:
    """Look for hosts for so long; each is told once for each address.

    Args:
        seconds: How long.
        interface: The address of the one interface to look on; None for all.
        on_found: Told of each.

    Raises:
        BackendUnavailableError: There is no network to look on.
    """
    import time

    from zeroconf import InterfaceChoice, ServiceBrowser, ServiceListener, Zeroconf

    found: set[FoundHost] = set()

    class Listener(ServiceListener):
        def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            info = zc.get_service_info(type_, name)
            if info is None:
                return
            fingerprint = info.properties.get(_FINGERPRINT) or b""
            for address in info.parsed_scoped_addresses():
                place = f"[{address}]:{info.port}" if ":" in address else f"{address}:{info.port}"
                host = FoundHost(name.removesuffix(f".{SERVICE_TYPE}"), place, fingerprint.decode(errors="replace"))
                if host not in found and len(found) < MAX_HOSTS:
                    found.add(host)
                    on_found(host)

        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            self.add_service(zc, type_, name)

        def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            pass

    try:
        network = Zeroconf(interfaces=InterfaceChoice.All if interface is None else [interface])
    except OSError as error:
        raise BackendUnavailableError("discovery", str(error)) from error
    try:
        ServiceBrowser(network, SERVICE_TYPE, Listener())
        time.sleep(seconds)
    finally:
        network.close()


def _own_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine that others can reach it at."""
    import ifaddr

    addresses = [each.ip for adapter in ifaddr.get_adapters() for each in adapter.ips if isinstance(each.ip, str)]
    return [address for address in addresses if not address.startswith("127.")] or ["127.0.0.1"]
