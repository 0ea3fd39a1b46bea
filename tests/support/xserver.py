"""Private X servers for tests, and a pencil to draw on them."""

from __future__ import annotations

import os
import select
import subprocess
from time import monotonic
from typing import TYPE_CHECKING

from Xlib import X
from Xlib.display import Display

if TYPE_CHECKING:
    from types import TracebackType

START_TIMEOUT_S = 20.0


class XServer:
    """An Xvfb on a display of its own choice; ends with the block.

    Args:
        width: Of the screen in pixels.
        height: Of the screen in pixels.
        options: More arguments for Xvfb, for example `-extension`, `DAMAGE`.
        depth: Bits per pixel.
        display: Its number, `:7`, where it must be that one; free then.
    """

    def __init__(
        self, width: int = 640, height: int = 480, *options: str, depth: int = 24, display: str | None = None
    ) -> None:
        reader, writer = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["Xvfb", *([display] if display else []), "-displayfd", str(writer),
                 "-screen", "0", f"{width}x{height}x{depth}", "-nolisten", "tcp", "-noreset", *options],
                pass_fds=(writer,),
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            os.close(writer)
            number = _read_line(reader)
        finally:
            os.close(reader)
        if not number:
            self.kill()
            raise RuntimeError("Xvfb did not start")
        self.display = f":{number}"
        self.pid = self._process.pid
        self._modes: set[str] = set()

    def kill(self) -> None:
        """End the server as a crash would: at once."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> XServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def xrandr(self, *arguments: str) -> None:
        """Run xrandr on this server and wait until it is done."""
        subprocess.run(["xrandr", "-display", self.display, *arguments], check=True, capture_output=True)

    def wait_for_colour(self, x: int, y: int, colour: int, *, tolerance: int) -> None:
        """Look at a pixel, each time a moment after the last, until it has a colour (0xRRGGBB) in every channel."""
        display = Display(self.display)
        try:
            root = display.screen().root
            deadline = monotonic() + START_TIMEOUT_S
            while monotonic() < deadline:
                data = root.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFF).data
                seen = int.from_bytes(data[:3], "little")
                if all(abs((seen >> shift & 255) - (colour >> shift & 255)) <= tolerance for shift in (0, 8, 16)):
                    return
            raise AssertionError(f"pixel {x},{y} never was {colour:06x}; it is {seen:06x}")
        finally:
            display.close()

    def resize(self, width: int, height: int) -> None:
        """Give the screen another size, at most the one it was started with."""
        name = f"{width}x{height}-test"
        if name not in self._modes:
            self.xrandr("--newmode", name, "60", *map(str, _timings(width)), *map(str, _timings(height)))
            self.xrandr("--addmode", "screen", name)
            self._modes.add(name)
        self.xrandr("--output", "screen", "--mode", name)


class Pencil:
    """Draws on the root window; what it drew is on the screen when a method returns."""

    def __init__(self, display: str) -> None:
        self._display = Display(display)
        self._root = self._display.screen().root
        self._gc = self._root.create_gc()

    def fill(self, colour: int, x: int, y: int, width: int, height: int) -> None:
        """Fill a rectangle with a colour, 0xRRGGBB."""
        self._gc.change(foreground=colour, subwindow_mode=X.IncludeInferiors)
        self._root.fill_rectangle(self._gc, x, y, width, height)
        self._display.sync()

    def close(self) -> None:
        """Leave the server."""
        self._display.close()

    def __enter__(self) -> Pencil:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _read_line(descriptor: int) -> str:
    """Read up to the end of the line: Xvfb writes it apart, and dies when nobody reads it."""
    line = b""
    while not line.endswith(b"\n") and select.select([descriptor], [], [], START_TIMEOUT_S)[0]:
        chunk = os.read(descriptor, 16)
        if not chunk:
            break
        line += chunk
    return line.decode().strip()


def _timings(extent: int) -> tuple[int, int, int, int]:
    return extent, extent + 8, extent + 16, extent + 24
