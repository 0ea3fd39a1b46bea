"""From a browser's window to the host's programs: two screens, a real Chromium, real keys and a real pointer."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.browser_desk import BROWSER_SCREEN, BrowserDesk, Place, browser_desk, lone_browser
from tests.support.clipboard import ClipboardWatch, copy, text_of
from tests.support.desk import HOST_SCREEN, A, KeyWatch, eventually
from tests.support.pointer import EDGE, LINK, TEXT, ScreenPointer
from tests.support.programs import host
from tests.support.x11_programs import XTerminal, XWatcher, xdotool
from tests.support.xserver import XServer
from wavry.media import Size

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

ESCAPE, V = 9, 55
"""Keycodes of an X server with evdev's numbers, as Xvfb has them."""

ASCII = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:!?-_+*/=()[]{}<>@#$%&'\"|~^`\\"
UMLAUTS = "äöüßÄÖÜ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯёЁ"

_NOTE_LOCK = """
    (() => {
        const lock = navigator.keyboard.lock.bind(navigator.keyboard);
        navigator.keyboard.lock = async () => { await lock(); window.hasLock = true; };
    })()
"""


def set_layout(screen: XServer, layout: str, variant: str = "") -> None:
    """Give a screen's keyboard another layout, or several."""
    subprocess.run(["setxkbmap", "-display", screen.display, layout, "-variant", variant], check=True)


def some_text(length: int, *alphabets: str) -> str:
    chance = random.Random(7)
    return "".join(chance.choice(chance.choice(alphabets)) for _ in range(length))


def test_two_hundred_mixed_characters_are_typed_exactly(tmp_path: Path) -> None:
    text = some_text(200, ASCII, ASCII, UMLAUTS, CYRILLIC)
    with browser_desk(tmp_path) as hands:
        # A key for each character: spare keycodes, which xdotool gives to others, Chromium does not look up.
        set_layout(hands.client_screen, "de,ru", "nodeadkeys,")
        with XTerminal(hands.host_screen, tmp_path, len(text.encode())) as terminal:
            hands.do("type", "--", text)
            assert terminal.text() == text


def test_dead_keys_and_input_methods_type_what_comes_of_them(tmp_path: Path) -> None:
    text = "éâ^`日本x"
    with browser_desk(tmp_path) as hands:
        set_layout(hands.client_screen, "de")
        with XTerminal(hands.host_screen, tmp_path, len(text.encode())) as terminal:
            hands.do(
                "key", "dead_acute", "e", "dead_circumflex", "a", "dead_circumflex", "space", "dead_grave", "space"
            )
            browser = hands.page.context.new_cdp_session(hands.page)
            browser.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
            browser.send("Input.insertText", {"text": "日本"})
            hands.do("key", "x")
            assert terminal.text() == text


def test_the_pointer_is_exact_at_every_size_and_does_what_it_may_and_nothing_else(tmp_path: Path) -> None:
    chance = random.Random(7)
    with browser_desk(tmp_path, "--rights", "view,pointer") as hands:
        for size in (Size(1280, 720), Size(640, 360), Size(1900, 1069), Size(1000, 900)):
            hands.resize(size)
            place = hands.picture()
            points = [place.point(x, y) for x in (0, 1) for y in (0, 1)]
            points += [place.point(chance.random(), chance.random()) for _ in range(25)]
            for point in points:
                assert hands.is_near(point, place), (size, place, point, hands.host_pointer())
        assert hands.is_near((500, round(place.y) - 20), place), "above the picture its edge is meant"
        with XWatcher(hands.host_screen, *HOST_SCREEN) as xev:
            _click_everything(hands, xev, place)
            hands.do("key", "ctrl+alt+m")
            eventually(lambda: hands.ask("document.pointerLockElement !== null"))
            x, y = hands.host_pointer()
            hands.do("mousemove_relative", "--", "30", "-20")
            eventually(lambda: hands.host_pointer() == (x + 30, y - 20), hands.host_pointer)
            hands.do("key", "ctrl+alt+m")
            eventually(lambda: hands.ask("document.pointerLockElement === null"))
            _type_in_vain(hands, xev, place)
        hands.page.close()
        hands.server.end()
    assert sum("has no right to keys" in line for line in hands.server.lines) == 1


def _click_everything(hands: BrowserDesk, xev: XWatcher, place: Place) -> None:
    """All buttons and both wheels, and a drag that leaves the picture."""
    middle = x, y = place.point(0.5, 0.5)
    hands.do("mousemove", str(x), str(y), "click", "1", "click", "2", "click", "3", "click", "8", "click", "9")
    hands.do("click", "4", "click", "5", "click", "6", "click", "7")
    hands.do("mousedown", "1", "mousemove", str(x), str(y + 20))
    outside = place.point(1, 0.5)[0] + 300, y + 10
    assert hands.is_near(outside, place), "a drag that leaves the page goes on"
    hands.do("mouseup", "1")
    for _ in range(2):
        xev.wait_for("button 1 release")
    clicks = [each for each in xev.seen if each.startswith("button")]
    assert clicks == [f"button {n} {way}" for n in (1, 2, 3, 8, 9, 4, 5, 6, 7, 1) for way in ("press", "release")]
    assert hands.is_near(middle, place)


