"""From the client's window to the host's programs: two screens, both programs, real keys and a real pointer."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import closing, contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_impaired import impair
from tests.support.desk import HOST_SCREEN, A, Desk, KeyWatch, eventually
from tests.support.programs import Program, client, host
from tests.support.x11_programs import XTerminal, XWatcher
from tests.support.xserver import XServer
from wavry.client.window.renderer import placed
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

CLIENT_SCREEN = Size(1920, 1200)

ASCII = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:!?-_+*/=()[]{}<>@#$%&'\"|~^`\\"
UMLAUTS = "äöüß"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯёЁ"


class WindowDesk(Desk):
    """The client's screen, with xdotool for hands, and a look at the host's."""

    def __init__(self, host_screen: XServer, client_screen: XServer, server: Program, viewer: Program) -> None:
        super().__init__(host_screen, client_screen)
        self.server, self.viewer = server, viewer
        viewer.wait_for("window: ")
        self.window = self.do("search", "--sync", "--class", "wavry").split()[-1]
        self.focus()

    def resize(self, size: Size) -> Rect:
        """Give the window another size, in the corner of the screen; return where the picture is in it then."""
        self.do("windowmove", self.window, "0", "0")
        self.do("windowsize", "--sync", self.window, *map(str, size))
        place = placed(HOST_SCREEN, size)
        middle = place.x + place.width // 2, place.y + place.height // 2
        beside = middle[0] + 40, middle[1] + 40
        eventually(
            lambda: self.is_near(beside, place, patience_s=0.5) and self.is_near(middle, place, patience_s=0.5),
            lambda: (
                size,
                self.do("getwindowgeometry", self.window),
                self.host_pointer(),
                self.viewer.count(""),
                self.viewer.lines,
            ),
        )
        return place


def set_layout(screen: XServer, layout: str) -> None:
    """Give a screen's keyboard another layout, or several."""
    subprocess.run(["setxkbmap", "-display", screen.display, layout], check=True)


@contextmanager
def desk(home: Path, *host_flags: str, network: tuple[str, ...] = ()) -> Iterator[WindowDesk]:
    """Host and client, each on a screen of its own, and a network between them where one is asked for."""
    with XServer(*HOST_SCREEN) as host_screen, XServer(*CLIENT_SCREEN) as client_screen:
        with host(home, "--audio", "off", *host_flags, DISPLAY=host_screen.display) as server:
            with impair(home, server.ready_address(), *network) as relay:
                address = relay.wait_for(r"^impair ready udp://(\S+)$")[1]
                with client(home, address, "--no-audio", DISPLAY=client_screen.display) as viewer:
                    with closing(WindowDesk(host_screen, client_screen, server, viewer)) as hands:
                        yield hands


def some_text(length: int, *alphabets: str) -> str:
    chance = random.Random(7)
    return "".join(chance.choice(chance.choice(alphabets)) for _ in range(length))


@pytest.mark.parametrize("network", [(), ("--profile", "lte")], ids=["loopback", "lte"])
def test_five_hundred_characters_are_typed_exactly(tmp_path: Path, network: tuple[str, ...]) -> None:
    text = some_text(500, ASCII, ASCII, UMLAUTS + UMLAUTS[:3].upper(), CYRILLIC)
    with desk(tmp_path, network=network) as hands:
        set_layout(hands.client_screen, "de,ru")
        with XTerminal(hands.host_screen, tmp_path, len(text.encode())) as terminal:
            hands.do("type", "--", text)
            assert terminal.text() == text


def test_characters_that_no_key_has_are_typed_too(tmp_path: Path) -> None:
    """Here xdotool gives each to a spare keycode, for a moment: too short a one, and no program reads it in time."""
    text = some_text(40, ASCII, UMLAUTS, CYRILLIC)
    with desk(tmp_path) as hands:
        with XTerminal(hands.host_screen, tmp_path, len(text.encode())) as terminal:
            hands.do("type", "--delay", "60", "--", text)
            assert terminal.text() == text


def test_the_pointer_is_exact_at_every_size_and_does_what_it_may_and_nothing_else(tmp_path: Path) -> None:
    chance = random.Random(7)
    with desk(tmp_path, "--rights", "view,pointer") as hands:
        for size in (HOST_SCREEN, Size(640, 360), Size(1920, 1080), Size(1000, 900)):
            place = hands.resize(size)
            right, bottom = place.x + place.width - 1, place.y + place.height - 1
            points = [(x, y) for x in (place.x, right) for y in (place.y, bottom)]
            points += [(chance.randint(place.x, right), chance.randint(place.y, bottom)) for _ in range(50)]
            for point in points:
                assert hands.is_near(point, place), (size, point, hands.host_pointer())
        assert hands.is_near((500, 0), place), "above the picture its edge is meant"
        with XWatcher(hands.host_screen, *HOST_SCREEN) as xev:
            hands.do("mousemove", "500", "450", "click", "1", "click", "2", "click", "3", "click", "8", "click", "9")
            hands.do("click", "4", "click", "5", "click", "6", "click", "7")
            hands.do("mousedown", "1", "mousemove", "700", "500")
            assert hands.is_near((1100, 950), place), "a drag that leaves the window goes on"
            hands.do("mouseup", "1")
            for _ in range(2):
                xev.wait_for("button 1 release")
            clicks = [each for each in xev.seen if each.startswith("button")]
            expected = [f"button {n} {way}" for n in (1, 2, 3, 8, 9, 4, 5, 6, 7, 1) for way in ("press", "release")]
            assert clicks == expected
            assert hands.is_near((500, 450), place)
            hands.do("key", "ctrl+alt+m")
            hands.viewer.wait_for("the pointer is locked")
            x, y = hands.host_pointer()
            hands.do("mousemove_relative", "--", "30", "-20")
            eventually(lambda: hands.host_pointer() == (x + 30, y - 20))
            hands.do("key", "ctrl+alt+m")
            hands.viewer.wait_for("the pointer is free")
            hands.do("type", "--delay", "10", "not a word")
            eventually(lambda: hands.viewer.has_printed("the host does not let this client type"))
            hands.do("type", "--delay", "10", "nor this")
            hands.do("mousemove", "500", "450", "click", "1")
            xev.wait_for("button 1 release")
            assert not [each for each in xev.seen if each.startswith(("press", "release"))]
        hands.viewer.end()
        hands.server.end()
    refusals = [line for line in hands.server.lines if "has no right to keys" in line]
    assert len(refusals) == 1
    assert sum("does not let this client" in line for line in hands.viewer.lines) == 1


def test_chords_repeats_and_letting_go(tmp_path: Path) -> None:
    with desk(tmp_path) as hands:
        with XWatcher(hands.host_screen, *HOST_SCREEN) as xev, KeyWatch(hands.host_screen) as keys:
            hands.press_a_chord_and_repeat_a_key(xev, keys)

            hands.do("keydown", "a")
            xev.wait_for(f"press {A}")
            with XWatcher(hands.client_screen, 50, 50):  # takes the keyboard
                eventually(lambda: not keys.down())
                hands.do("keyup", "a")
            hands.focus()

            hands.do("keydown", "a")
            eventually(lambda: A in keys.down())
            hands.viewer.end(signal.SIGKILL)
            killed_at = monotonic()
            eventually(lambda: not keys.down())
            print(f"let go {monotonic() - killed_at:.2f} s after the client was killed")  # noqa: T201
