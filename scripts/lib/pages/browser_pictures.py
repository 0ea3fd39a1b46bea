"""Pictures of the browser client's page: the PIN, a desktop with figures, a phone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.browser_page import BrowserPage
from tests.support.chromium import chromium
from tests.support.programs import Program

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

    from tests.support.xserver import XServer

_DESKTOP: ViewportSize = {"width": 960, "height": 540}
_FIGURES_MS = 6000
"""After so long the overlay tells of a stream that runs."""

_LANDSCAPE: ViewportSize = {"width": 780, "height": 390}
_PORTRAIT: ViewportSize = {"width": 390, "height": 780}


def take_browser(directory: Path, desktop: XServer) -> None:
    """Write `browser-*.png`.

    Args:
        directory: Where to.
        desktop: What the host shows.
    """
    flags = ("--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--audio", "off", "--monitor", "0", "--no-discovery")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with Program("wavry.server", *flags, home=home, DISPLAY=desktop.display) as server, chromium() as browser:
            url = server.wait_for(r"^wavry-server web (http://\S+)$")[1]
            tab = BrowserPage(browser.new_context(viewport=_DESKTOP), url)
            tab.wait_for_words("wants a PIN")
            _save(tab, directory / "browser-pin.png")
            _pair(tab, home)
            tab.page.keyboard.press("F10")
            tab.page.wait_for_timeout(_FIGURES_MS)
            _save(tab, directory / "browser-overlay.png")
            tab.page.close()
            phone = browser.new_context(viewport=_LANDSCAPE, device_scale_factor=1, has_touch=True, is_mobile=True)
            tab = BrowserPage(phone, url)
            tab.wait_for_words("wants a PIN")
            _pair(tab, home)
            _save(tab, directory / "browser-phone.png")
            tab.page.set_viewport_size(_PORTRAIT)
            tab.page.get_by_role("button", name="Menu").tap()
            _save(tab, directory / "browser-phone-menu.png")


def _pair(tab: BrowserPage, home: Path) -> None:
    """Have the page let in."""
    with Program("wavry.server", "pair", home=home) as command:
        pin = command.wait_for(r"PIN (\d{6})")[1]
    tab.page.locator("#pin").fill(pin)
    tab.page.locator("#pin").press("Enter")
    tab.wait_for_picture()


def _save(tab: BrowserPage, path: Path) -> None:
    """Write what the page looks like a moment later."""
    tab.page.wait_for_timeout(1000)
    tab.page.screenshot(path=str(path))
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
