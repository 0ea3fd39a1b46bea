"""The clients that a host knows, in a file that people can read: name, rights, when it was paired and last seen.

Several processes use it: a host that runs, and `python -m wavry.server clients` that lists and revokes. Each change
reads the file anew and writes it whole; `changed` tells a host that runs of another's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from wavry.errors import ConfigError
from wavry.files import write_whole
from wavry.pairing.keys import client_fingerprint
from wavry.rift import Right  # noqa: TC001 (msgspec reads the annotations at run time)

if TYPE_CHECKING:
    from pathlib import Path

MAX_CLIENTS = 256
"""Most that are known at a time; a further one is refused until one is revoked. About 300 bytes each in the file."""

_MAX_FILE_BYTES = 1024 * 1024
_FILE = "clients.json"


class PairedClient(Struct, frozen=True, kw_only=True):
    """One client."""

    public_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    """Raw Ed25519 key, in hex."""

    name: Annotated[str, Meta(max_length=256)]
    rights: tuple[Right, ...]
    paired_at: str
    """Wall-clock time, ISO 8601, UTC."""

    seen_at: str = ""
    """When it last came in; empty for never."""

    is_browser: bool = False
    """Whether it comes by the browsers' door, and by no other."""

    @property
    def key(self) -> bytes:
        """The raw public key."""
        return bytes.fromhex(self.public_key)

    @property
    def fingerprint(self) -> str:
        """What it is called in commands: the first 16 digits do."""
        return client_fingerprint(self.key)


class _File(Struct, kw_only=True):
    version: Annotated[int, Meta(ge=1, le=1)] = 1
    clients: Annotated[list[PairedClient], Meta(max_length=MAX_CLIENTS)] = []


class ClientBook:
    """Reads and writes the list. Any thread, one at a time.

    Args:
        directory: The user's data directory.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / _FILE
        self._stamp: tuple[int, int] | None = None
        self._clients: dict[bytes, PairedClient] = {}

    def clients(self) -> tuple[PairedClient, ...]:
        """Return all, in the order of pairing.

        Raises:
            ConfigError: The file can't be read, or is none of ours.
        """
        self.reload()
        return tuple(self._clients.values())

    def find(self, public_key: bytes) -> PairedClient | None:
        """Return the client with a key, if it is known; see `clients` for errors."""
        self.reload()
        return self._clients.get(public_key)

    def reload(self) -> bool:
        """Read the file if it has changed; say whether it has."""
        stamp = self._file_stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self._clients = {} if stamp is None else {each.key: each for each in self._read().clients}
        return True

    def add(self, public_key: bytes, name: str, rights: frozenset[Right], *, is_browser: bool = False) -> PairedClient:
        """Take note of a client, in place of what was known of it.

        Raises:
            ConfigError: There are too many, or the file can't be written.
        """
        self.reload()
        if public_key not in self._clients and len(self._clients) >= MAX_CLIENTS:
            raise ConfigError("paired clients", len(self._clients), f"at most {MAX_CLIENTS}; revoke one")
        client = PairedClient(
            public_key=public_key.hex(),
            name=name,
            rights=tuple(sorted(rights)),
            paired_at=_wall_clock(),
            is_browser=is_browser,
        )
        self._clients[public_key] = client
        self._write()
        return client

    def saw(self, public_key: bytes) -> None:
        """Take note that a client has come in."""
        self._change(public_key, seen_at=_wall_clock())

    def rename(self, public_key: bytes, name: str) -> None:
        """Call a client something else."""
        self._change(public_key, name=name)

    def set_rights(self, public_key: bytes, rights: frozenset[Right]) -> None:
        """Let a client do more, or less; one that is connected notices within a second."""
        self._change(public_key, rights=tuple(sorted(rights)))

    def revoke(self, public_key: bytes) -> None:
        """Forget a client; one that is connected is gone within a second."""
        self.reload()
        if self._clients.pop(public_key, None) is not None:
            self._write()

    def matching(self, text: str) -> PairedClient:
        """Return the one client that is called so: by name, or by the beginning of its fingerprint.

        Raises:
            ConfigError: There is none, or more than one.
        """
        clients = self.clients()
        found = [each for each in clients if each.name == text]
        if not found and len(text) >= 4:
            found = [each for each in clients if each.fingerprint.startswith(text.lower())]
        if len(found) != 1:
            wanted = "one client's name, or at least 4 digits of its fingerprint"
            raise ConfigError("client", text, f"{wanted} ({len(found)} are called so)")
        return found[0]

    def _change(self, public_key: bytes, **changes: object) -> None:
        self.reload()
        client = self._clients.get(public_key)
        if client is not None:
            self._clients[public_key] = msgspec.structs.replace(client, **changes)
            self._write()

    def _file_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(str(error.strerror)) from error
        return status.st_mtime_ns, status.st_ino

    def _read(self) -> _File:
        try:
            with self._path.open("rb") as file:
                data = file.read(_MAX_FILE_BYTES + 1)
            if len(data) > _MAX_FILE_BYTES:
                raise self._unreadable(f"it has more than {_MAX_FILE_BYTES} bytes")
            return msgspec.json.decode(data, type=_File)
        except (OSError, ValueError) as error:
            raise self._unreadable(str(error)) from error

    def _unreadable(self, reason: str) -> ConfigError:
        return ConfigError("paired clients", self._path, f"a file that wavry wrote ({reason})")

    def _write(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = msgspec.json.format(msgspec.json.encode(_File(clients=list(self._clients.values()))), indent=2)
        write_whole(self._path, data + b"\n", flag="paired clients", mode=0o600)
        self._stamp = self._file_stamp()


def _wall_clock() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