def _type_in_vain(hands: BrowserDesk, xev: XWatcher, place: Place) -> None:
    """Without the right to type the page says so, once, and no key reaches the host."""
    hint = hands.page.locator("#hint")
    hands.do("type", "--delay", "10", "not a word")
    eventually(lambda: hint.text_content() == "the host does not let this client type", hint.text_content)
    hands.ask("document.getElementById('hint').textContent = ''")
    hands.do("type", "--delay", "10", "nor this")
    hands.do("mousemove", *map(str, place.point(0.5, 0.5)), "click", "1")
    xev.wait_for("button 1 release")
    assert not [each for each in xev.seen if each.startswith(("press", "release"))]
    assert not hint.text_content()


@pytest.mark.parametrize("density", [1.5, 2.0])
def test_the_pointer_is_exact_on_dense_screens_and_has_their_resolution(tmp_path: Path, density: float) -> None:
    chance = random.Random(8)
    with browser_desk(tmp_path, density=density) as hands:
        for size in (HOST_SCREEN, Size(1800, 1000)):
            hands.resize(size)
            place = hands.picture()
            for point in [place.point(chance.random(), chance.random()) for _ in range(25)]:
                assert hands.is_near(point, place), (size, place, point, hands.host_pointer())
        eventually(lambda: f" {density:g}dppx) " in _css_cursor(hands))


def test_in_full_screen_the_systems_keys_are_the_hosts(tmp_path: Path) -> None:
    with browser_desk(tmp_path) as hands:
        with XWatcher(hands.host_screen, *HOST_SCREEN) as xev:
            hands.ask(_NOTE_LOCK)
            hands.do("key", "F11")
            eventually(lambda: hands.ask("document.fullscreenElement !== null && window.hasLock === true"))
            hands.do("key", "Escape")
            xev.wait_for(f"release {ESCAPE}")
            assert hands.ask("document.fullscreenElement !== null"), "Escape was the browser's"
            hands.do("key", "F11")
            eventually(lambda: hands.ask("document.fullscreenElement === null"))
            hands.do("key", "F10")  # the figures, and no key of the host
            eventually(lambda: hands.ask("!document.getElementById('overlay').hidden"))
            hands.do("key", "a")
            xev.wait_for(f"release {A}")
            presses = [each for each in xev.seen if each.startswith("press")]
            assert presses == [f"press {ESCAPE}", f"press {A}"]


def test_without_a_host_keys_are_the_browsers(tmp_path: Path) -> None:
    with browser_desk(tmp_path) as hands:
        hands.ask(
            "addEventListener('keydown', (event) => setTimeout(() => { window.pressed = event.defaultPrevented; }))"
        )
        hands.do("key", "F8")
        eventually(lambda: hands.ask("window.pressed") is True)
        hands.server.end()
        eventually(lambda: not hands.ask("document.getElementById('notice').hidden"))
        hands.do("key", "F8")
        eventually(lambda: hands.ask("window.pressed") is False)
        hands.complaints.clear()  # of the connection that is refused


def test_chords_repeats_and_the_end_of_the_tab(tmp_path: Path) -> None:
    with browser_desk(tmp_path) as hands:
        with XWatcher(hands.host_screen, *HOST_SCREEN) as xev, KeyWatch(hands.host_screen) as keys:
            hands.press_a_chord_and_repeat_a_key(xev, keys)

            hands.do("keydown", "a")
            eventually(lambda: A in keys.down())
            hands.page.close()
            eventually(lambda: not keys.down())


def test_keys_are_let_go_when_another_window_has_the_keyboard_and_when_the_browser_dies(tmp_path: Path) -> None:
    with XServer(*HOST_SCREEN) as host_screen, XServer(*BROWSER_SCREEN) as browser_screen:
        with host(tmp_path, "--audio", "off", "--web", "127.0.0.1:0", DISPLAY=host_screen.display) as server:
            url = server.wait_for(r"^wavry-server web (http://\S+)$")[1]
            with lone_browser(browser_screen, tmp_path / "profile", url) as browser:
                server.wait_for("encode: ")
                window = xdotool(browser_screen, "search", "--sync", "--onlyvisible", "--class", "chrom").split()[-1]
                focus = ("windowfocus", "--sync", window)
                with XWatcher(host_screen, *HOST_SCREEN) as xev, KeyWatch(host_screen) as keys:
                    xdotool(browser_screen, *focus, "keydown", "a")
                    xev.wait_for(f"press {A}")
                    with XWatcher(browser_screen, 50, 50):  # takes the keyboard
                        eventually(lambda: not keys.down())
                        xdotool(browser_screen, "keyup", "a")
                    xdotool(browser_screen, *focus, "keydown", "a")
                    eventually(lambda: A in keys.down())
                    browser.kill()
                    eventually(lambda: not keys.down())


