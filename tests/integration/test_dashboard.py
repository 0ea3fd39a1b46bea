"""The dashboard of a host that really streams, in a real browser and by whoever else comes."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.chromium import chromium
from tests.support.programs import PATIENCE_S, Program, client, host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.integration

PATIENCE_MS = PATIENCE_S * 1000
_SOURCE = ("--source", "testcard", "--size", "320x180", "--audio", "off")


class Running(NamedTuple):
    """A host that streams to a client, and its dashboard."""

    url: str
    server: Program
    viewer: Program


@contextmanager
def streaming(home: Path, *arguments: str) -> Iterator[Running]:
    with host(home, *_SOURCE, "--dashboard", "127.0.0.1:0", *arguments) as server:
        url = server.wait_for(r"^wavry-server dashboard (http://\S+)$")[1]
        with client(home, server.ready_address(), "--headless", "--name", "<b>desk & co</b>") as viewer:
            viewer.wait_for("stream: ")
            yield Running(url, server, viewer)


@contextmanager
def opened(browser: Browser, url: str, allowed_console: str = r"^$") -> Iterator[Page]:
    """Open a page; at the end there was no error, and no request to anybody else.

    Args:
        browser: Where.
        url: What.
        allowed_console: What the browser may say by itself.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said: list[str] = []
    foreign: list[str] = []
    ours = urlsplit(url).netloc

    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if urlsplit(request.url).netloc != ours else None)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    try:
        yield page
    finally:
        context.close()
    assert [each for each in said if not re.search(allowed_console, each)] == []
    assert foreign == []


def live(page: Page) -> None:
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)


def true_at_last(page: Page, condition: str) -> None:
    """Wait until something is true in the page; its policy forbids Playwright's own `wait_for_function`."""
    page.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


def memory(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}api/memory", timeout=PATIENCE_S) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def encoded_more(url: str, frames: int) -> None:
    """See that the stream goes on."""
    before = memory(url)["frames_encoded"]
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    connection.request("GET", "/api/events")
    answer = connection.getresponse()
    while (line := answer.readline()) and not (
        line.startswith(b'data: {"version"') and json.loads(line[6:])["frames_encoded"] >= before + frames
    ):
        pass
    assert line, "the stream of events has ended"
    connection.close()


def plotted(page: Page) -> list[int]:
    """Return how many coloured pixels each graph has: its curve."""
    found: list[int] = page.evaluate(
        """() => [...document.querySelectorAll(".plot canvas")].map((canvas) => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let found = 0;
            for (let at = 0; at < data.length; at += 4)
                if (data[at + 3] > 128 && Math.max(data[at], data[at + 1], data[at + 2])
                    - Math.min(data[at], data[at + 1], data[at + 2]) > 60) found++;
            return found;
        })"""
    )
    return found


def test_the_page_shows_a_host_that_streams(tmp_path: Path) -> None:
    looked_at = "Canvas2D: Multiple readback operations"  # by `plotted`
    with streaming(tmp_path) as running, chromium() as browser, opened(browser, running.url, looked_at) as page:
        live(page)
        expect(page.locator("#sessions tr[data-session]")).to_have_count(1, timeout=PATIENCE_MS)
        expect(page.locator("#sessions .who span")).to_have_text("<b>desk & co</b>")
        expect(page.locator("#tile-frames")).to_contain_text("fps", timeout=PATIENCE_MS)
        before = plotted(page)
        at = float(page.evaluate("document.body.dataset.at"))
        true_at_last(page, f"Number(document.body.dataset.at) > {at + 5}")
        after = plotted(page)
        assert len(after) == 9
        for title in ("Memory", "Latency", "Bit rate", "Frame rate"):
            graph = page.locator("figure", has_text=title).first
            number = graph.evaluate("each => [...each.parentNode.children].indexOf(each)")
            assert after[number] > before[number], f"{title} does not move: {before} {after}"
        for radio in ("1 h", "24 h", "5 min"):
            page.get_by_text(radio, exact=True).click()
        expect(page.locator("#log li").first).to_be_visible()
        assert page.locator("#marks tr").count() >= 3


