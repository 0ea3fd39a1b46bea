from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import xcffib.shm

from tests.capture.helpers import (
    PATIENCE_S,
    covers,
    mapped_segments,
    open_descriptors,
    pixels,
    settle,
    skip,
    take,
    take_until,
)
from tests.support.xserver import Pencil
from wavry.capture import CaptureConfig, list_monitors, x11, x11_screen
from wavry.capture.layout import NO_CHOICE
from wavry.capture.x11 import X11Source
from wavry.capture.x11_screen import X11Screen
from wavry.errors import BackendUnavailableError, CaptureLostError, ConfigError
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.xserver import XServer
    from wavry.media import Frame


pytestmark = pytest.mark.usefixtures("x11_way")


def config_for(server: XServer, *, region: Rect | None = None, refresh_interval_s: float = 60) -> CaptureConfig:
    """A source that the frame rate hardly holds back, and that shows nothing unasked."""
    return CaptureConfig(
        pool_buffers=3,
        backend="x11",
        display=server.display,
        fps=240,
        region=region,
        refresh_interval_s=refresh_interval_s,
    )


@pytest.fixture
def source(xserver: XServer) -> Iterator[X11Source]:
    source = X11Source(config_for(xserver))
    yield source
    source.close()


def use_all_buffers(source: X11Source, pencil: Pencil, rect: Rect) -> list[Frame]:
    """Change a rectangle until a frame is in each buffer; they are the caller's."""
    frames = []
    for colour in (0x111111, 0x222222, 0x333333):
        pencil.fill(colour, *rect)
        frames.append(take(source))
    return frames


def test_drawn_rectangle_is_in_the_frame_and_its_damage(source: X11Source, pencil: Pencil) -> None:
    skip(source)
    settle(source)
    pencil.fill(0x112233, 101, 57, 33, 21)
    frame = take(source)
    assert frame.damage == (Rect(101, 57, 33, 21),)
    picture = pixels(frame)
    frame.release()
    assert (picture[57:78, 101:134] == (0x33, 0x22, 0x11)).all()
    picture[57:78, 101:134] = 0
    assert not picture.any()


def test_nothing_comes_while_nothing_changes(source: X11Source) -> None:
    skip(source)
    settle(source)
    assert source.next_frame(0.1) is None


def test_every_buffer_shows_every_change(source: X11Source, pencil: Pencil) -> None:
    skip(source)
    held = []
    for index in range(12):
        pencil.fill(0xFFFFFF, 8 * index, 16 * index, 8, 8)
        frame = take_until(source, lambda frame, index=index: pixels(frame)[16 * index, 8 * index].all())  # type: ignore[misc]
        picture = pixels(frame)
        for earlier in range(index + 1):
            assert (picture[16 * earlier : 16 * earlier + 8, 8 * earlier : 8 * earlier + 8] == 255).all()
        assert (picture == 255).sum() == 3 * 64 * (index + 1)
        held.append(frame)
        if len(held) > index % 3:  # lends one, two or three buffers in turn
            held.pop(0).release()
    for frame in held:
        frame.release()


def test_changes_while_all_buffers_are_lent_are_in_the_next_frame(source: X11Source, pencil: Pencil) -> None:
    held = [take(source)]
    for colour in (0x010101, 0x020202):
        pencil.fill(colour, 0, 0, 9, 9)
        held.append(take_until(source, lambda frame, colour=colour: pixels(frame)[0, 0, 0] == colour & 0xFF))  # type: ignore[misc]
    pencil.fill(0x111111, 10, 10, 5, 5)
    assert source.next_frame(0) is None
    pencil.fill(0x222222, 300, 200, 5, 5)
    assert source.next_frame(0) is None
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(source.next_frame, PATIENCE_S)
        held.pop().release()  # wakes it
        frame = waiting.result(PATIENCE_S)
    assert frame is not None
    held.append(frame)
    picture = pixels(frame)
    assert (picture[10, 10, 0], picture[200, 300, 0]) == (0x11, 0x22)
    assert covers(frame.damage, Rect(10, 10, 5, 5))
    for one in held:
        one.release()


