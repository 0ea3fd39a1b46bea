"""What every source promises, asked of every source."""

from __future__ import annotations

import gc
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.capture.helpers import PATIENCE_S, mapped_segments, open_descriptors, pixels, skip, take
from wavry.capture import CaptureConfig, open_source, x11
from wavry.errors import BufferReleasedError
from wavry.media import PixelFormat, Rect, Size
from wavry.memory import set_checkpoint_recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.xserver import Pencil, XServer
    from wavry.capture import FrameSource
    from wavry.media import Frame

SIZES = {"x11": Size(640, 480), "mss": Size(640, 480), "testcard": Size(320, 180), "file": Size(96, 64)}


@pytest.fixture(params=[*SIZES, "x11 with mirrors"])
def config(
    request: pytest.FixtureRequest, xserver: XServer, video_file: Path, monkeypatch: pytest.MonkeyPatch
) -> CaptureConfig:
    name: str = request.param
    if name == "x11 with mirrors":
        monkeypatch.setattr(x11, "_WORTH_PIXELS", 0)
        name = "x11"
    if name == "testcard":
        return CaptureConfig(source="testcard", size=SIZES["testcard"], fps=240, pool_buffers=2)
    if name == "file":
        return CaptureConfig(source=str(video_file), fps=240, pool_buffers=2)
    return CaptureConfig(backend=name, display=xserver.display, fps=240, pool_buffers=2, refresh_interval_s=60)


@pytest.fixture
def source(config: CaptureConfig) -> Iterator[FrameSource]:
    source = open_source(config).backend
    yield source
    source.close()


@pytest.fixture
def source_of_one(config: CaptureConfig) -> Iterator[FrameSource]:
    """A source with the one buffer that a host gives it."""
    source = open_source(replace(config, pool_buffers=1)).backend
    yield source
    source.close()


@pytest.fixture
def change(pencil: Pencil) -> Callable[[], None]:
    """Changes the screen, for the sources that need it."""
    colours = iter(range(0x102030, 0xFFFFFF, 0x1234))
    return lambda: pencil.fill(next(colours), 10, 20, 30, 40)


def test_first_frame_is_whole_and_of_the_promised_size(source: FrameSource) -> None:
    frame = take(source)
    assert frame.damage is None
    assert frame.size == source.size() == SIZES[source.name]
    assert frame.stride == 4 * frame.size.width
    assert frame.format is PixelFormat.BGRA
    assert len(frame.data) >= frame.stride * frame.size.height
    frame.release()


def test_times_and_numbers_go_up(source: FrameSource, change: Callable[[], None]) -> None:
    frames = []
    for _ in range(5):
        change()
        frame = take(source)
        frames.append(frame)
        frame.release()
    assert [frame.number for frame in frames] == list(range(frames[0].number, frames[0].number + 5))
    for older, newer in itertools.pairwise(frames):
        assert older.capture_us <= older.captured_us <= newer.captured_us
        assert older.capture_us < newer.capture_us


def test_outside_of_the_damage_nothing_differs(source: FrameSource, change: Callable[[], None]) -> None:
    skip(source)
    change()
    before = take(source)
    old = pixels(before)
    before.release()
    change()
    after = take(source)
    new = pixels(after)
    after.release()
    if after.damage is not None:
        for x, y, width, height in after.damage:
            assert Rect(x, y, width, height).intersection(Rect(0, 0, *after.size)) == (x, y, width, height)
            old[y : y + height, x : x + width] = new[y : y + height, x : x + width] = 0
        assert (old == new).all()


def test_interrupt_before_the_call_ends_it_once(source: FrameSource) -> None:
    skip(source)
    source.interrupt()
    assert source.next_frame(PATIENCE_S) is None
    source.request_full_frame()
    skip(source)


def test_interrupt_during_the_call_ends_it(config: CaptureConfig) -> None:
    still = open_source(config).backend
    entered = threading.Event()

    def wait() -> None:
        entered.set()
        while still.next_frame(PATIENCE_S) is not None:
            pass  # the frame is forgotten, and its buffer comes back by itself

    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(wait)
        entered.wait()
        still.interrupt()
        waiting.result(PATIENCE_S)
    still.close()


def test_full_frame_comes_on_request_though_nothing_changes(source: FrameSource) -> None:
    skip(source)
    source.request_full_frame()
    frame = take(source)
    assert frame.damage is None
    frame.release()


def test_lent_pixels_do_not_change_and_no_buffer_is_added(source: FrameSource, change: Callable[[], None]) -> None:
    change()
    held = [take(source)]
    change()
    held.append(take(source))
    copies = [pixels(frame) for frame in held]
    change()
    assert source.next_frame(0.02) is None
    assert source.pool.memory_usage().in_use_buffers == 2
    assert source.pool.used_bytes == source.pool.cap_bytes == 2 * held[0].stride * held[0].size.height
    for frame, copy in zip(held, copies, strict=True):
        assert (pixels(frame) == copy).all()
        frame.release()
    skip(source)


def test_one_buffer_is_enough_for_a_slow_encoder(source_of_one: FrameSource, change: Callable[[], None]) -> None:
    source = source_of_one
    waiting: list[Frame] = []
    source.reclaim_with(lambda: waiting.pop() if waiting else None)
    first = take(source)
    before = first.damage, first.capture_us
    waiting.append(first)
    change()
    newer = take(source)
    assert newer.damage is None  # as the first, which nobody saw
    assert newer.capture_us > before[1]
    assert source.pool.allocated == 1
    newer.release()


def test_a_frame_that_is_due_waits_for_the_buffer_and_comes_as_soon_as_it_is_back(
    source_of_one: FrameSource, change: Callable[[], None]
) -> None:
    held = take(source_of_one)
    change()
    assert source_of_one.next_frame(0.02) is None
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(take, source_of_one)
        held.release()
        waiting.result(PATIENCE_S).release()


def test_release_twice_is_an_error(source: FrameSource) -> None:
    frame = take(source)
    frame.release()
    with pytest.raises(BufferReleasedError):
        frame.release()


def test_closing_twice_and_calling_after_it_is_harmless(source: FrameSource) -> None:
    held = take(source)
    copy = pixels(held)
    source.close()
    source.close()
    source.interrupt()
    source.request_full_frame()
    assert (pixels(held) == copy).all()
    held.release()


def test_opening_and_closing_leaves_nothing_behind(config: CaptureConfig) -> None:
    def use_once() -> None:
        source = open_source(config).backend
        held = take(source)
        source.close()
        held.release()

    use_once()  # libraries load, and open what they keep
    gc.collect()
    before = open_descriptors(), threading.active_count()
    for _ in range(5):
        use_once()
    gc.collect()
    assert (open_descriptors(), threading.active_count()) == before
    assert mapped_segments() == 0


def test_every_frame_passes_the_checkpoint(source: FrameSource) -> None:
    passed: list[str] = []
    set_checkpoint_recorder(passed.append)
    try:
        skip(source)
    finally:
        set_checkpoint_recorder(None)
    assert passed == ["capture_frame_acquired"]
