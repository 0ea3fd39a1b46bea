from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.capture.helpers import covers, pixels, settle, skip, take, take_until
from tests.support.xserver import Pencil
from wavry.capture import CaptureConfig, list_monitors
from wavry.capture.mss_source import MssSource
from wavry.errors import CaptureLostError, ConfigError
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.xserver import XServer


def config_for(server: XServer, *, region: Rect | None = None, refresh_interval_s: float = 60) -> CaptureConfig:
    return CaptureConfig(
        pool_buffers=3,
        backend="mss",
        display=server.display,
        fps=240,
        region=region,
        refresh_interval_s=refresh_interval_s,
    )


def test_drawn_rectangle_is_in_the_frame_and_its_damage(xserver: XServer, pencil: Pencil) -> None:
    source = MssSource(config_for(xserver))
    skip(source)
    settle(source)
    assert source.next_frame(0.05) is None
    pencil.fill(0x112233, 101, 57, 33, 21)
    frame = take(source)
    assert frame.damage is not None
    assert covers(frame.damage, Rect(101, 57, 33, 21))
    assert [rect.height <= 48 for rect in frame.damage] == [True]
    picture = pixels(frame)
    assert (picture[57:78, 101:134] == (0x33, 0x22, 0x11)).all()
    picture[57:78, 101:134] = 0
    assert not picture.any()
    frame.release()
    source.close()


def test_every_buffer_shows_every_change(xserver: XServer, pencil: Pencil) -> None:
    source = MssSource(config_for(xserver))
    held = [take(source)]
    for index in range(9):
        pencil.fill(0xFFFFFF, 8 * index, 16 * index, 8, 8)
        frame = take(source)
        assert (pixels(frame) == 255).sum() == 3 * 64 * (index + 1)
        held.append(frame)
        if len(held) > 1 + index % 2:
            held.pop(0).release()
    for frame in held:
        frame.release()
    source.close()


def test_region_is_captured_from_its_corner(xserver: XServer, pencil: Pencil) -> None:
    pencil.fill(0x445566, 100, 50, 10, 10)
    source = MssSource(config_for(xserver, region=Rect(100, 50, 201, 101)))
    frame = take(source)
    assert frame.size == (200, 100)
    assert (pixels(frame)[:10, :10] == (0x66, 0x55, 0x44)).all()
    frame.release()
    source.close()


def test_region_off_the_screen_is_refused(xserver: XServer) -> None:
    with pytest.raises(ConfigError, match="inside 640x480"):
        MssSource(config_for(xserver, region=Rect(600, 0, 100, 100)))


def test_monitors_have_the_same_numbers_as_with_x11(xserver: XServer) -> None:
    by_mss, by_x11 = (list_monitors(xserver.display, backend=name) for name in ("mss", "x11"))
    assert [(monitor.number, monitor.rect) for monitor in by_mss] == [(m.number, m.rect) for m in by_x11]


def test_capture_follows_the_screen_to_another_size_and_back(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    source = MssSource(config_for(server, refresh_interval_s=0.1))
    skip(source)
    server.resize(400, 300)
    frame = take_until(source, lambda frame: frame.size == (400, 300))
    assert frame.damage is None
    frame.release()
    server.xrandr("--output", "screen", "--mode", "640x480")
    with Pencil(server.display) as pencil:
        pencil.fill(0x778899, 630, 470, 10, 10)
        take_until(source, lambda frame: frame.size == (640, 480) and bool(pixels(frame)[479, 639].any())).release()
    assert source.size() == Size(640, 480)
    source.close()


def test_server_that_dies_is_noticed(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver()
    source = MssSource(config_for(server))
    skip(source)
    server.kill()
    with pytest.raises(CaptureLostError):
        take(source)
    source.close()


def test_a_change_is_seen_though_the_buffer_with_the_last_picture_was_freed(xserver: XServer, pencil: Pencil) -> None:
    source = MssSource(config_for(xserver))
    skip(source)
    settle(source)
    source.pool.resize(source.pool.buffer_size_bytes * 2)  # a way to free what is idle at once
    source.pool.resize(source.pool.buffer_size_bytes // 2)
    pencil.fill(0x112233, 101, 57, 33, 21)
    frame = take(source)
    assert (pixels(frame)[57:78, 101:134] == (0x33, 0x22, 0x11)).all()
    assert covers(frame.damage, Rect(101, 57, 33, 21))
    frame.release()
    source.close()


def test_another_monitor_is_chosen_while_it_runs(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    server.xrandr("--setmonitor", "west", "320/100x480/100+0+0", "screen")
    server.xrandr("--setmonitor", "east", "200/100x100/100+400+0", "none")
    source = MssSource(config_for(server))
    settle(source)
    sizes = [monitor.rect.size for monitor in source.layout.monitors]
    assert (source.layout.captured, sorted(sizes)) == (0, [(200, 100), (320, 480)])
    east = sizes.index(Size(200, 100))
    with Pencil(server.display) as pencil:
        pencil.fill(0xABCDEF, 400, 0, 200, 100)
        source.choose_monitor(east)  # it looks but once a minute unless told
        frame = take_until(source, lambda frame: frame.size == (200, 100))
        assert (pixels(frame) == (0xEF, 0xCD, 0xAB)).all()
        frame.release()
    assert source.layout.captured == east
    source.choose_monitor(5)  # it has gone meanwhile
    take_until(source, lambda frame: frame.size == sizes[0]).release()
    assert source.layout.captured == 0
    source.close()
