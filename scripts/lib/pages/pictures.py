"""Pictures of the dashboard for the documents."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.chromium import chromium
from tests.support.programs import Program, client, host

if TYPE_CHECKING:
    from tests.support.xserver import XServer

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")

_RUNS_S = 320.0
"""So long a host has to run until the graphs of five minutes are full."""

_SETTLES_S = 2.0
_RELAY = "scripts.impair"
_NETWORK = ("--profile", "wifi")


def take_dashboard(directory: Path, desktop: XServer, *, runs_s: float = _RUNS_S) -> None:
    """Write `dashboard-{wide,phone}-{light,dark}.png` of a host that streams a desktop to two clients.

    One of them is behind a network that loses packets.

    Args:
        directory: Where to.
        desktop: What the host captures.
        runs_s: How long it streams before.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        arguments = ("--audio", "off", "--monitor", "0", "--dashboard", "127.0.0.1:0")
        server = stack.enter_context(host(home, *arguments, DISPLAY=desktop.display))
        url = server.wait_for(r"^wavry-server dashboard (http://\S+)$")[1]
        address = server.ready_address()
        relay = stack.enter_context(Program(_RELAY, "127.0.0.1:0", address, *_NETWORK, home=home))
        through = relay.wait_for(r"^impair ready udp://(\S+)")[1]
        for number, (name, to) in enumerate((("Workshop", address), ("Laptop upstairs", through))):
            own = home / str(number)
            own.mkdir()
            viewer = stack.enter_context(client(own, to, "--headless", "--name", name))
            viewer.wait_for("stream: ")
        time.sleep(runs_s)
        _take_all(url, directory)


def _take_all(url: str, directory: Path) -> None:
    with chromium() as browser:
        for kind, (width, height) in SIZES.items():
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if theme == "dark" else "light",
                )
                page = context.new_page()
                page.goto(url)
                page.locator("#link[data-state=live]").wait_for()
                page.locator("#tile-frames", has_text=re.compile("fps")).wait_for()
                time.sleep(_SETTLES_S)
                path = directory / f"dashboard-{kind}-{theme}.png"
                page.screenshot(path=path)
                context.close()
                print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
