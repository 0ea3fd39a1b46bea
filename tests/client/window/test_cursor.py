from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.client.window.arrow import ARROW
from wavry.client.window.cursor import pixel_of
from wavry.client.window.cursors import CursorCache, pointer_scale, scaled, straightened
from wavry.client.window.sdl import sdl2
from wavry.media import CursorImage
from wavry.rift.cursor.datagrams import MAX_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator


def image_of(side: int, number: int = 0) -> CursorImage:
    return CursorImage(side, side, side // 2, side - 1, number.to_bytes(4, "little") * side * side)


@given(pixels=st.integers(2, 8192), drawn=st.integers(2, 8192), data=st.data())
def test_a_place_is_in_the_middle_of_what_shows_its_pixel(pixels: int, drawn: int, data: st.DataObject) -> None:
    pixel = data.draw(st.integers(0, pixels - 1))
    share = round(pixel * MAX_SHARE / (pixels - 1))
    found = pixel_of(share, pixels, drawn)
    assert 0 <= found < drawn
    assert found <= (pixel + 0.6) * drawn / pixels
    assert found + 1 >= (pixel + 0.4) * drawn / pixels
    assert pixels != drawn or found == pixel


@given(scale=st.floats(0.01, 20), side=st.integers(1, 256))
def test_a_pointer_keeps_its_size_until_the_picture_is_less_than_half_or_more_than_double(
    scale: float, side: int
) -> None:
    drawn = pointer_scale(scale, image_of(side))
    assert 1 <= scaled(side, drawn) <= 256
    if 0.5 <= scale <= 2.0:
        assert drawn == 1.0
    elif scale < 0.5:
        assert 0.125 <= drawn <= 0.5
    elif side <= 12:
        assert drawn == pytest.approx(scale, abs=1 / 16)


@given(pixels=st.lists(st.tuples(*[st.integers(0, 255)] * 4), min_size=1, max_size=64))
def test_straight_pixels_premultiplied_again_are_what_came(pixels: list[tuple[int, int, int, int]]) -> None:
    premultiplied = [(*(channel * pixel[3] // 255 for channel in pixel[:3]), pixel[3]) for pixel in pixels]
    straight = straightened(bytes(channel for pixel in premultiplied for channel in pixel))
    for index, pixel in enumerate(premultiplied):
        *colours, alpha = straight[4 * index : 4 * index + 4]
        assert alpha == pixel[3]
        assert [round(colour * alpha / 255) for colour in colours] == list(pixel[:3]) or alpha == 0


def test_pixels_that_are_opaque_or_not_there_stay_as_they_are() -> None:
    assert straightened(ARROW.pixels) is ARROW.pixels
    assert len(ARROW.pixels) == 4 * ARROW.width * ARROW.height
    assert ARROW.pixels[:4] == b"\0\0\0\xff"  # the tip is the hot spot


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[CursorCache]:
    monkeypatch.setitem(os.environ, "SDL_VIDEODRIVER", "dummy")
    assert sdl2.SDL_Init(sdl2.SDL_INIT_VIDEO) == 0
    cache = CursorCache()
    yield cache
    cache.close()
    sdl2.SDL_Quit()


def test_the_cache_holds_the_shapes_shown_last_and_frees_the_others(cache: CursorCache) -> None:
    for number in range(100):
        cache.show(image_of(8, number), 1.0)
        cache.show(image_of(8, 0), 1.0)
    assert cache.drops == 100 - 16
    assert cache.used_bytes == 16 * 2 * 4 * 8 * 8 <= cache.cap_bytes
    dropped = cache.drops
    cache.show(image_of(8, 0), 1.0)
    assert cache.drops == dropped
    cache.close()
    assert cache.used_bytes == 0


def test_a_pointer_is_made_in_other_sizes(cache: CursorCache) -> None:
    for scale in (0.125, 0.5, 2.5, 4.0):
        cache.show(image_of(64), scale)
    assert cache.drops == 0
    assert cache.used_bytes == 4 * 2 * 4 * 64 * 64
