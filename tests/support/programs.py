"""The two programs as a user runs them: real processes, watched through what they print."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE_S = 30.0
"""For anything to be printed on a machine that is busy with something else."""

_CHECKOUT = Path(__file__).resolve().parents[2]


_READY = r"^wavry-server ready udp://(\S+) sha256:[0-9a-f]{64}$"


class ProgramEnded(AssertionError):  # noqa: N818 - it reads as what happened
    """The program ended before it printed what was waited for."""


class Program:
    """A wavry program in a process of its own; killed at the end of the block if it still runs.

    Args:
        module: What `python -m` runs: `wavry.server`, `wavry.client`, or a script as `scripts.NAME`.
        arguments: Its command line.
        home: Where it keeps its key, and where it runs.
        environment: Variables to set; None takes one away.
    """

    def __init__(self, module: str, *arguments: str, home: Path, **environment: str | None) -> None:
        variables = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home), "PYTHONPATH": str(_CHECKOUT)}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"):
            variables.pop(name, None)
        for name, value in environment.items():
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = value
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=variables,
            cwd=home,
        )
        self.lines: list[str] = []
        """Everything it has printed, that was waited past."""
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self, stream: object) -> None:
        for line in stream:  # type: ignore[attr-defined]
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until a line is printed that has the pattern in it."""
        ended = 0
        while ended < len(self._readers):
            try:
                line = self._queue.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"{pattern!r} was not printed; but: {self.lines}") from None
            if line is None:
                ended += 1
                continue
            self.lines.append(line)
            match = re.search(pattern, line)
            if match is not None:
                return match
        raise ProgramEnded(f"ended without {pattern!r}; printed {self.lines}")

    def has_printed(self, pattern: str) -> bool:
        """Whether a line with the pattern has been printed by now."""
        return self.count(pattern) > 0

    def count(self, pattern: str) -> int:
        """Return in how many lines the pattern has been printed by now."""
        while not self._queue.empty():
            line = self._queue.get()
            if line is None:
                self._queue.put(None)  # for `wait_for`
                break
            self.lines.append(line)
        return sum(re.search(pattern, line) is not None for line in self.lines)

    def ready_address(self) -> str:
        """Wait for a host's ready line, if it was not waited past already, and return its HOST:PORT.

        Others stand in stderr, which is read by another thread, so that what was printed later may be seen sooner.
        """
        matches = (re.search(_READY, line) for line in self.lines)
        return (next(filter(None, matches), None) or self.wait_for(_READY))[1]

    def notify(self, number: signal.Signals) -> None:
        """Send a signal and go on."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, return the exit code."""
        self.notify(number)
        return self.wait()

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """Wait for the end and return the exit code; `lines` is complete then."""
        code = self._process.wait(patience_s)
        for reader in self._readers:
            reader.join()
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return code

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def host(home: Path, *arguments: str, listen: str = "127.0.0.1:0", **environment: str | None) -> Program:
    """Start a host; without other arguments it streams what DISPLAY says."""
    return Program("wavry.server", "--listen", listen, "--no-auth", *arguments, home=home, **environment)


def client(home: Path, address: str, *arguments: str, **environment: str | None) -> Program:
    """Start a client."""
    return Program("wavry.client", address, "--no-auth", *arguments, home=home, **environment)
