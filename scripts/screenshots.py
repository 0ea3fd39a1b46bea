#!/usr/bin/env python3
"""Takes pictures of the client's window and of the pages for `docs/`: `window-`, `dashboard-` and `browser-*.png`.

    .venv/bin/python scripts/screenshots.py [--only window|dashboard|browser] [DIRECTORY]

Two virtual screens: a small desktop of two monitors, which a real host streams, and one on which the real client opens
its window. The pages are looked at with Chromium, the dashboard after five minutes. Needs Xvfb, xrandr, xdotool,
xterm, Chromium.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from Xlib import X
from Xlib.display import Display

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pages.browser_pictures import take_browser
from pages.pictures import take_dashboard
from tests.support.programs import client, host
from tests.support.xserver import XServer

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 960, 540
_ROOT = Path(__file__).resolve().parents[1]
_SCROLL = _ROOT / "scripts" / "lib" / "demo" / "scroll.py"
_ADDRESS = "127.0.0.1:47900"
_STRIP = 60
"""Rows that fit into one request of the X protocol."""

_FIGURES_S = 6.0
"""After so long the overlay tells of a stream that runs."""


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", default=_ROOT / "docs", help="where to (docs)")
    parser.add_argument("--only", choices=("window", "dashboard", "browser"), help="not all of them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, _desktop() as desktop, XServer(WIDTH, HEIGHT) as screen:
        if options.only in (None, "window"):
            _take_all(Path(home), desktop, screen, options.directory)
        if options.only in (None, "browser"):
            take_browser(options.directory, desktop)
        if options.only in (None, "dashboard"):
            take_dashboard(options.directory, desktop)


def _take_all(home: Path, desktop: XServer, screen: XServer, directory: Path) -> None:
    silent = ("--audio", "off")
    with client(home, _ADDRESS, "--no-audio", "--overlay", DISPLAY=screen.display) as viewer:
        viewer.wait_for("waiting for ")
        press(screen, "F10")
        take(screen, directory / "window-connecting.png")
        with host(home, *silent, "--monitor", "0", listen=_ADDRESS, DISPLAY=desktop.display) as server:
            server.ready_address()
            viewer.wait_for("stream: ")
            press(screen, "F10")
            take(screen, directory / "window-overlay.png", after_s=_FIGURES_S)
            press(screen, "F10", "ctrl+alt+h", "Down", "Down")
            take(screen, directory / "window-menu.png")
            press(screen, "Escape")
            server.end()
        viewer.wait_for("lost .* nobody listens")
        take(screen, directory / "window-host-gone.png")


def press(screen: XServer, *keys: str) -> None:
    """Press keys in the window."""
    environment = {**os.environ, "DISPLAY": screen.display}
    subprocess.run(["xdotool", "key", "--delay", "50", *keys], env=environment, check=True)


def take(screen: XServer, path: Path, *, after_s: float = 1.0) -> None:
    """Write what is on a screen a moment later."""
    time.sleep(after_s)
    display = Display(screen.display)
    root = display.screen().root
    strips = [root.get_image(0, y, WIDTH, _STRIP, X.ZPixmap, 0xFFFFFFFF).data for y in range(0, HEIGHT, _STRIP)]
    display.close()
    pixels = np.frombuffer(b"".join(strips), np.uint8).reshape(HEIGHT, WIDTH, 4)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:, :, 2::-1]), format="rgb24")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = WIDTH, HEIGHT, "rgb24", Fraction(1, 1)
    encoder.options = {"compression_level": "9", "pred": "mixed"}
    frame.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


@contextmanager
def _desktop() -> Iterator[XServer]:
    """Start a screen with an evening on it and a terminal in which something happens."""
    with XServer(WIDTH + 640, HEIGHT) as server:
        server.xrandr("--setmonitor", "*left", f"{WIDTH}/250x{HEIGHT}/140+0+0", "screen")
        server.xrandr("--setmonitor", "right", f"640/170x480/130+{WIDTH}+0", "none")
        display = Display(server.display)
        _paint(display)
        terminal = subprocess.Popen(
            ["xterm", "-geometry", "88x28+330+60", "-fn", "7x14", "-bg", "#101418", "-fg", "#d8dee4",
             "-e", sys.executable, str(_SCROLL), "3600"],
            env={**os.environ, "DISPLAY": server.display},
        )  # fmt: skip
        try:
            yield server
        finally:
            terminal.terminate()
            terminal.wait()
            display.close()


def _paint(display: Display) -> None:
    """Paint the root window: a sky over hills."""
    x, y = np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT)[:, np.newaxis]
    sky = np.stack([110 + 20 * (1 - y) + 0 * x, 50 + 90 * y + 0 * x, 40 + 190 * y**1.5 + 0 * x], axis=2)
    for crest, colour in ((0.62, (90, 60, 80)), (0.74, (72, 45, 50)), (0.86, (45, 32, 24))):
        sky[y >= crest + 0.04 * np.sin(x * 9 + crest * 40) + 0.015 * np.sin(x * 31 + crest * 70)] = colour
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[:, :, :3] = np.clip(sky, 0, 255)
    root = display.screen().root
    gc = root.create_gc()
    for top in range(0, HEIGHT, _STRIP):
        root.put_image(gc, 0, top, WIDTH, _STRIP, X.ZPixmap, 24, 0, pixels[top : top + _STRIP].tobytes())
    display.sync()


if __name__ == "__main__":
    main()
