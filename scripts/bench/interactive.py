#!/usr/bin/env python3
"""Key to photon, seen from outside: a key goes down in the client's window, and what it types is seen in it.

    python scripts/bench/interactive.py [--count N] [--size WxH]

Two screens (Xvfb), host and client as real programs, a terminal on the host's screen that echoes. Keys are pressed with
XTEST on the client's screen. X tells when the host's screen has the key (raw events) and when either screen was drawn
on (DAMAGE); then the cell of the terminal is looked at, where the cursor gives way to the letter. Prints JSON:
percentiles of the whole way in milliseconds, and of its parts. "sent" is what the client's log says.

What is measured includes this program's own reading: about 0.3 ms at each step, more on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from Xlib import XK, X
from Xlib.display import Display
from Xlib.error import ConnectionClosedError
from Xlib.ext import damage, ge, xinput, xtest

from tests.support.programs import client, host
from tests.support.xserver import XServer
from wavry import cli
from wavry.media import Size
from wavry.observe.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.programs import Program

_PATIENCE_S = 5.0
_SETTLE_S = 3.0
"""Until picture and clocks have settled."""

_GAP_S = (0.08, 0.14)
"""Between an answer and the next key, at random, so that it meets every phase of a frame."""

_COLUMNS = 60
_LEFT = r" [1-9]\d* presses, left at (\d+) us"
"""What the client's log says of keys that went to the host."""

_DARK = 128
"""A cell darker than this on average holds the cursor, a lighter one a letter or nothing."""

_PARTS = ("press_to_sent", "sent_to_injected", "injected_to_host_pixels", "host_pixels_to_client_pixels")


class Cell(NamedTuple):
    """A part of a screen in pixels."""

    x: int
    y: int
    width: int
    height: int


class Watcher(threading.Thread):
    """Says when the cursor has left a cell of a screen. Ends with the X server."""

    def __init__(self, display_name: str) -> None:
        super().__init__(daemon=True)
        self._display = Display(display_name)
        self._root = self._display.screen().root
        self._cell: Cell | None = None
        self.seen: queue.Queue[float] = queue.Queue()
        self._display.damage_query_version()
        self._root.damage_create(damage.DamageReportRawRectangles)
        self._display.sync()

    def watch(self, cell: Cell) -> None:
        """Say when this cell has become bright; the cursor is in it now."""
        self._cell = cell

    def run(self) -> None:
        """Look whenever something was drawn."""
        with suppress(ConnectionClosedError):
            while True:
                self._display.next_event()
                while self._display.pending_events():
                    self._display.next_event()
                cell = self._cell
                if cell is not None and brightness(self._root, cell) > _DARK:
                    self._cell = None
                    self.seen.put(time.monotonic())


class KeyListener(threading.Thread):
    """Says when a key goes down on a screen, whoever has the keyboard. Ends with the X server."""

    def __init__(self, display_name: str) -> None:
        super().__init__(daemon=True)
        self._display = Display(display_name)
        self._display.xinput_query_version()
        self._display.screen().root.xinput_select_events([(xinput.AllMasterDevices, xinput.RawKeyPressMask)])
        self._display.sync()
        self.seen: queue.Queue[float] = queue.Queue()

    def run(self) -> None:
        """Note the time of each key that was pressed."""
        with suppress(ConnectionClosedError):
            while True:
                event = self._display.next_event()
                if event.type == ge.GenericEventCode and event.evtype == xinput.RawKeyPress:
                    self.seen.put(time.monotonic())


def brightness(root: Any, cell: Cell) -> float:
    """Return the mean of a cell's green, 0 to 255."""
    data: bytes = root.get_image(*cell, X.ZPixmap, 0xFFFFFF).data[1::4]
    return sum(data) / len(data)


def find_window(display: Any, name: str) -> Any:
    """Wait until a window of a class is there; return it."""
    give_up_at = time.monotonic() + 6 * _PATIENCE_S
    while time.monotonic() < give_up_at:
        for window in display.screen().root.query_tree().children:
            names = window.get_wm_class()
            if names is not None and name in names and window.get_attributes().map_state == X.IsViewable:
                return window
        time.sleep(0.05)
    raise SystemExit(f"no window of {name}")