def test_refresh_comes_unasked(xserver: XServer) -> None:
    source = X11Source(config_for(xserver, refresh_interval_s=0.1))
    skip(source)
    frame = take(source)
    assert frame.damage is None
    frame.release()
    source.close()


def test_only_damage_inside_the_region_counts(xserver: XServer, pencil: Pencil) -> None:
    source = X11Source(config_for(xserver, region=Rect(100, 50, 201, 101)))
    assert source.size() == Size(200, 100)
    skip(source)
    settle(source)
    pencil.fill(0x445566, 0, 0, 100, 480)
    assert source.next_frame(0.05) is None
    pencil.fill(0x445566, 90, 40, 20, 30)
    frame = take(source)
    assert frame.damage == (Rect(0, 0, 10, 20),)
    assert (pixels(frame)[:20, :10] == (0x66, 0x55, 0x44)).all()
    assert not pixels(frame)[20:].any()
    frame.release()
    source.close()


def test_what_lies_between_two_changes_is_no_damage(source: X11Source, pencil: Pencil) -> None:
    skip(source)
    settle(source)
    pencil.fill(0x112233, 0, 0, 8, 480)
    pencil.fill(0x112233, 600, 450, 30, 20)
    frame = take(source)
    assert frame.damage == (Rect(0, 0, 8, 480), Rect(600, 450, 30, 20))
    frame.release()


def test_hundreds_of_changes_are_one_box(source: X11Source, pencil: Pencil) -> None:
    skip(source)
    settle(source)
    for index in range(200):
        pencil.fill(0x112233, 3 * index, 2 * index, 1, 1)
    frame = take(source)
    assert frame.damage == (Rect(0, 0, 598, 399),)
    frame.release()


@pytest.mark.parametrize("seed", range(6))
def test_who_copies_no_more_than_the_damage_has_the_whole_picture(xserver: XServer, pencil: Pencil, seed: int) -> None:
    chance = random.Random(seed)
    source = X11Source(config_for(xserver, region=Rect(100, 50, 400, 300)))
    held = [take(source)]
    copy = pixels(held[0])
    for _ in range(60):
        for _ in range(chance.randrange(4)):
            size = chance.randrange(1, 200), chance.randrange(1, 200)
            pencil.fill(chance.randrange(1 << 24), chance.randrange(640), chance.randrange(480), *size)
        frame = source.next_frame(0.005)
        if frame is None:
            continue
        assert frame.damage is not None
        for x, y, width, height in frame.damage:
            copy[y : y + height, x : x + width] = pixels(frame)[y : y + height, x : x + width]
        assert (copy == pixels(frame)).all()
        held.append(frame)
        if len(held) == 3:
            held.pop(chance.randrange(3)).release()
    assert len(held) > 1
    for frame in held:
        frame.release()
    source.close()


def test_region_off_the_screen_is_refused(xserver: XServer) -> None:
    before = open_descriptors()
    with pytest.raises(ConfigError, match="--region 600,0,100,100: allowed is inside 640x480"):
        X11Source(config_for(xserver, region=Rect(600, 0, 100, 100)))
    assert open_descriptors() == before


def test_unknown_monitor_is_refused(xserver: XServer) -> None:
    with pytest.raises(ConfigError, match=r"--monitor 3: allowed is 0 \(0 is screen 640x480\)"):
        X11Source(CaptureConfig(display=xserver.display, monitor=3))