def test_the_page_s_numbers_are_those_of_api_memory_at_the_same_time(tmp_path: Path) -> None:
    with streaming(tmp_path) as running, chromium() as browser, opened(browser, running.url) as page:
        live(page)
        expect(page.locator("#budget tr").nth(5)).to_be_visible(timeout=PATIENCE_MS)
        # What the page shows, and what the host says in the moment after: what changes each frame may differ by that.
        shown, told = page.evaluate(
            """async () => {
                const told = await (await fetch("/api/memory")).json();
                const at = told.wall_s;
                while (Number(document.body.dataset.at) < at) await new Promise(requestAnimationFrame);
                const rows = [...document.querySelectorAll("#budget tr")].map((row) =>
                    [row.dataset.holder, row.querySelector(".cap").textContent]);
                return [{rss: document.querySelector("#tile-memory").textContent,
                         pools: [...document.querySelectorAll("#pools tr")].map((row) => row.cells[0].textContent),
                         sessions: document.querySelector("#tile-sessions").textContent, rows}, told];
            }"""
        )
        rss, unit = shown["rss"].split("\u00a0")
        assert unit == "MB"
        assert abs(float(rss) - told["memory"]["rss_mb"]) <= 0.5
        assert dict(shown["rows"]) == {entry["name"]: written(entry["cap_bytes"]) for entry in told["budget"]}
        assert shown["pools"] == [pool["name"] for pool in told["pools"]]
        assert shown["sessions"] == str(len(told["sessions"]))


def written(size: int) -> str:
    """Return bytes as the page writes them."""
    if size < 1000:
        return f"{size}\u00a0B"
    if size < 999_500:
        return f"{size / 1000:.{1 if size < 99_950 else 0}f}\u00a0kB"
    return f"{size / 1e6:.1f}\u00a0MB"


def test_a_client_is_disconnected_from_the_page_after_it_was_asked(tmp_path: Path) -> None:
    with streaming(tmp_path) as running, chromium() as browser, opened(browser, running.url) as page:
        live(page)
        row = page.locator("#sessions tr[data-session='1']")
        row.get_by_role("button").click()
        page.get_by_role("button", name="Keep it").click()
        expect(page.locator("#ask")).to_be_hidden()
        assert len(memory(running.url)["sessions"]) == 1
        row.get_by_role("button").press("Enter")
        page.locator("#ask").get_by_role("button", name="Disconnect").press("Enter")
        expect(row).to_have_count(0, timeout=PATIENCE_MS)
        expect(page.locator("#toast")).to_have_text("Disconnected")
        running.server.wait_for("was sent away")


def test_a_page_that_got_no_answer_at_first_can_disconnect_all_the_same(tmp_path: Path) -> None:
    with streaming(tmp_path) as running, chromium() as browser, opened(browser, running.url, "ERR_FAILED") as page:
        live(page)
        page.route("**/api/session", lambda route: route.abort())
        page.reload()
        row = page.locator("#sessions tr[data-session='1']")
        expect(row).to_have_count(1, timeout=PATIENCE_MS)
        page.unroute("**/api/session")
        row.get_by_role("button").click()
        page.locator("#ask").get_by_role("button", name="Disconnect").click()
        expect(page.locator("#toast")).to_have_text("Disconnected")
        running.server.wait_for("was sent away")


def test_the_page_says_that_the_host_is_gone_and_finds_it_again(tmp_path: Path) -> None:
    arguments = (*_SOURCE, "--dashboard")
    lost = r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
    with ExitStack() as stack:
        first = stack.enter_context(host(tmp_path, *arguments, "127.0.0.1:0"))
        url = first.wait_for(r"^wavry-server dashboard (http://\S+)$")[1]
        browser = stack.enter_context(chromium())
        page = stack.enter_context(opened(browser, url, lost))
        live(page)
        first.ready_address()
        assert first.end() == 0, first.lines
        expect(page.locator("#link")).to_have_attribute("data-state", "gone", timeout=PATIENCE_MS)
        expect(page.locator("#link-words")).to_contain_text("gone")
        second = stack.enter_context(host(tmp_path, *arguments, urlsplit(url).netloc))
        second.ready_address()
        live(page)


def test_the_page_works_with_the_keyboard_and_fits_a_phone(tmp_path: Path) -> None:
    with streaming(tmp_path) as running, chromium() as browser, opened(browser, running.url) as page:
        live(page)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        page.locator("#theme").focus()
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.locator("input[value='300']").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("input[value='3600']")).to_be_checked()
        page.set_viewport_size({"width": 390, "height": 844})
        true_at_last(page, "document.documentElement.scrollWidth === 390")


