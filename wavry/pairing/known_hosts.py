"""The hosts that a client has paired with: the key of each, by the address it was reached at."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from wavry.errors import ConfigError
from wavry.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "known-hosts.json"
_MAX_HOSTS = 1024
_MAX_FILE_BYTES = 1024 * 1024

Fingerprint = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _File(Struct, kw_only=True):
    version: Annotated[int, Meta(ge=1, le=1)] = 1
    hosts: dict[str, Fingerprint] = {}


class KnownHosts:
    """Reads and writes the list.

    Args:
        directory: The user's data directory.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / _FILE

    def fingerprint(self, address: str) -> str | None:
        """Return the key's SHA-256 in hex that a host at `HOST:PORT` has to have; None if it is not known.

        Raises:
            ConfigError: The file can't be read, or is none of ours.
        """
        return self._read().hosts.get(address)

    def fingerprints(self) -> frozenset[str]:
        """Return the keys of all; see `fingerprint` for errors."""
        return frozenset(self._read().hosts.values())

    def remember(self, address: str, fingerprint: str) -> None:
        """Expect this key at an address from now on; of too many, those paired first are forgotten.

        Raises:
            ConfigError: The file can't be read or written.
        """
        file = self._read()
        file.hosts.pop(address, None)
        file.hosts[address] = fingerprint
        while len(file.hosts) > _MAX_HOSTS:
            del file.hosts[next(iter(file.hosts))]
        self._write(file)

    def _write(self, file: _File) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"
        write_whole(self._path, data, flag="known hosts", mode=0o600)

    def _read(self) -> _File:
        try:
            with self._path.open("rb") as opened:
                data = opened.read(_MAX_FILE_BYTES + 1)
            return msgspec.json.decode(data, type=_File)
        except FileNotFoundError:
            return _File()
        except (OSError, ValueError) as error:
            raise ConfigError("known hosts", self._path, f"a file that wavry wrote ({error})") from error


def is_same(fingerprint: str, expected: str) -> bool:
    """Whether two fingerprints are the same, in constant time."""
    return hmac.compare_digest(fingerprint.encode(), expected.encode())