def test_fingers_click_drag_and_scroll(tmp_path: Path) -> None:
    with browser_desk(tmp_path) as hands:
        hands.resize(HOST_SCREEN)
        browser = hands.page.context.new_cdp_session(hands.page)

        def touch(kind: str, *points: tuple[int, int]) -> None:
            fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
            browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

        with XWatcher(hands.host_screen, *HOST_SCREEN) as xev:
            touch("touchStart", (400, 300))
            touch("touchEnd")
            xev.wait_for("button 1 release")
            assert hands.host_pointer() == (400, 300)
            touch("touchStart", (500, 300))
            xev.wait_for("button 3 release")  # a long press
            touch("touchEnd")
            touch("touchStart", (600, 300))
            touch("touchMove", (640, 330))
            touch("touchMove", (660, 350))
            touch("touchEnd")
            xev.wait_for("button 1 release")
            assert hands.host_pointer() == (660, 350)
            touch("touchStart", (600, 300))
            touch("touchStart", (600, 300), (700, 300))
            touch("touchMove", (600, 250), (700, 250))
            touch("touchEnd")
            xev.wait_for("button 5 release")
            expected = [f"button {n} {way}" for n in (1, 3, 1, 5) for way in ("press", "release")]
            assert [each for each in xev.seen if each.startswith("button")] == expected


def test_the_pointer_looks_as_the_host_says(tmp_path: Path) -> None:
    with browser_desk(tmp_path) as hands, ScreenPointer(hands.host_screen.display) as pointer:
        hands.resize(HOST_SCREEN)
        place = hands.picture()
        assert hands.is_near(place.point(0.5, 0.5), place)
        shapes = set()
        for glyph in (TEXT, LINK, EDGE):
            pointer.show(glyph)
            image = pointer.image()
            assert image is not None
            hot = f" {image.hot_x} {image.hot_y}, default"
            eventually(lambda hot=hot: _css_cursor(hands).endswith(hot) and _css_cursor(hands) not in shapes)  # type: ignore[misc]
            shapes.add(_css_cursor(hands))
            size = hands.page.evaluate(
                'async (css) => { const image = new Image(); image.src = /url\\("(.*?)"\\)/.exec(css)[1];'
                " await image.decode(); return [image.width, image.height]; }",
                _css_cursor(hands),
            )
            assert size == [image.width, image.height]
        pointer.hide()
        eventually(lambda: _css_cursor(hands) == "none")
        pointer.show(TEXT)
        eventually(lambda: _css_cursor(hands) in shapes)


def _css_cursor(hands: BrowserDesk) -> str:
    return str(hands.ask("getComputedStyle(document.getElementById('stage')).cursor"))


def test_who_may_not_point_sees_where_the_hosts_pointer_is(tmp_path: Path) -> None:
    with browser_desk(tmp_path, "--rights", "view") as hands, ScreenPointer(hands.host_screen.display) as pointer:
        hands.resize(HOST_SCREEN)
        sprite = "(({x, y}) => [x, y])(document.querySelector('.host-pointer').getBoundingClientRect())"
        pointer.show(TEXT)
        image = pointer.image()
        assert image is not None
        pointer.move(333, 222)
        expected = [333 - image.hot_x, 222 - image.hot_y]
        eventually(lambda: hands.ask(sprite) == expected, lambda: (hands.ask(sprite), expected))
        assert _css_cursor(hands) == "default"


def test_text_is_copied_and_pasted_both_ways(tmp_path: Path) -> None:
    with browser_desk(tmp_path, "--clipboard", "both") as hands:
        with ClipboardWatch(hands.host_screen.display) as at_host, ClipboardWatch(hands.client_screen.display) as here:
            there = text_of(100_000, seed=3)
            copy(hands.host_screen.display, there)
            here.wait_for(there)
            for seed, size_bytes in ((4, 20), (5, 300_000)):
                mine = text_of(size_bytes, seed=seed)
                copy(hands.client_screen.display, mine)
                with XWatcher(hands.host_screen, *HOST_SCREEN) as xev:
                    hands.focus()
                    hands.do("key", "ctrl+v")
                    xev.wait_for(f"press {V}")
                    assert at_host.changes > 0, "the key came before the text"
                at_host.wait_for(mine)


def test_the_menu_gives_the_host_what_is_on_the_clipboard(tmp_path: Path) -> None:
    mine = text_of(5000, seed=6)
    with browser_desk(tmp_path, "--clipboard", "receive") as hands:
        hands.page.context.grant_permissions(["clipboard-read"])
        with ClipboardWatch(hands.host_screen.display) as at_host:
            copy(hands.client_screen.display, mine)
            hands.do("key", "ctrl+alt+h")
            hands.page.get_by_text("give the host what is on the clipboard").click()
            at_host.wait_for(mine)
