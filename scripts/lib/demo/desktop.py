"""A screen of our own with real programs on it, for machines that have none."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from demo.pictures import paint_evening, write_ppm
from harness.processes import ProgramError, end

if TYPE_CHECKING:
    from types import TracebackType

WIDTH, HEIGHT = 1920, 1080
_START_TIMEOUT_S = 20.0
_SCROLL = Path(__file__).with_name("scroll.py")


class VirtualDesktop:
    """An Xvfb with a terminal that scrolls, a clock that ticks and a picture in a viewer. A context manager.

    Args:
        directory: For files it needs while it runs.
        motion_s: For how long the terminal scrolls.
    """

    def __init__(self, directory: Path, motion_s: float) -> None:
        self._directory = directory
        self._motion_s = motion_s
        self._exit = ExitStack()
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            os.environ["DISPLAY"] = self._start_server(stack)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exit.close()

    def _start_server(self, stack: ExitStack) -> str:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as answer:
            try:
                server = self._start(
                    stack,
                    ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp",
                     "-noreset"],
                    pass_fds=(writer,),
                )  # fmt: skip
            finally:
                os.close(writer)
            number = b""
            while not number.endswith(b"\n"):
                is_ready, _, _ = select.select([answer], [], [], _START_TIMEOUT_S)
                chunk = os.read(reader, 16) if is_ready else b""
                if not chunk:
                    raise ProgramError(f"Xvfb did not start (exit code {server.poll()})")
                number += chunk
        return f":{number.decode().strip()}"

    def open_programs(self) -> None:
        """Start what is to be seen."""
        picture = self._directory / "evening.ppm"
        write_ppm(picture, paint_evening(720, 480))
        scroll = [sys.executable, str(_SCROLL), str(self._motion_s)]
        subprocess.run(["xsetroot", "-solid", "#2b4a5e"], check=True)
        self._programs = {
            command[0]: self._start(self._exit, command)
            for command in (
                [
                    "xterm",
                    "-geometry",
                    "110x48+60+60",
                    "-fn",
                    "9x15",
                    "-bg",
                    "#101418",
                    "-fg",
                    "#d8dee4",
                    "-e",
                    *scroll,
                ],
                ["xclock", "-analog", "-update", "1", "-geometry", "360x360+1180+60"],
                ["feh", "--geometry", "720x480+1140+500", str(picture)],
            )
        }

    def freeze(self) -> None:
        """Let nothing on the screen change any more; what is on it stays."""
        for name, program in self._programs.items():
            if program.poll() is not None:
                raise ProgramError(f"{name} has ended with exit code {program.returncode}")
            program.send_signal(signal.SIGSTOP)

    @staticmethod
    def _start(stack: ExitStack, command: list[str], *, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        if shutil.which(command[0]) is None:
            raise ProgramError(f"{command[0]} is not installed")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        stack.callback(end, process)
        return process