def test_monitors_are_listed_and_captured_by_number(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    server.xrandr("--setmonitor", "west", "320/100x480/100+0+0", "screen")
    server.xrandr("--setmonitor", "east", "320/100x480/100+320+0", "none")
    monitors = list_monitors(server.display)
    assert {monitor.name: monitor.rect for monitor in monitors} == {
        "west": Rect(0, 0, 320, 480),
        "east": Rect(320, 0, 320, 480),
    }
    east = next(monitor.number for monitor in monitors if monitor.name == "east")
    with Pencil(server.display) as pencil:
        pencil.fill(0xABCDEF, 320, 0, 2, 2)
    source = X11Source(CaptureConfig(display=server.display, monitor=east))
    frame = take(source)
    assert frame.size == (320, 480)
    assert (pixels(frame)[:2, :2] == (0xEF, 0xCD, 0xAB)).all()
    frame.release()
    source.close()


def test_capture_follows_the_screen_to_another_size_and_back(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    source = X11Source(config_for(server))
    held = take(source)
    pool = source.pool
    copy = pixels(held)
    with Pencil(server.display) as pencil:
        server.resize(400, 300)
        pencil.fill(0x778899, 390, 290, 10, 10)
        frame = take_until(source, lambda frame: frame.size == (400, 300) and bool(pixels(frame)[299, 399].any()))
        assert source.size() == (400, 300)
        assert (pixels(frame)[290:, 390:] == (0x99, 0x88, 0x77)).all()
        frame.release()
        assert (pixels(held) == copy).all()
        held.release()
        assert source.pool is pool
        assert pool.used_bytes == pool.memory_usage().available_buffers * 400 * 300 * 4  # the old ones are gone
        assert mapped_segments() == pool.memory_usage().available_buffers
        server.xrandr("--output", "screen", "--mode", "640x480")
        pencil.fill(0x778899, 630, 470, 10, 10)
        frame = take_until(source, lambda frame: frame.size == (640, 480) and bool(pixels(frame)[479, 639].any()))
        frame.release()
    assert mapped_segments() <= 3
    source.close()
    assert mapped_segments() == 0


def test_the_server_keeps_nothing_of_segments_that_are_gone(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    source = X11Source(config_for(server))
    with Pencil(server.display) as pencil:
        for size in [Size(400, 300), Size(640, 480)] * 5:
            server.resize(*size)
            while True:
                frame = take(source)
                frame.release()
                if frame.size == size:
                    break
            for frame in use_all_buffers(source, pencil, Rect(0, 0, 8, 8)):
                frame.release()
            assert mapped_segments(server.pid) <= 3
    source.close()


def test_first_frame_of_another_size_is_whole(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    source = X11Source(config_for(server))
    skip(source)
    server.resize(400, 300)
    frame = take_until(source, lambda frame: frame.size == (400, 300))
    assert frame.damage is None
    frame.release()
    source.close()


def test_region_is_cut_when_the_screen_shrinks(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    source = X11Source(config_for(server, region=Rect(300, 200, 300, 200)))
    skip(source)
    server.resize(400, 300)
    take_until(source, lambda frame: frame.size == (100, 100)).release()
    assert source.notes == ["region 300,200,300,200 is cut to 100x100 by the new screen size"]
    source.close()


def test_server_that_dies_ends_the_waiting_with_one_error(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver()
    source = X11Source(config_for(server))
    skip(source)
    settle(source)
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(source.next_frame, PATIENCE_S)
        server.kill()
        with pytest.raises(CaptureLostError, match="x11 was lost: the X server closed the connection"):
            waiting.result(PATIENCE_S)
    source.close()


def test_a_server_that_died_is_noticed_by_who_wants_everything_anew(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver()
    screen = X11Screen(server.display)
    segment = screen.make_segment(640 * 480 * 4)
    if screen.has_mirrors:
        screen.grab_missing(Rect(0, 0, 640, 480), segment)
    server.kill()
    ask = screen.forget_pictures if screen.has_mirrors else screen.take_damage
    with pytest.raises(CaptureLostError):
        any(ask() for _ in range(100_000))  # until the connection has noticed
    segment.close()
    screen.close()


def test_a_server_that_refuses_the_mirrors_it_promised_is_captured_without(
    xserver: XServer, pencil: Pencil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11_screen, "has_mirrors", lambda _: True)
    monkeypatch.setattr(x11, "_WORTH_PIXELS", 0)
    create: Any = xcffib.shm.shmExtension.CreatePixmap
    refused = []

    def with_wrong_depth(
        shm: Any, pixmap: int, root: int, width: int, height: int, _: int, *rest: Any, **how: Any
    ) -> Any:
        refused.append(pixmap)
        return create(shm, pixmap, root, width, height, 13, *rest, **how)

    monkeypatch.setattr(xcffib.shm.shmExtension, "CreatePixmap", with_wrong_depth)
    source = X11Source(config_for(xserver))
    settle(source)
    for frame in use_all_buffers(source, pencil, Rect(40, 50, 8, 8)):
        assert (pixels(frame)[50:58, 40:48, 2] == pixels(frame)[50, 40, 2]).all()
        assert pixels(frame)[50, 40, 2]
        frame.release()
    assert len(refused) == 1
    source.close()


def test_server_that_died_between_frames_is_noticed(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver()
    source = X11Source(config_for(server))
    server.kill()
    with pytest.raises(CaptureLostError):
        source.next_frame(PATIENCE_S)
    source.close()


@pytest.mark.parametrize("extension", ["DAMAGE", "MIT-SHM"])
def test_server_without_an_extension_is_refused_by_name(start_xserver: Callable[..., XServer], extension: str) -> None:
    server = start_xserver(640, 480, "-extension", extension)
    before = open_descriptors()
    with pytest.raises(BackendUnavailableError, match=f"x11: the X server has no {extension} extension"):
        X11Source(config_for(server))
    assert open_descriptors() == before


def test_screen_of_16_bits_is_refused(start_xserver: Callable[..., XServer]) -> None:
    with pytest.raises(BackendUnavailableError, match="16 bits deep"):
        X11Source(config_for(start_xserver(depth=16)))


def test_remote_display_is_refused(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480, "-listen", "tcp", "-ac")
    with pytest.raises(BackendUnavailableError, match="is remote"):
        X11Source(CaptureConfig(display=f"127.0.0.1{server.display}"))


def test_another_monitor_is_chosen_while_it_runs(start_xserver: Callable[..., XServer]) -> None:
    server = start_xserver(640, 480)
    server.xrandr("--setmonitor", "west", "320/100x480/100+0+0", "screen")
    server.xrandr("--setmonitor", "east", "200/100x100/100+400+0", "none")
    source = X11Source(config_for(server))
    settle(source)
    names = [monitor.name for monitor in source.layout.monitors]
    assert (source.layout.captured, sorted(names)) == (0, ["east", "west"])
    east = names.index("east")
    with Pencil(server.display) as pencil:
        pencil.fill(0xABCDEF, 400, 0, 200, 100)
        source.choose_monitor(east)
        frame = take_until(source, lambda frame: frame.size == (200, 100))
        assert frame.damage is None
        assert (pixels(frame) == (0xEF, 0xCD, 0xAB)).all()
        frame.release()
        assert source.layout.captured == east
        pencil.fill(0x123456, 590, 90, 10, 10)
        frame = take_until(source, lambda frame: bool((pixels(frame)[99, 199] == (0x56, 0x34, 0x12)).all()))
        frame.release()
    source.choose_monitor(99)  # it has gone meanwhile
    take_until(source, lambda frame: frame.size == source.layout.monitors[0].rect.size).release()
    assert source.layout.captured == 0
    assert source.notes == ["monitor 99 is gone, shows the primary one"]
    source.close()


def test_another_monitor_of_the_same_size_is_shown_though_nothing_changes(
    start_xserver: Callable[..., XServer],
) -> None:
    server = start_xserver(640, 480)
    server.xrandr("--setmonitor", "west", "320/100x480/100+0+0", "screen")
    server.xrandr("--setmonitor", "east", "320/100x480/100+320+0", "none")
    with Pencil(server.display) as pencil:
        pencil.fill(0x445566, 0, 0, 320, 480)
        pencil.fill(0xABCDEF, 320, 0, 320, 480)
    source = X11Source(config_for(server))
    settle(source)
    number = {monitor.name: monitor.number for monitor in list_monitors(server.display)}
    with Pencil(server.display) as pencil:
        for name, left, colour in [("west", 0, 0x44), ("east", 320, 0xAB), ("west", 0, 0x44)]:
            source.choose_monitor(number[name])
            frame = take(source)
            assert frame.damage is None
            assert (pixels(frame)[8:, :, 2] == colour).all()
            frame.release()
            for frame in use_all_buffers(source, pencil, Rect(left, 0, 8, 8)):
                assert (pixels(frame)[8:, :, 2] == colour).all()
                frame.release()
    source.close()


def test_a_region_is_all_that_may_be_seen(xserver: XServer) -> None:
    source = X11Source(CaptureConfig(display=xserver.display, region=Rect(0, 0, 64, 64)))
    assert source.layout == NO_CHOICE
    source.close()
