"""Programs on a private X server that tell what reaches them."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

from tests.support.programs import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tests.support.xserver import XServer

_UTF8 = {"LC_ALL": "C.UTF-8"}


def xdotool(server: XServer, *words: str) -> str:
    """Do something on a screen and return what xdotool prints."""
    # Characters that the keyboard does not have are known by their names in the locale's encoding.
    environment = {**os.environ, **_UTF8, "DISPLAY": server.display}
    return subprocess.run(["xdotool", *words], env=environment, check=True, capture_output=True, text=True).stdout


def press(server: XServer, *keys: str) -> None:
    """Press keys in whatever window has the keyboard."""
    xdotool(server, "key", "--delay", "30", *keys)


class XWatcher:
    """An `xev` with a window at the corner of the screen, which has the keyboard; says what the server sends it."""

    def __init__(self, server: XServer, width: int = 640, height: int = 480) -> None:
        geometry = f"{width}x{height}+0+0"
        self._process = subprocess.Popen(
            [*_unbuffered(), "xev", "-geometry", geometry, "-event", "keyboard", "-event", "button", "-event",
             "focus", "-event", "structure"],
            stdout=subprocess.PIPE, env={**os.environ, **_UTF8, "DISPLAY": server.display}, text=True,
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.seen: list[str] = []
        """What has been waited past: `press 38`, `release 38`, `button 1 press`."""
        self._wait_for(lambda event: event.startswith("map"))
        subprocess.run(
            ["xdotool", "search", "--sync", "--name", "Event Tester", "windowfocus", "--sync"],
            env={**os.environ, "DISPLAY": server.display}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.seen.clear()

    def _read(self) -> None:
        assert self._process.stdout is not None
        event = ""
        for line in self._process.stdout:
            if found := re.match(r"(\w+) event", line):
                event = found[1]
                if event == "MapNotify":
                    self._lines.put("map")
            elif found := re.search(r"keycode (\d+)", line):
                self._lines.put(f"{'press' if event == 'KeyPress' else 'release'} {found[1]}")
            elif found := re.search(r"button (\d+)", line):
                self._lines.put(f"button {found[1]} {'press' if event == 'ButtonPress' else 'release'}")

    def _wait_for(self, condition: object) -> str:
        while True:
            try:
                event = self._lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"it did not come; but {self.seen}") from None
            self.seen.append(event)
            if condition(event):  # type: ignore[operator]
                return event

    def wait_for(self, event: str) -> None:
        """Wait until something has come."""
        self._wait_for(lambda seen: seen == event)

    def has_seen(self, event: str) -> bool:
        """Whether something has come by now."""
        while not self._lines.empty():
            self.seen.append(self._lines.get())
        return event in self.seen

    def __enter__(self) -> XWatcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


class XTerminal:
    """An `xterm` in which a program reads what is typed, byte for byte, until it has so many."""

    def __init__(self, server: XServer, directory: Path, size_bytes: int) -> None:
        self._typed, ready = directory / "typed", directory / "ready"
        os.mkfifo(ready)
        os.mkfifo(self._typed)
        script = f"stty raw -echo; echo > {ready}; exec head -c {size_bytes} > {self._typed}"
        self._process = subprocess.Popen(
            ["xterm", "-u8", "-geometry", "80x24+0+0", "-e", script],
            env={**os.environ, **_UTF8, "DISPLAY": server.display},
        )
        ready.read_bytes()
        # Without a window manager the keyboard goes where the pointer is.
        subprocess.run(
            ["xdotool", "search", "--sync", "--class", "xterm", "windowfocus", "--sync"],
            env={**os.environ, "DISPLAY": server.display}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._content: list[bytes] = []
        self._reader = threading.Thread(target=lambda: self._content.append(self._typed.read_bytes()), daemon=True)
        self._reader.start()

    @property
    def is_complete(self) -> bool:
        """Whether all is typed."""
        return bool(self._content)

    def text(self) -> str:
        """Wait until all is typed and return it."""
        self._reader.join(PATIENCE_S)
        assert self._content, "not everything was typed"
        return self._content[0].decode()

    def __enter__(self) -> XTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


def _unbuffered() -> list[str]:
    stdbuf = shutil.which("stdbuf")
    return [stdbuf, "-oL"] if stdbuf else []
