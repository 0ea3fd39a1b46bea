"""A client's hands on a host's screen: real programs, a real X server, real QUIC."""

from __future__ import annotations

import random
import signal
from functools import partial
from typing import TYPE_CHECKING

import pytest
from Xlib.display import Display

from tests.support.aio import in_loop, until
from tests.support.hands_client import hands_on
from tests.support.programs import Program, host
from tests.support.x11_programs import XTerminal, XWatcher
from tests.support.xserver import XServer
from wavry.rift import Denied, RightsGranted
from wavry.rift.input.messages import Key, Scroll, Text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

A, LEFT_SHIFT = 0x04, 0xE1
LETTERS = "abcdefgh XYZ 0123 #$% äöüÄÖÜß абвгдежзийклмнопрстуфхцчшщ ЖЮЯ"


def host_of(home: Path, screen: XServer, *arguments: str) -> Program:
    return host(home, "--source", "screen", "--audio", "off", *arguments, DISPLAY=screen.display)


class Pointer:
    """Where the pointer of a screen is."""

    def __init__(self, screen: XServer) -> None:
        self._display = Display(screen.display)

    def place(self) -> tuple[int, int]:
        found = self._display.screen().root.query_pointer()
        return found.root_x, found.root_y

    def is_at(self, x: int, y: int) -> bool:
        return self.place() == (x, y)

    def close(self) -> None:
        self._display.close()


def share(pixel: int, extent: int) -> int:
    """What a client makes of a pixel of the stream."""
    return round(pixel * 65_535 / (extent - 1))


def test_five_hundred_letters_reach_a_terminal_in_order(tmp_path: Path) -> None:
    text = "".join(random.Random(11).choices(LETTERS, k=500))
    with XServer(640, 480) as screen, host_of(tmp_path, screen) as server:
        address = server.ready_address()
        with XTerminal(screen, tmp_path, len(text.encode())) as terminal:
            _type(address, text, terminal)
        assert server.end() == 0, server.lines


@in_loop
async def _type(address: str, text: str, terminal: XTerminal) -> None:
    """Type half of it as text, half of it as presses of a key that gives something else here."""
    async with hands_on(address) as client:
        for start in range(0, len(text), 100):
            client.type(text[start : start + 50])
            client.say(*[Key(usage=A, is_down=True, text=letter) for letter in text[start + 50 : start + 100]])
        client.release(A)
        await until(lambda: terminal.is_complete)
        assert terminal.text() == text


def test_the_pointer_goes_to_the_pixel_of_a_region_whatever_size_is_sent(tmp_path: Path) -> None:
    region = (101, 57, 402, 302)
    with XServer(640, 480) as screen:
        arguments = ("--region", ",".join(map(str, region)), "--size", "200x150")
        with host_of(tmp_path, screen, *arguments) as server:
            _point(server.ready_address(), screen, region)
            assert server.end() == 0, server.lines


@in_loop
async def _point(address: str, screen: XServer, region: tuple[int, int, int, int]) -> None:
    x, y, width, height = region
    dice = random.Random(5)
    corners = [(across, down) for across in (0, width - 1) for down in (0, height - 1)]
    inside = [(dice.randrange(width), dice.randrange(height)) for _ in range(50)]
    pointer = Pointer(screen)
    async with hands_on(address) as client:
        for across, down in corners + inside:
            client.point(share(across, width), share(down, height))
            await until(partial(pointer.is_at, x + across, y + down))
    pointer.close()


def test_clicks_chords_and_wheel_reach_programs_in_order(tmp_path: Path) -> None:
    with XServer(640, 480) as screen, host_of(tmp_path, screen) as server:
        address = server.ready_address()
        with XWatcher(screen) as watcher:
            _click(address, watcher)
        assert server.end() == 0, server.lines


