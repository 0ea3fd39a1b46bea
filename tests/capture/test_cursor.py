from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.capture.helpers import PATIENCE_S, open_descriptors, pixels, settle, skip, take
from tests.support.pointer import EDGE, LINK, TEXT, ScreenPointer
from wavry.capture import CaptureConfig, open_source
from wavry.capture.cursor import Pointer, open_cursor
from wavry.capture.cursor.x11 import X11Cursor
from wavry.errors import BackendUnavailableError, CaptureLostError, NoBackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.xserver import XServer


@pytest.fixture
def hand(xserver: XServer) -> Iterator[ScreenPointer]:
    with ScreenPointer(xserver.display) as hand:
        hand.move(10, 10)
        yield hand


@pytest.fixture
def cursor(xserver: XServer, hand: ScreenPointer) -> Iterator[X11Cursor]:
    cursor = X11Cursor(xserver.display)
    cursor.look(0)
    yield cursor
    cursor.close()


def look_until(cursor: X11Cursor, x: int, y: int) -> Pointer:
    while (pointer := cursor.look(PATIENCE_S))[:2] != (x, y):
        pass
    return pointer


@pytest.mark.parametrize("glyph", [TEXT, LINK, EDGE])
def test_shape_and_hot_spot_are_those_of_the_server(cursor: X11Cursor, hand: ScreenPointer, glyph: int) -> None:
    before = cursor.look(0).shape
    hand.show(glyph)
    while cursor.look(PATIENCE_S).shape == before:
        pass
    image = cursor.image()
    assert image is not None
    assert image == hand.image()
    assert not image.is_hidden


def test_a_pointer_without_a_visible_pixel_is_hidden(cursor: X11Cursor, hand: ScreenPointer) -> None:
    hand.hide()
    image = cursor.image()
    assert image is not None
    assert image.is_hidden


def test_a_shape_whose_owner_has_gone_is_not_known(cursor: X11Cursor, xserver: XServer) -> None:
    """X servers keep it from everybody else; `xsetroot` leaves such a one."""
    subprocess.run(["xsetroot", "-display", xserver.display, "-cursor_name", "hand2"], check=True)
    assert cursor.image() is None


def test_a_hand_moves_the_pointer_and_a_program_warps_it(cursor: X11Cursor, hand: ScreenPointer) -> None:
    hand.move(20, 30)
    moved = look_until(cursor, 20, 30)
    hand.warp(40, 50)
    warped = look_until(cursor, 40, 50)
    assert warped.warps == moved.warps + 1
    hand.move(41, 50)
    assert look_until(cursor, 41, 50).warps == warped.warps


def test_a_warp_to_where_it_is_and_many_movements_are_no_warps(cursor: X11Cursor, hand: ScreenPointer) -> None:
    hand.warp(10, 10)
    for step in range(50):
        hand.move(10 + step, 20)
        pointer = look_until(cursor, 10 + step, 20)
    assert pointer.warps == 0


def test_an_interrupt_ends_the_waiting(cursor: X11Cursor) -> None:
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(cursor.look, PATIENCE_S)
        cursor.interrupt()
        assert waiting.result(PATIENCE_S)[:2] == (10, 10)


def test_a_server_that_dies_is_lost(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver()
    cursor = X11Cursor(server.display)
    server.kill()
    with pytest.raises(CaptureLostError, match="x11 was lost"):
        cursor.look(PATIENCE_S)
    with pytest.raises(CaptureLostError):
        cursor.image()
    cursor.close()


def test_displays_that_do_not_tell_are_refused(
    start_xserver: Callable[..., XServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(NoBackendError, match="DISPLAY is not set"):
        open_cursor(None)
    with pytest.raises(BackendUnavailableError, match="cannot connect to X display :987"):
        X11Cursor(":987")
    server = start_xserver(640, 480, "-extension", "XFIXES")
    before = open_descriptors()
    with pytest.raises(BackendUnavailableError, match="no XFIXES extension"):
        X11Cursor(server.display)
    assert open_descriptors() == before


def test_closing_gives_everything_back(xserver: XServer) -> None:
    before = open_descriptors()
    cursor = X11Cursor(xserver.display)
    cursor.close()
    cursor.close()
    cursor.interrupt()
    assert open_descriptors() == before


@pytest.mark.parametrize("backend", ["x11", "mss"])
def test_the_pointer_is_in_no_picture_and_its_movement_makes_none(
    xserver: XServer, hand: ScreenPointer, backend: str
) -> None:
    config = CaptureConfig(backend=backend, display=xserver.display, fps=240, refresh_interval_s=60, pool_buffers=3)
    source = open_source(config).backend
    try:
        hand.show(LINK, 255)
        hand.move(320, 240)
        source.request_full_frame()
        frame = take(source)
        assert not pixels(frame).any()
        frame.release()
        settle(source)
        for step in range(30):
            hand.move(100 + step, 200 + step)
            hand.show(TEXT + step % 2 * (LINK - TEXT), 255)
            assert source.next_frame(0.01) is None
        source.request_full_frame()
        skip(source)
    finally:
        source.close()
