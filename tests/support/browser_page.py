"""The browser client's page as a person sees it, and what they should never see: complaints, requests to strangers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.support.desk import eventually
from tests.support.programs import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import BrowserContext, Locator, Page

_WATCH_FIGURES = """
    window.Worker = class extends Worker {
      constructor(...how) {
        super(...how);
        this.addEventListener("message", ({ data: { data } }) => {
          if (data?.figures !== undefined) {
            window.figures = data.figures;
          }
        });
      }
    };
"""
"""The page shows its figures and keeps none; tests and measurements want the numbers."""

NETWORK_COMPLAINTS = re.compile(r"net::ERR_|Failed to load resource")
"""What Chromium itself writes to the console when nobody listens at an address. No page can help it."""


class BrowserPage:
    """One tab with the page.

    Args:
        context: Where it is opened.
        url: Of the page.
        scripts: What is run in it before its own.
    """

    def __init__(self, context: BrowserContext, url: str, *, scripts: Sequence[str] = ()) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        """What the console said, and errors nobody caught."""
        self.strangers: list[str] = []
        """Addresses beside the site's that were asked for something."""
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"{error}\n{error.stack}"))
        site = urlsplit(url).netloc
        self.page.on(
            "request",
            lambda request: self.strangers.append(request.url) if urlsplit(request.url).netloc != site else None,
        )
        for script in (_WATCH_FIGURES, *scripts):
            self.page.add_init_script(script)
        self.page.goto(url)

    def wait_for_words(self, pattern: str) -> None:
        """Wait until the notice says something."""
        expect(self._notice).to_be_visible(timeout=PATIENCE_S * 1000)
        expect(self._notice).to_contain_text(re.compile(pattern, re.DOTALL), timeout=PATIENCE_S * 1000)

    def wait_for_picture(self) -> None:
        """Wait until there is a picture and nothing to say."""
        expect(self._notice).to_be_hidden(timeout=PATIENCE_S * 1000)
        expect(self.page.locator("#picture")).to_have_css("left", re.compile(r"px$"), timeout=PATIENCE_S * 1000)
        self.wait_until("document.getElementById('picture').style.width !== ''")

    def watch_figures(self) -> None:
        """Have figures come from now on, as the overlay has them."""
        self.page.keyboard.press("F10")
        self.wait_until("window.figures !== undefined")

    def figure(self, name: str) -> int:
        """Return one of the counts since the page was opened. After `watch_figures`."""
        return int(self.page.evaluate(f"window.figures.totals.{name}"))

    def wait_for_figure(self, name: str, least: int) -> None:
        """Wait until a count is as large."""
        self.wait_until(f"window.figures.totals.{name} >= {least}")

    def wait_until(self, condition: str) -> None:
        """Ask until a condition in the page is true; Playwright's own way is forbidden by the page's policy."""
        eventually(
            lambda: self.page.evaluate(condition), lambda: (condition, self._notice.text_content(), self.complaints)
        )

    @property
    def _notice(self) -> Locator:
        return self.page.locator("#notice")

    def check(self, *, host_was_away: bool = False) -> None:
        """Make sure that there was nothing to complain of.

        Args:
            host_was_away: Then the browser itself says so on the console.
        """
        ours = [each for each in self.complaints if not (host_was_away and NETWORK_COMPLAINTS.search(each))]
        assert not ours, ours
        assert not self.strangers, self.strangers