@in_loop
async def _click(address: str, watcher: XWatcher) -> None:
    async with hands_on(address) as client:
        client.press(LEFT_SHIFT)
        client.button(1, True, share(100, 640), share(100, 480))
        client.button(1, False, share(200, 640), share(100, 480))
        client.say(Scroll(vertical=-120), Scroll(horizontal=120))
        client.press(A)
        client.release(A, LEFT_SHIFT)
        await until(lambda: watcher.has_seen("release 50"))
    assert watcher.seen == [
        "press 50", "button 1 press", "button 1 release", "button 5 press", "button 5 release", "button 7 press",
        "button 7 release", "press 38", "release 38", "release 50",
    ]  # fmt: skip


def test_what_a_killed_client_holds_is_released_and_so_is_what_is_held_when_the_host_stops(tmp_path: Path) -> None:
    with XServer(640, 480) as screen, host_of(tmp_path, screen) as server:
        address = server.ready_address()
        with XWatcher(screen) as watcher:
            with Program("tests.support.hands_client", address, str(A), home=tmp_path) as holder:
                holder.wait_for("held")
                watcher.wait_for("press 38")
                holder.end(signal.SIGKILL)
                watcher.wait_for("release 38")
                assert not server.has_printed("hands .* has left")  # QUIC waits for longer than the key is down
            with Program("tests.support.hands_client", address, str(A), home=tmp_path) as holder:
                holder.wait_for("held")
                watcher.wait_for("press 38")
                assert server.end() == 0, server.lines
                watcher.wait_for("release 38")


def test_a_client_without_the_rights_does_nothing_and_hears_of_it_once(tmp_path: Path) -> None:
    with XServer(640, 480) as screen, host_of(tmp_path, screen, "--rights", "view,pointer") as server:
        address = server.ready_address()
        with XWatcher(screen) as watcher:
            _try_to_type(address, watcher)
        server.wait_for("has no right to keys; what it sends of that is ignored")
        assert server.end() == 0, server.lines
    assert sum("no right" in line for line in server.lines) == 1


@in_loop
async def _try_to_type(address: str, watcher: XWatcher) -> None:
    async with hands_on(address) as client:
        client.press(A, A, text="a")
        client.say(Text(text="abc"))
        client.button(1, True, 0, 0)
        client.button(1, False)
        await until(lambda: watcher.has_seen("button 1 release"))
        await until(lambda: any(isinstance(message, Denied) for message in client.told))
        denied = [message for message in client.told if isinstance(message, Denied)]
    assert denied == [Denied(right="keys")]
    assert watcher.seen == ["button 1 press", "button 1 release"]


def test_a_host_without_hands_grants_none(tmp_path: Path) -> None:
    with XServer(640, 480) as screen, host_of(tmp_path, screen, "--input", "off") as server:
        _ask(server.ready_address())
        assert server.end() == 0, server.lines


@in_loop
async def _ask(address: str) -> None:
    async with hands_on(address) as client:
        granted = next(message.rights for message in client.told if isinstance(message, RightsGranted))
    assert granted == ("audio", "clipboard", "view")


def test_a_screen_that_comes_back_takes_input_again(tmp_path: Path) -> None:
    with XServer(640, 480) as first, host_of(tmp_path, first) as server:
        address = server.ready_address()
        _outlive(address, first, server)
        assert server.end() == 0, server.lines


@in_loop
async def _outlive(address: str, first: XServer, server: Program) -> None:
    async with hands_on(address) as client:
        await until(lambda: server.has_printed("input: through x11"))
        first.kill()
        client.press(A)
        await until(lambda: server.has_printed("input: x11 was lost: the X server closed the connection"))
        client.release(A)
        with XServer(640, 480, display=first.display) as second, XWatcher(second) as watcher:
            await until(lambda: server.count("input: through x11") == 2)
            client.press(A)
            client.release(A)
            await until(lambda: watcher.has_seen("release 38"))
            assert watcher.seen == ["press 38", "release 38"]


def test_a_way_to_hands_that_is_named_and_does_not_work_ends_with_3(tmp_path: Path) -> None:
    with XServer(640, 480) as screen, host_of(tmp_path, screen, "--input", "uinput") as server:
        assert server.wait() == 3
        assert any("no way to press keys runs on this machine (uinput: " in line for line in server.lines)
