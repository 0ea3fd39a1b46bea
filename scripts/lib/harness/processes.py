"""The host and the client as real processes, with the command lines a user would type."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_READY = re.compile(r"[a-z-]+ ready udp://(\S+)")
_IMPAIR = Path(__file__).resolve().parents[2] / "impair.py"
_END_TIMEOUT_S = 5.0
_REPORT_TIMEOUT_S = 10.0


class ProgramError(Exception):
    """A program did not do its part; the message says which and why."""


class Role:
    """A wavry program that runs until it is ended.

    Args:
        name: `host` or `client`, for messages.
        arguments: Of the Python interpreter.
        log: Where its stderr goes.
        environment: Its environment variables.
    """

    def __init__(self, name: str, arguments: list[str], log: Path, environment: dict[str, str]) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
                start_new_session=True,  # a Ctrl-C is for us; we end our children in order
            )

    def check(self) -> None:
        """See that it still runs.

        Raises:
            ProgramError: It has ended, with its last words.
        """
        if self.process.poll() is not None:
            raise self._ended()

    def _ended(self) -> ProgramError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = f"its last line is: {lines[-1]}" if lines else "it said nothing"
        return ProgramError(f"the {self.name} ended with exit code {self.process.wait()}; {last}")

    def next_line(self) -> str:
        """Wait for its next line on stdout.

        Raises:
            ProgramError: It ended without one.
        """
        assert self.process.stdout is not None  # it was asked for
        line = self.process.stdout.readline().decode()
        if not line:
            raise self._ended()
        return line

    def leave(self) -> None:
        """Ask it to stop, and wait until it has written what it has to write.

        Raises:
            ProgramError: It did not stop cleanly.
        """
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"the {self.name} did not stop within {_END_TIMEOUT_S:.0f} s") from None
        if code != 0:
            raise self._ended()

    def close(self) -> None:
        """End it, whatever it does."""
        end(self.process)
        if self.process.stdout is not None:
            self.process.stdout.close()


def ask_for_report(host: Role, path: Path) -> dict[str, Any]:
    """Have a host that was started with `--memory-report` write it now, and return it.

    Raises:
        ProgramError: It does not answer.
    """
    path.unlink(missing_ok=True)
    host.process.send_signal(signal.SIGUSR1)
    give_up_at = time.monotonic() + _REPORT_TIMEOUT_S
    while not path.exists():
        host.check()
        if time.monotonic() > give_up_at:
            raise ProgramError(f"the {host.name} did not write its report within {_REPORT_TIMEOUT_S:.0f} s")
        time.sleep(0.02)
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def start_host(
    output: Path, environment: dict[str, str], *arguments: str, program: Sequence[str] = ("-m", "wavry.server")
) -> tuple[Role, str]:
    """Start a host on a free port; return it and its address, once it is ready. Its log goes to `output`."""
    command = [*program, "--listen", "127.0.0.1:0", "--no-auth", *arguments]
    return _start_listening(Role("host", command, output / "host.log", environment))


def start_relay(
    target: str, output: Path, environment: dict[str, str], *arguments: str, listen: str = "127.0.0.1:0"
) -> tuple[Role, str]:
    """Start `scripts/impair.py` in front of a host; return it and its own address, once it is ready."""
    command = [str(_IMPAIR), listen, target, *arguments]
    return _start_listening(Role("relay", command, output / "relay.log", environment))


def _start_listening(role: Role) -> tuple[Role, str]:
    try:
        line = role.next_line()
        match = _READY.match(line)
        if match is None:
            raise ProgramError(f"the {role.name}'s first line is {line!r}")
    except BaseException:
        role.close()
        raise
    return role, match[1]


def start_client(
    address: str, output: Path, environment: dict[str, str], *arguments: str, name: str = "client"
) -> Role:
    """Start a client without a window. Its log goes to `output`."""
    command = ["-m", "wavry.client", address, "--no-auth", "--headless", "--name", name, *arguments]
    return Role(name, command, output / f"{name}.log", environment)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process: kindly, then for certain. It may have ended, or be stopped."""
    if process.poll() is not None:
        return
    process.terminate()
    process.send_signal(signal.SIGCONT)  # a stopped process does not hear a signal
    try:
        process.wait(_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
