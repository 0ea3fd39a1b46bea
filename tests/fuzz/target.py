"""What a fuzz target is."""

from __future__ import annotations

from typing import Protocol


class Target(Protocol):
    """A parser of a peer's bytes with what stands behind it."""

    seeds: list[bytes]
    """Valid inputs."""

    cap_bytes: int
    """Most that may be held."""

    def feed(self, data: bytes) -> None:
        """Take an input; raise RemoteProtocolError or nothing."""
