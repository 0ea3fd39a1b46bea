"""What other commands of the same user may ask of a host that runs: a PIN, for now.

A loopback TCP port, and a file that only the user can read with the port and a secret: the same on every system, and
without a limit on how long the path of a home directory is. One line of JSON each way.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import secrets
import socket
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from wavry.errors import BackendUnavailableError, ConfigError
from wavry.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

_MAX_LINE_BYTES = 512
_PATIENCE_S = 5.0
_MAX_AT_ONCE = 4
_LOOPBACK = "127.0.0.1"


class _Running(Struct, frozen=True, kw_only=True):
    """The file of a host that runs."""

    pid: int
    port: Annotated[int, Meta(ge=1, le=65_535)]
    secret: str


class _Request(Struct, frozen=True, kw_only=True):
    secret: Annotated[str, Meta(max_length=64)]
    ask: Annotated[str, Meta(max_length=16)]


class LocalControl:
    """A host's ear for its own user. On the loop.

    Args:
        directory: The user's data directory.
        udp_port: The port that the host listens on: what it is called by.
        answers: What may be asked, and what answers it.
    """

    def __init__(self, directory: Path, udp_port: int, answers: dict[str, Callable[[], str]]) -> None:
        self._path = _file_of(directory, udp_port)
        self._answers = answers
        self._secret = secrets.token_hex(16)
        self._server: asyncio.Server | None = None
        self._at_once = 0

    async def start(self) -> None:
        """Listen, and write the file.

        Raises:
            ConfigError: The file can't be written.
        """
        self._server = await asyncio.start_server(self._serve, _LOOPBACK, 0, limit=_MAX_LINE_BYTES)
        port = self._server.sockets[0].getsockname()[1]
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        running = msgspec.json.encode(_Running(pid=os.getpid(), port=port, secret=self._secret))
        write_whole(self._path, running, flag="running host", mode=0o600)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._at_once < _MAX_AT_ONCE:
                self._at_once += 1
                try:
                    async with asyncio.timeout(_PATIENCE_S):
                        writer.write(self._answer(await reader.readline()))
                        await writer.drain()
                finally:
                    self._at_once -= 1
        except (OSError, ValueError, TimeoutError) as error:  # ValueError: a line too long
            logger.debug("a local command was not answered: %s", error)
        finally:
            writer.close()

    def _answer(self, line: bytes) -> bytes:
        try:
            request = msgspec.json.decode(line, type=_Request)
        except msgspec.MsgspecError:
            return b""
        answer = self._answers.get(request.ask)
        if not hmac.compare_digest(request.secret.encode(), self._secret.encode()) or answer is None:
            return b""
        return json.dumps({"answer": answer()}).encode() + b"\n"

    async def close(self) -> None:
        """Listen no more, and take the file away."""
        if self._server is not None:
            self._server.close()
            try:
                self._path.unlink()
            except OSError:
                pass  # somebody has tidied up


def ask_host(directory: Path, ask: str, udp_port: int | None) -> str:
    """Ask a host of this user that runs on this machine.

    Args:
        directory: The user's data directory.
        ask: One of the host's `answers`.
        udp_port: The port that it listens on; None for the only one that runs.

    Raises:
        BackendUnavailableError: None runs.
        ConfigError: Several run, and none was chosen.
    """
    files = [_file_of(directory, udp_port)] if udp_port is not None else sorted(directory.glob("running-*.json"))
    answers = [(file, answer) for file in files if (answer := _ask(file, ask)) is not None]
    if not answers:
        which = f"on port {udp_port}" if udp_port is not None else "for this user"
        raise BackendUnavailableError("host", f"none runs {which}; start one with `python -m wavry.server`")
    if len(answers) > 1:
        ports = ", ".join(file.stem.removeprefix("running-") for file, _ in answers)
        raise ConfigError("--port", "not given", f"one of {ports}, where hosts run")
    return answers[0][1]


def _ask(file: Path, ask: str) -> str | None:
    """Ask one host; None if it does not run any more."""
    try:
        running = msgspec.json.decode(file.read_bytes(), type=_Running)
        with socket.create_connection((_LOOPBACK, running.port), _PATIENCE_S) as connection:
            request = msgspec.json.encode(_Request(secret=running.secret, ask=ask))
            connection.sendall(request + b"\n")
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline(_MAX_LINE_BYTES) or b"{}").get("answer")
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, str) else None


def _file_of(directory: Path, udp_port: int) -> Path:
    return directory / f"running-{udp_port}.json"
