"""Which names this host answers to, and which pages are its own.

A page of somebody else's can send a browser here under a name of their own (DNS rebinding), and the browser then takes
our answers for theirs. So a request is answered only under a name that nobody else can point here: an IP address, a
loopback name, the machine's own, or one that the user gave.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLACE = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?)(?::([0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Origins:
    """Judges `Host` and `Origin` headers of one address. Nothing is kept of what was judged.

    Args:
        host: What the user said to listen on: an address, or a name for one.
        scheme: `http` or `https`.
        names: Further names that are ours: those of a certificate. `*.example.org` stands for one label.
    """

    def __init__(self, host: str, *, scheme: str, names: Iterable[str] = ()) -> None:
        self.scheme = scheme
        self.port = 0
        """Where the site listens; 0 until it does, and then no origin is ours."""
        host = host.lower()
        address = _address(host)
        self._is_wildcard = address is not None and address.is_unspecified
        is_loopback = host == "localhost" or (address is not None and address.is_loopback)
        ours = {name.lower() for name in names} | {host}
        if is_loopback or self._is_wildcard:
            ours |= _LOOPBACK_NAMES
        if not is_loopback:
            machine = socket.gethostname().lower()
            ours |= {machine, f"{machine.partition('.')[0]}.local"}
        self._names = frozenset(ours)

    def allows_host(self, header: str) -> bool:
        """Whether a `Host` header names us. The port may be that of a tunnel."""
        place = _place(header)
        if place is None:
            return False
        return self._is_ours(place[0]) or (self._is_wildcard and _address(place[0]) is not None)

    def allows_origin(self, origin: str) -> bool:
        """Whether a page with this `Origin` is one that this address serves. 0.3 ms at most."""
        scheme, separator, rest = origin.partition("://")
        place = _place(rest)
        if not separator or scheme != self.scheme or place is None or not self.port:
            return False
        name, port = place
        if (port or _DEFAULT_PORTS[scheme]) != self.port:
            return False
        return self._is_ours(name) or (self._is_wildcard and name in _own_addresses())

    def _is_ours(self, name: str) -> bool:
        return name in self._names or f"*.{name.partition('.')[2]}" in self._names


def is_same_place(origin: str, host: str) -> bool:
    """Whether an `Origin` header names the same host and port as the `Host` header beside it."""
    scheme, _, rest = origin.partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    ours, theirs = _place(host), _place(rest)
    if default is None or ours is None or theirs is None:
        return False
    return (ours[0], ours[1] or default) == (theirs[0], theirs[1] or default)


def _place(text: str) -> tuple[str, int] | None:
    """Return name and port (0: none said) of `NAME:PORT` or `[V6]:PORT`; None if it is something else."""
    match = _PLACE.fullmatch(text.lower()) if len(text) <= 300 else None
    if match is None or int(match[2] or 0) > 65535:
        return None
    return match[1].strip("[]"), int(match[2] or 0)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _own_addresses() -> frozenset[str]:
    """Return the addresses of this machine's interfaces, as they are written in a URL."""
    return frozenset(
        entry.address.partition("%")[0].lower()
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    )
