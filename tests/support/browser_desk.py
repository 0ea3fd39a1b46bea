"""A browser on one screen, a host on another: hands on the one, a look at the other."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.chromium import PROGRAM, chromium
from tests.support.desk import HOST_SCREEN, Desk, eventually
from tests.support.programs import Program, host
from tests.support.xserver import XServer
from wavry.media import Size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

BROWSER_SCREEN = Size(1920, 1200)

_WATCH_POINTER = """
    addEventListener("pointermove", ({clientX, clientY}) => { window.seenAt = [clientX, clientY]; }, {capture: true});
"""

_PICTURE = """
    (({x, y, width, height}) => [x, y, width, height].map((each) => each * devicePixelRatio))(
        document.getElementById("picture").getBoundingClientRect())
"""

_IS_CONNECTED = """
    document.getElementById("notice").hidden && document.getElementById("picture").style.width !== ""
"""


class Place(NamedTuple):
    """Where the picture is on the browser's screen, in its pixels; on dense screens between them."""

    x: float
    y: float
    width: float
    height: float

    def point(self, across: float, down: float) -> tuple[int, int]:
        """Return a pixel of it: shares of the way from its first to its last."""
        return round(self.x + across * (self.width - 1)), round(self.y + down * (self.height - 1))


class BrowserDesk(Desk):
    """The browser's screen, with xdotool for hands, and a look at the host's."""

    def __init__(
        self,
        host_screen: XServer,
        browser_screen: XServer,
        server: Program,
        browser: Browser,
        url: str,
        density: float,
    ) -> None:
        super().__init__(host_screen, browser_screen)
        self.density, self.server = density, server
        self.complaints: list[str] = []
        """What the page's console said, and errors nobody caught."""
        context = browser.new_context(no_viewport=True)
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.add_init_script(_WATCH_POINTER)
        self.page.goto(url)
        eventually(lambda: self.ask(_IS_CONNECTED))
        self.window = self.do("search", "--onlyvisible", "--class", "chrom").split()[-1]
        self.focus()

    def ask(self, script: str) -> Any:
        """Evaluate something in the page."""
        return self.page.evaluate(script)

    def resize(self, size: Size) -> None:
        """Give the page another size in pixels of the screen, in the corner of it."""
        beside = self.ask("[outerWidth - innerWidth, outerHeight - innerHeight].map((each) => each * devicePixelRatio)")
        self.do("windowmove", self.window, "0", "0")
        self.do(
            "windowsize", self.window, *(str(round(whole + more)) for whole, more in zip(size, beside, strict=True))
        )
        eventually(lambda: self._has_size(size), lambda: self.ask("[innerWidth, innerHeight, devicePixelRatio]"))

    def _has_size(self, size: Size) -> bool:
        seen = self.ask("[innerWidth, innerHeight].map((each) => each * devicePixelRatio)")
        return all(abs(is_now - wanted) < self.density for is_now, wanted in zip(seen, size, strict=True))

    def picture(self) -> Place:
        """Return where the picture is on the browser's screen."""
        left, top = self._page_corner()
        x, y, width, height = self.ask(_PICTURE)
        return Place(left + x, top + y, width, height)

    def _page_corner(self) -> tuple[float, float]:
        """Return where the page begins on the screen: what the browser says of a place of the pointer tells."""
        self.ask("window.seenAt = null")
        x, y = 300, 300
        self.do("mousemove", "310", "310", "mousemove", str(x), str(y))
        eventually(lambda: self.ask("window.seenAt !== null"))
        seen = self.ask("new Promise((resolve) => requestAnimationFrame(() => resolve(window.seenAt)))")
        return x - seen[0] * self.density, y - seen[1] * self.density


@contextmanager
def lone_browser(screen: XServer, profile: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a browser that nobody drives: Playwright has its pages believe that they always have the keyboard."""
    process = subprocess.Popen(
        [PROGRAM, "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--password-store=basic",
         f"--user-data-dir={profile}", "--window-position=0,0", "--window-size=1280,900", url],
        env={**os.environ, "DISPLAY": screen.display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def browser_desk(home: Path, *host_flags: str, density: float = 1.0) -> Iterator[BrowserDesk]:
    """Host and browser, each on a screen of its own; the browser's has so many pixels for each of CSS."""
    with XServer(*HOST_SCREEN) as host_screen, XServer(*BROWSER_SCREEN) as browser_screen:
        flags = ("--audio", "off", "--web", "127.0.0.1:0", *host_flags)
        with host(home, *flags, DISPLAY=host_screen.display) as server:
            url = server.wait_for(r"^wavry-server web (http://\S+)$")[1]
            arguments = ["--window-position=0,0", f"--window-size={BROWSER_SCREEN.width},{BROWSER_SCREEN.height}"]
            if density != 1.0:
                arguments.append(f"--force-device-scale-factor={density}")
            with chromium(display=browser_screen.display, arguments=arguments) as browser:
                desk = BrowserDesk(host_screen, browser_screen, server, browser, url, density)
                try:
                    yield desk
                    assert not desk.complaints, desk.complaints
                finally:
                    desk.close()