def test_strangers_are_refused_and_the_stream_goes_on(tmp_path: Path) -> None:
    with streaming(tmp_path) as running:
        place = urlsplit(running.url).netloc
        for path, headers, status in (
            ("/", {"Host": "rebound.example"}, 421),
            ("/api/memory", {"Origin": "http://evil.example"}, 403),
            ("/../site.py", {}, 404),
            ("/%2e%2e/site.py", {}, 404),
            ("/uplot/../../site.py", {}, 404),
        ):
            connection = http.client.HTTPConnection(place, timeout=PATIENCE_S)
            connection.request("GET", path, headers=headers)
            assert connection.getresponse().status == status, path
            connection.close()
        connection = http.client.HTTPConnection(place, timeout=PATIENCE_S)
        connection.request("POST", "/api/sessions/1/disconnect", headers={"Origin": running.url.rstrip("/")})
        assert connection.getresponse().status == 403
        connection.close()
        encoded_more(running.url, 30)
        assert len(memory(running.url)["sessions"]) == 1


def test_many_connections_and_a_stalled_reader_change_nothing(tmp_path: Path) -> None:
    with streaming(tmp_path) as running, ExitStack() as stack:
        name, _, port = urlsplit(running.url).netloc.rpartition(":")
        stalled = stack.enter_context(socket.create_connection((name, int(port)), timeout=PATIENCE_S))
        stalled.sendall(f"GET /api/events HTTP/1.1\r\nHost: {name}:{port}\r\n\r\n".encode())
        held = [
            stack.enter_context(socket.create_connection((name, int(port)), timeout=PATIENCE_S)) for _ in range(500)
        ]
        encoded_more(running.url, 30)
        entry = {each["name"]: each for each in memory(running.url)["budget"]}
        assert entry["dashboard.connections"]["drops"] >= len(held) - 64
        assert entry["dashboard.connections"]["high_water_bytes"] <= entry["dashboard.connections"]["cap_bytes"]
        running.server.wait_for("a page that takes nothing was left")
        encoded_more(running.url, 30)
        assert not running.viewer.has_printed("lost")


def test_off_loopback_the_host_asks_for_its_token_and_speaks_https(tmp_path: Path) -> None:
    with host(tmp_path, *_SOURCE, "--dashboard", "0.0.0.0:0") as server:
        match = server.wait_for(r"^wavry-server dashboard https://0\.0\.0\.0:(\d+)/\?token=(\S+)$")
        port, token = int(match[1]), match[2]
        server.ready_address()
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

        def ask(path: str, **headers: str) -> tuple[int, str, bytes]:
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=PATIENCE_S)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, answer.headers.get("Set-Cookie", "").partition(";")[0], body

        assert ask("/")[0] == 401
        assert ask("/?token=wrong")[0] == 401
        code, cookie, _ = ask(f"/?token={token}")
        assert code == 303
        code, _, body = ask("/api/memory", Cookie=cookie)
        assert code == 200
        (failures,) = (each for each in json.loads(body)["budget"] if each["name"] == "dashboard.failures")
        assert failures["high_water_bytes"] > failures["used_bytes"] == 0  # forgiven with the right one
        assert ask("/metrics", Authorization=f"Bearer {token}")[0] == 200
        assert server.end() == 0, server.lines
    assert [line for line in server.lines if token in line] == [match[0]]  # in no log


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tls-cert", "a.pem"), "--tls-cert a.pem: allowed is only together with --tls-key"),
        (("--tls-key", "a.pem"), "--tls-key a.pem: allowed is only together with --tls-cert"),
        (("--tls-cert", "a.pem", "--tls-key", "a.pem"), "only with --dashboard or --web"),
        (("--web", "127.0.0.1:0", "--tls-cert", "no.pem", "--tls-key", "no.pem"), "a PEM chain and its key"),
        (("--web", "127.0.0.1:9790", "--dashboard", "127.0.0.1:9790"), "another port than that of --dashboard"),
        (("--dashboard", "nowhere"), "an address that is free here"),
        (("--dashboard", "a b"), "an address like"),
    ],
)
def test_what_does_not_go_together_ends_with_2(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    with host(tmp_path, *_SOURCE, *arguments) as server:
        assert server.wait() == 2, server.lines
    assert any(words in line for line in server.lines), server.lines
