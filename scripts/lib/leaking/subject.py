"""Starts the pipeline that is looked into, under whatever tool, and reads what it says."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.processes import end
from leaking.growth import NotMeasuredError
from leaking.pipeline import DONE, PAUSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

_PATIENCE_S = 180.0
"""For the next line; valgrind decodes 40 pictures a second on an idle machine."""

_TOP = Path(__file__).resolve().parents[3]


class Subject:
    """A pipeline in a process of its own. A context manager.

    Args:
        tool: What stands before the interpreter on the command line.
        arguments: Of the pipeline.
        home: Where it keeps its key and its log.
        environment: More variables.
    """

    def __init__(self, tool: Sequence[str], arguments: Sequence[str], home: Path, **environment: str) -> None:
        paths = os.pathsep.join((str(_TOP), str(_TOP / "scripts" / "lib")))
        variables = os.environ | {"XDG_DATA_HOME": str(home), "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
        self._log = home / "pipeline.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*tool, sys.executable, "-m", "leaking.pipeline", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=variables | environment,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        end(self.process)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def reports(self) -> Iterator[list[str]]:
        """Yield the words of each line that says what was done or that it waits, to the end.

        Raises:
            NotMeasuredError: It has failed, or says nothing any more.
        """
        assert self.process.stdout is not None  # it was asked for
        buffer = b""
        while chunk := self._read():
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                words = line.decode(errors="replace").split()
                if words and words[0] in (DONE, PAUSED):
                    yield words
        if self.process.wait() != 0:
            raise NotMeasuredError(f"the pipeline ended with exit code {self.process.returncode}; {self._last_words()}")

    def _read(self) -> bytes:
        assert self.process.stdout is not None  # it was asked for
        descriptor = self.process.stdout.fileno()
        if not select.select([descriptor], [], [], _PATIENCE_S)[0]:
            raise NotMeasuredError(f"the pipeline said nothing for {_PATIENCE_S:.0f} s; {self._last_words()}")
        return os.read(descriptor, 4096)

    def go_on(self) -> None:
        """End its pause."""
        assert self.process.stdin is not None  # it was asked for
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"its last line is: {lines[-1]}" if lines else "it said nothing"
