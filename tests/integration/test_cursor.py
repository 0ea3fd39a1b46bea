"""The host's pointer in the client's window, as a user sees it: two screens, the programs as they are."""

from __future__ import annotations

import signal
import subprocess
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.support.pointer import EDGE, LINK, TEXT, ScreenPointer
from tests.support.programs import PATIENCE_S, client, host
from tests.support.x11_programs import press
from tests.support.xserver import Pencil, XServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

GREY, RED = 0x808080, 0xFF0000


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again: each look is a round trip to a server."""
    deadline = monotonic() + PATIENCE_S
    while not is_so():
        assert monotonic() < deadline


def test_the_pointer_over_the_window_looks_as_on_the_host(tmp_path: Path) -> None:
    with (
        XServer(640, 480) as screen,
        XServer(640, 480) as desk,
        ScreenPointer(screen.display) as there,
        ScreenPointer(desk.display) as here,
        host(tmp_path, DISPLAY=screen.display) as server,
        client(tmp_path, server.ready_address(), "--no-audio", DISPLAY=desk.display) as viewer,
    ):
        arrow = here.image()

        def wait_for_the_same() -> None:
            wait_until(lambda: here.image() == there.image())

        viewer.wait_for("window: ")
        here.move(300, 200)
        for glyph in (TEXT, LINK, EDGE):
            there.show(glyph, colour=200)
            wait_for_the_same()
            assert here.image() != arrow

        there.move(100, 100)
        edge = there.image()
        terminal = subprocess.Popen(["xterm", "-display", screen.display, "-geometry", "80x24+0+0"])
        wait_until(lambda: there.image() != edge)
        wait_for_the_same()
        terminal.kill()
        terminal.wait()

        there.hide()
        wait_until(lambda: _is_hidden(here))
        press(desk, "ctrl+alt+h")
        wait_until(lambda: here.image() == arrow)  # for our own menu
        press(desk, "Escape")
        wait_until(lambda: _is_hidden(here))

        there.show(LINK)
        wait_for_the_same()
        there.warp(123, 45)
        wait_until(lambda: here.place() == (123, 45))
        assert server.end() == 0, server.lines
        wait_until(lambda: here.image() == arrow)
        assert viewer.end(signal.SIGTERM) == 0, viewer.lines


def _is_hidden(screen: ScreenPointer) -> bool:
    image = screen.image()
    return image is not None and not any(image.pixels)


def test_who_only_watches_sees_the_hosts_pointer_where_it_is(tmp_path: Path) -> None:
    """The window is wider than the picture: 80 pixels are black on either side."""
    with (
        XServer(640, 480) as screen,
        XServer(800, 480) as desk,
        Pencil(screen.display) as pencil,
        ScreenPointer(screen.display) as there,
        ScreenPointer(desk.display) as here,
        host(tmp_path, DISPLAY=screen.display) as server,
    ):
        pencil.fill(GREY, 0, 0, 640, 480)
        arrow = here.image()
        flags = "--no-audio", "--view-only"
        with client(tmp_path, server.ready_address(), *flags, DISPLAY=desk.display) as viewer:
            viewer.wait_for("window: ")
            there.show(TEXT)
            shape = there.image()
            assert shape is not None
            for x, y in ((200, 150), (320, 240), (330, 240), (30, 400)):
                there.warp(x, y)
                wait_until(lambda x=x, y=y: _sees(here, x + 80 - shape.hot_x, y - shape.hot_y, shape.pixels))  # type: ignore[misc] # a lambda's default
            assert here.image() == arrow
            there.warp(639, 479)
            wait_until(lambda: not _differs_from(here, GREY, 80 + 20, 390, 40, 40))
            assert server.end() == 0, server.lines
            assert viewer.end(signal.SIGTERM) == 0, viewer.lines


def _sees(screen: ScreenPointer, x: int, y: int, pixels: bytes) -> bool:
    """Whether a shape in black and white is drawn over grey, whose place is the corner of its picture."""
    width = 9
    height = len(pixels) // 4 // width
    seen = screen.pixels(x, y, width, height)
    for index, (blue, *_, alpha) in enumerate(zip(*[iter(pixels)] * 4, strict=True)):
        wanted = blue if alpha else GREY & 255
        if abs(seen[4 * index] - wanted) > 8:
            return False
    return True


def _differs_from(screen: ScreenPointer, colour: int, x: int, y: int, width: int, height: int) -> bool:
    seen = screen.pixels(x, y, width, height)
    return any(abs(channel - (colour & 255)) > 8 for channel in seen[::4])
