"""The browser client whole: a real host, a real Chromium with a window, each on a screen of its own."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from demo.desktop import HEIGHT, WIDTH, VirtualDesktop
from demo.pictures import psnr, read_png
from demo.screen import take_screenshot, wait_until_still
from tests.support.browser_page import BrowserPage
from tests.support.chromium import chromium
from tests.support.programs import PATIENCE_S, Program
from tests.support.xserver import Pencil, XServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.integration

SMALL = ("--source", "testcard", "--size", "320x180", "--fps", "30")
TRUE_ENOUGH_DB = 32.0


class Machine:
    """A host with a page, and what its user types there."""

    def __init__(self, home: Path, *flags: str, udp: str = "127.0.0.1:0", web: str = "127.0.0.1:0", **env: str) -> None:
        home.mkdir(exist_ok=True)
        self.home = home
        common = ("--audio", "off", "--no-discovery")
        self.host = Program("wavry.server", "--listen", udp, "--web", web, *common, *flags, home=home, **env)
        self.url = self.host.wait_for(r"^wavry-server web (http://\S+)$")[1]
        self.address = self.host.ready_address()

    @property
    def web(self) -> str:
        """HOST:PORT of the page."""
        return self.url.removeprefix("http://").rstrip("/")

    def command(self, *arguments: str) -> list[str]:
        with Program("wavry.server", *arguments, home=self.home) as command:
            assert command.wait() == 0, command.lines
            return command.lines

    def pin(self) -> str:
        match = re.search(r"PIN (\d{6})", self.command("pair")[0])
        assert match
        return match[1]

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.host.__exit__(None, None, None)


@contextmanager
def window(width: int = 1280, height: int = 900) -> Iterator[Browser]:
    """A browser with a window on a screen of its own."""
    arguments = ("--window-position=0,0", f"--window-size={width},{height}")
    with XServer(width, height) as screen, chromium(display=screen.display, arguments=arguments) as browser:
        yield browser


def test_what_stands_still_on_the_host_is_true_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "")  # the desktop sets it
    with VirtualDesktop(tmp_path, motion_s=600) as desktop:
        display = os.environ["DISPLAY"]
        desktop.open_programs()
        with Machine(tmp_path / "host", "--no-auth", DISPLAY=display) as machine, window(2000, 1300) as browser:
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1)
            tab = BrowserPage(context, machine.url)
            tab.wait_for_picture()
            desktop.freeze()
            still = wait_until_still(PATIENCE_S, lambda: None)
            assert still is not None, "the desktop does not stand still"
            tab.page.wait_for_timeout(1000)  # the second of stillness that the promise is about
            tab.page.screenshot(path=str(tmp_path / "page.png"))
            assert psnr(read_png(tmp_path / "page.png"), take_screenshot()) >= TRUE_ENOUGH_DB
            tab.check()


def test_a_page_is_paired_by_pin_once_comes_again_and_is_revoked_while_it_watches(tmp_path: Path) -> None:
    with Machine(tmp_path / "host", *SMALL) as machine, window() as browser:
        context = browser.new_context()
        tab = BrowserPage(context, machine.url)
        tab.wait_for_words("wants a PIN.*does not know this client.*wavry.server pair")
        pin = machine.pin()
        field = tab.page.locator("#pin")
        expect(field).to_be_focused()
        field.fill(f"{(int(pin) + 1) % 1_000_000:06}")
        field.press("Enter")
        tab.wait_for_words("wrong PIN.*2 more tries")
        expect(field).to_have_value("")
        field.fill(pin)
        field.press("Enter")
        tab.wait_for_picture()
        expect(tab.page.get_by_label("Keyboard of the host")).to_be_focused()
        tab.page.reload()
        tab.wait_for_picture()
        [line] = machine.command("clients")
        assert re.search(r"Chrom\S+ on Linux +browser", line), line
        stolen = tab.page.evaluate(_READ_KEY)
        assert stolen == {"extractable": False, "exported": "InvalidAccessError"}
        machine.command("clients", "revoke", line.split()[0])
        tab.wait_for_words("refuses this page.*revoked")
        tab.page.get_by_role("button", name="Connect again").click()
        tab.wait_for_words("wants a PIN")
        tab.check()
        machine.host.end()
        assert pin not in "\n".join(machine.host.lines)


_READ_KEY = """() => new Promise((resolve) => {
  const request = indexedDB.open("wavry", 1);
  request.onsuccess = () => {
    const found = request.result.transaction("keys").objectStore("keys").get("client");
    found.onsuccess = async () => {
      const { extractable } = found.result.privateKey;
      const exported = await crypto.subtle.exportKey("pkcs8", found.result.privateKey).catch(({ name }) => name);
      request.result.close();
      resolve({ extractable, exported });
    };
  };
})"""


def test_pairing_is_closed_after_three_wrong_pins(tmp_path: Path) -> None:
    with Machine(tmp_path / "host", *SMALL) as machine, window() as browser:
        tab = BrowserPage(browser.new_context(), machine.url)
        tab.wait_for_words("wants a PIN")
        pin = machine.pin()
        field = tab.page.locator("#pin")
        for wrong, words in enumerate(("2 more tries", "1 more tries", "pairing is closed"), start=1):
            field.fill(f"{(int(pin) + wrong) % 1_000_000:06}")
            field.press("Enter")
            tab.wait_for_words(words)
        field.fill(pin)
        field.press("Enter")
        tab.wait_for_words("no PIN is open")
        tab.check()


def test_a_host_that_stops_is_waited_for_and_found_again(tmp_path: Path) -> None:
    with window() as browser:
        tab = None
        with Machine(tmp_path / "host", *SMALL, "--no-auth") as machine:
            tab = BrowserPage(browser.new_context(), machine.url)
            tab.wait_for_picture()
            machine.host.end()
        tab.wait_for_words("Lost .*trying again")
        expect(tab.page.locator("#dimmer")).to_be_visible()
        with Machine(tmp_path / "host", *SMALL, "--no-auth", udp=machine.address, web=machine.web):
            tab.wait_for_picture()
            tab.watch_figures()
            tab.wait_for_figure("sessions", 2)
            decoded = tab.figure("picturesDecoded")
            tab.wait_for_figure("picturesDecoded", decoded + 10)
        tab.check(host_was_away=True)


def test_a_screen_that_goes_is_told_of_over_the_last_picture(tmp_path: Path) -> None:
    with window() as browser, XServer(320, 240) as screen:
        with Machine(tmp_path / "host", "--no-auth", DISPLAY=screen.display) as machine:
            tab = BrowserPage(browser.new_context(), machine.url)
            tab.wait_for_picture()
            screen.kill()
            tab.wait_for_words("The host has no picture")
            expect(tab.page.locator("#dimmer")).to_be_visible()
            with XServer(320, 240, display=screen.display):
                tab.wait_for_picture()
            tab.check()


def test_a_screen_of_another_size_is_followed(tmp_path: Path) -> None:
    with window() as browser, XServer(800, 600) as screen:
        with Machine(tmp_path / "host", "--no-auth", DISPLAY=screen.display) as machine:
            tab = BrowserPage(browser.new_context(), machine.url)
            tab.wait_for_picture()
            ratio = "(({ width, height }) => Math.round(100 * width / height))(document.getElementById('picture')"
            ratio += ".getBoundingClientRect())"
            assert tab.page.evaluate(ratio) == round(100 * 800 / 600)
            screen.resize(640, 360)
            tab.wait_until(f"{ratio} === {round(100 * 640 / 360)}")
            tab.wait_for_picture()
            tab.check()


_LOOK_AWAY = """
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
"""
"""What a browser tells a page whose tab goes to the back; Playwright has all pages believe that they are in front."""

_LOOK_BACK = """
    delete document.visibilityState;
    document.dispatchEvent(new Event("visibilitychange"));