class Terminal:
    """The terminal on the host's screen, with the keyboard."""

    def __init__(self, display_name: str, stack: ExitStack) -> None:
        command = ["xterm", "-geometry", f"{_COLUMNS}x20+40+40", "-fg", "black", "-bg", "white", "-cr", "black",
                   "+bc", "-b", "2", "+sb", "-e", "sh", "-c", "stty -icanon; exec cat > /dev/null"]  # fmt: skip
        process = subprocess.Popen(command, env={**os.environ, "DISPLAY": display_name})
        stack.callback(process.wait)
        stack.callback(process.kill)
        display = Display(display_name)
        self._window = find_window(display, "xterm")
        hints = self._window.get_wm_normal_hints()
        self._cell_size = hints.width_inc, hints.height_inc
        place = self._window.get_geometry()
        self._origin = place.x + place.border_width + 2, place.y + place.border_width + 2
        self._root = display.screen().root
        self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
        display.sync()
        self._typed = 0

    def cell(self) -> Cell:
        """Return where the next letter goes."""
        row, column = divmod(self._typed, _COLUMNS - 1)
        (width, height), (left, top) = self._cell_size, self._origin
        # The middle of it, where the cursor is and its neighbours are not.
        return Cell(left + column * width + 1, top + row * height + 2, width - 2, height - 4)

    def wait_for_cursor(self) -> None:
        """Wait until the cursor stands where the next letter goes."""
        give_up_at = time.monotonic() + _PATIENCE_S
        while brightness(self._root, self.cell()) > _DARK:
            if time.monotonic() > give_up_at:
                raise SystemExit(f"the terminal's cursor is not at {self.cell()}")
            time.sleep(0.01)

    def step(self) -> bool:
        """Note that a letter was typed; say whether a new line is due: in the last column the cursor would stay."""
        self._typed += 1
        return self._typed % (_COLUMNS - 1) == 0


class Keyboard:
    """Presses a key on the client's screen, whose window has the focus."""

    def __init__(self, display_name: str) -> None:
        self._display = Display(display_name)
        self.window = find_window(self._display, "wavry")
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()

    def press(self, keysym: int = XK.XK_i) -> float:
        """Press and release; return when."""
        code = self._display.keysym_to_keycode(keysym)
        pressed_at = time.monotonic()
        xtest.fake_input(self._display, X.KeyPress, code)
        self._display.sync()
        xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()
        return pressed_at

    def offset(self) -> tuple[int, int]:
        """Return where the window is."""
        place = self.window.get_geometry()
        return place.x, place.y

    def brightness(self, cell: Cell) -> float:
        """Return how bright a cell of the screen is."""
        return brightness(self._display.screen().root, cell)


def measure(
    viewer: Program, terminal: Terminal, keyboard: Keyboard, watchers: Sequence[Watcher], keys: KeyListener, count: int
) -> tuple[dict[str, Histogram], int]:
    """Press so many keys; return how long each part took, and how many keys were never seen."""
    on_host, on_client = watchers
    times = {name: Histogram() for name in ("key_to_photon", *_PARTS)}
    missed = 0
    chance = random.Random(7)
    for _ in range(count):
        time.sleep(chance.uniform(*_GAP_S))
        terminal.wait_for_cursor()
        cell = terminal.cell()
        left, top = keyboard.offset()
        shown = cell._replace(x=cell.x + left, y=cell.y + top)
        give_up_at = time.monotonic() + _PATIENCE_S
        while keyboard.brightness(shown) > _DARK and time.monotonic() < give_up_at:
            time.sleep(0.01)
        on_host.watch(cell)
        on_client.watch(shown)
        while not keys.seen.empty():
            keys.seen.get()  # X tells of each key twice, once for the device it came from
        pressed_at = keyboard.press()
        try:
            sent_at = int(viewer.wait_for(_LEFT)[1]) / 1e6
            steps = [pressed_at, sent_at, *(each.seen.get(timeout=_PATIENCE_S) for each in (keys, on_host, on_client))]
        except queue.Empty:
            missed += 1
        else:
            for name, begin, end in zip(_PARTS, steps, steps[1:], strict=False):
                times[name].add((end - begin) * 1000)
            times["key_to_photon"].add((steps[-1] - pressed_at) * 1000)
        if terminal.step():
            keyboard.press(XK.XK_Return)
            viewer.wait_for(_LEFT)
    return times, missed


def main() -> None:
    """Press and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="keys (200)")
    parser.add_argument("--size", type=cli.size, default=Size(1920, 1080), help="of the screens (1920x1080)")
    options = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wv")))
        host_screen = stack.enter_context(XServer(*options.size))
        client_screen = stack.enter_context(XServer(*options.size))
        terminal = Terminal(host_screen.display, stack)
        streaming = stack.enter_context(host(home, "--audio", "off", DISPLAY=host_screen.display))
        flags = ("--no-audio", "--log-level", "debug", "--stats-json", "stats.json")
        address = streaming.ready_address()
        viewer = stack.enter_context(client(home, address, *flags, DISPLAY=client_screen.display))
        viewer.wait_for("window: ")
        keyboard = Keyboard(client_screen.display)
        watchers = [Watcher(screen.display) for screen in (host_screen, client_screen)]
        keys = KeyListener(host_screen.display)
        for thread in (*watchers, keys):
            thread.start()
        time.sleep(_SETTLE_S)
        times, missed = measure(viewer, terminal, keyboard, watchers, keys, options.count)
        viewer.end()
        streaming.end()
        stats = json.loads((home / "stats.json").read_text(encoding="utf-8"))
    result = {
        "size": str(options.size),
        "count": options.count,
        "missed": missed,
        "key_to_photon_ms": times["key_to_photon"].summary(),
        "parts_ms": {name: times[name].summary() for name in _PARTS},
        "client_says_ms": stats["latency_ms"],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
