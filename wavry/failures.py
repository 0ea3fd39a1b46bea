"""Who fails to prove itself again and again, and how long it has to wait."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

_FIRST_BACK_OFF_S = 1.0
_LONGEST_BACK_OFF_S = 60.0
_FREE_FAILURES = 5
"""Failures of an address before it has to wait; a minute without one is forgotten."""

_ADDRESSES_REMEMBERED = 256

_ADDRESS_BYTES = 256
"""Of one address that has failed: its text, its count and its place. An estimate."""


class FailureLog:
    """Which addresses fail again and again, and until when they are not listened to.

    A holder of the budget, bounded by the number of addresses.
    """

    policy = "the address that has failed least recently is forgotten"
    cap_bytes = _ADDRESSES_REMEMBERED * _ADDRESS_BYTES
    """Most that all addresses take."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """By address: how many, and when the last one was."""
        self._most = 0
        self.drops = 0
        """Addresses that were forgotten for others."""

    def __len__(self) -> int:
        return len(self._failures)

    @property
    def used_bytes(self) -> int:
        """What those that are remembered take."""
        return len(self._failures) * _ADDRESS_BYTES

    @property
    def high_water_bytes(self) -> int:
        """What the most of them took that were remembered at once."""
        return self._most * _ADDRESS_BYTES

    def note(self, address: str, *, now: float) -> None:
        """Take note of a failure."""
        count, at = self._failures.pop(address, (0, now))
        if now - at > _LONGEST_BACK_OFF_S:
            count = 0
        self._failures[address] = (count + 1, now)
        if len(self._failures) > _ADDRESSES_REMEMBERED:
            self._failures.popitem(last=False)
            self.drops += 1
        self._most = max(self._most, len(self._failures))

    def forgive(self, address: str) -> None:
        """Forget what an address did: it has shown who it is."""
        self._failures.pop(address, None)

    def wait_s(self, address: str, *, now: float) -> float:
        """Return for how long nothing of an address is listened to; 0 for not at all."""
        count, at = self._failures.get(address, (0, now))
        if count <= _FREE_FAILURES:
            return 0.0
        doublings = min(count - _FREE_FAILURES - 1, 6)
        back_off_s = min(_FIRST_BACK_OFF_S * (1 << doublings), _LONGEST_BACK_OFF_S)
        return max(0.0, at + back_off_s - now)


def address_of(peer: str) -> str:
    """Return the address of `HOST:PORT` without the port: the /64 of an IPv6 one, all of which is as easily had."""
    host = peer.rpartition(":")[0].strip("[]")
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(address.packed[:8] + bytes(8)))