"""


def test_a_tab_that_nobody_looks_at_decodes_nothing_and_goes_on_when_somebody_does(tmp_path: Path) -> None:
    with Machine(tmp_path / "host", *SMALL, "--no-auth") as machine, window() as browser:
        context = browser.new_context()
        tab = BrowserPage(context, machine.url)
        tab.wait_for_picture()
        tab.watch_figures()
        other = BrowserPage(context, machine.url)
        other.wait_for_picture()
        other.watch_figures()
        tab.page.evaluate(_LOOK_AWAY)
        received = tab.figure("framesReceived")
        tab.wait_for_figure("framesReceived", received + 30)
        decoded = tab.figure("picturesDecoded")
        tab.wait_for_figure("framesReceived", received + 60)
        assert tab.figure("picturesDecoded") == decoded
        assert other.figure("picturesDecoded") > 0
        assert machine.host.count("encode: h264") == 1, "one encoder for both"
        tab.page.evaluate(_LOOK_BACK)
        tab.wait_for_figure("picturesDecoded", decoded + 10)
        tab.check()
        other.check()


def test_figures_menu_scaling_full_screen_and_leaving_by_keys(tmp_path: Path) -> None:
    with XServer(800, 600) as screen, window() as browser:
        with Machine(tmp_path / "host", "--no-auth", DISPLAY=screen.display) as machine, Pencil(screen.display) as pen:
            tab = BrowserPage(browser.new_context(), machine.url)
            page = tab.page
            tab.wait_for_picture()
            pen.fill(0x336699, 10, 10, 50, 50)
            page.keyboard.press("F10")
            overlay = page.locator("#overlay")
            expect(overlay).to_contain_text(re.compile(r"800x600\s*h264.*screen to screen\s*\d", re.DOTALL))
            page.keyboard.press("F10")
            expect(overlay).to_be_hidden()

            page.keyboard.press("Control+Alt+h")
            menu = page.get_by_role("dialog", name="Menu")
            expect(menu).to_contain_text("F11")
            expect(menu.get_by_role("button").first).to_be_focused()
            page.keyboard.press("ArrowDown")
            expect(menu.get_by_role("button").nth(1)).to_be_focused()
            page.keyboard.press("ArrowUp")
            page.keyboard.press("ArrowUp")
            expect(menu.get_by_role("button").last).to_be_focused()
            page.keyboard.press("Escape")
            expect(menu).to_be_hidden()

            page.keyboard.press("Control+Alt+s")
            expect(page.locator("#hint")).to_have_text("Scaling: 1:1")
            expect(page.locator("#picture")).to_have_css("width", "800px")

            page.keyboard.press("F11")
            tab.wait_until("document.fullscreenElement !== null")
            page.keyboard.press("F11")
            tab.wait_until("document.fullscreenElement === null")

            page.keyboard.press("Control+Alt+q")
            tab.wait_for_words("You have left")
            page.get_by_role("button", name="Connect again").click()
            tab.wait_for_picture()
            tab.check()


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ("WebTransport", "no WebTransport.*Chrome"),
        ("VideoDecoder", "no WebCodecs.*Chrome"),
        ("isSecureContext", "needs a secure connection.*https://"),
    ],
)
def test_a_browser_that_can_not_do_it_is_told_so_and_what_to_do(tmp_path: Path, lacks: str, words: str) -> None:
    with Machine(tmp_path / "host", *SMALL, "--no-auth") as machine, chromium() as browser:
        tab = BrowserPage(browser.new_context(), machine.url, scripts=[f"delete window.{lacks}"])
        tab.wait_for_words(words)
        assert not tab.page.workers
        tab.check()


def test_a_phone_has_a_menu_to_touch_and_words_that_fit(tmp_path: Path) -> None:
    with Machine(tmp_path / "host", *SMALL) as machine, chromium() as browser:
        context = browser.new_context(
            viewport={"width": 390, "height": 780}, device_scale_factor=3, has_touch=True, is_mobile=True
        )
        tab = BrowserPage(context, machine.url)
        tab.wait_for_words("wants a PIN")
        field = tab.page.locator("#pin")
        assert field.get_attribute("inputmode") == "numeric"
        field.fill(machine.pin())
        tab.page.get_by_role("button", name="Pair").tap()
        tab.wait_for_picture()
        tab.page.get_by_role("button", name="Menu").tap()
        menu = tab.page.get_by_role("dialog", name="Menu")
        expect(menu).to_be_visible()
        lines = menu.get_by_role("button").all()
        assert all((box := line.bounding_box()) is not None and box["height"] >= 44 for line in lines)
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tab.check()
