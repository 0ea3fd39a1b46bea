from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.video import make_converter, make_frame, noise, plain
from wavry.media import PixelFormat, Rect, Size
from wavry.memory import FrameBufferPool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wavry.encode.converter import FrameConverter
    from wavry.media import Damage


def planes(converter: FrameConverter) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Y, Cb and Cr of a converter's picture, whatever its layout."""
    picture = converter.picture()
    width, height = converter.target
    luma = np.frombuffer(memoryview(picture.planes[0]), np.uint8).reshape(height, -1)[:, :width]
    if picture.format.name == "nv12":
        both = np.frombuffer(memoryview(picture.planes[1]), np.uint8).reshape(height // 2, -1, 2)[:, : width // 2]
        return luma.copy(), both[..., 0].copy(), both[..., 1].copy()
    chroma = [
        np.frombuffer(memoryview(plane), np.uint8).reshape(height // 2, -1)[:, : width // 2].copy()
        for plane in picture.planes[1:]
    ]
    return luma.copy(), chroma[0], chroma[1]


def bt709(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Y, Cb, Cr of every pixel in BT.709, limited range (ITU-R BT.709-6, items 3.2 to 3.5)."""
    blue, green, red = (pixels[..., channel].astype(np.float64) / 255 for channel in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.stack([16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748])


def update(
    converter: FrameConverter, pixels: NDArray[np.uint8], damage: Rect | Damage | None = None, pad: int = 0
) -> bool:
    frame = make_frame(pixels, pad=pad)
    frame.damage = (damage,) if isinstance(damage, Rect) else damage
    changed = converter.update(frame)
    frame.release()
    return changed


def full_conversion(
    pixels: NDArray[np.uint8], layout: PixelFormat = PixelFormat.I420
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    converter = make_converter(Size(pixels.shape[1], pixels.shape[0]), layout=layout)
    update(converter, pixels)
    return planes(converter)


@pytest.mark.parametrize("layout", [PixelFormat.I420, PixelFormat.NV12])
@pytest.mark.parametrize("size", [Size(16, 16), Size(18, 16), Size(322, 34), Size(64, 300)], ids=str)
@pytest.mark.parametrize("pad", [0, 5])
def test_a_picture_is_bt709_in_limited_range(size: Size, layout: PixelFormat, pad: int) -> None:
    blocks = np.repeat(np.repeat(noise(Size(size.width // 2, size.height // 2), 1), 2, axis=0), 2, axis=1)
    converter = make_converter(size, layout=layout)
    update(converter, blocks, pad=pad)
    luma, blue, red = planes(converter)
    wanted = bt709(blocks)
    assert np.abs(luma - wanted[0]).max() <= 2
    inner = slice(2, -2)  # swscale weights chroma across the edges of the blocks
    for plane, reference in ((blue, wanted[1, ::2, ::2]), (red, wanted[2, ::2, ::2])):
        assert plane.shape == reference.shape
        assert np.abs(plane.astype(float) - reference)[:, inner].mean() <= 2


@pytest.mark.parametrize(
    "bgr", [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0), (128, 128, 128), (40, 90, 200)]
)
@pytest.mark.parametrize("layout", [PixelFormat.I420, PixelFormat.NV12])
def test_plain_colours_are_right_to_one_step(bgr: tuple[int, int, int], layout: PixelFormat) -> None:
    pixels = plain(Size(64, 48), bgr)
    for plane, reference in zip(full_conversion(pixels, layout), bt709(pixels), strict=True):
        assert np.abs(plane.astype(float) - reference[0, 0]).max() <= 1.01


sizes = st.builds(lambda w, h: Size(2 * w, 2 * h), st.integers(8, 40), st.integers(8, 180))


@settings(max_examples=60, deadline=None)
@given(
    size=sizes,
    layout=st.sampled_from([PixelFormat.I420, PixelFormat.NV12]),
    pad=st.integers(0, 9),
    seed=st.integers(0, 1000),
    damages=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(-3, 3)),
        min_size=1,
        max_size=4,
    ),
)
def test_after_any_damage_the_picture_is_a_full_conversion_of_the_newest_frame(
    size: Size, layout: PixelFormat, pad: int, seed: int, damages: list[tuple[float, float, float, float, int]]
) -> None:
    pixels = noise(size, seed)
    converter = make_converter(size, layout=layout)
    assert update(converter, pixels, pad=pad)
    for number, (left, top, width, height, beyond) in enumerate(damages):
        x, y = int(left * (size.width - 1)), int(top * (size.height - 1))
        damage = Rect(x, y, 1 + int(width * (size.width - x - 1)), 1 + int(height * (size.height - y - 1)))
        pixels = pixels.copy()
        fresh = noise(damage.size, seed + number + 1)
        pixels[y : y + damage.height, x : x + damage.width] = fresh
        wider = Rect(x - max(0, beyond), y - max(0, beyond), damage.width + 6, damage.height + 6)
        update(converter, pixels, wider if beyond else damage, pad=pad)
        for plane, reference in zip(planes(converter), full_conversion(pixels, layout), strict=True):
            np.testing.assert_array_equal(plane, reference)


def test_only_the_damaged_rows_are_read() -> None:
    size = Size(64, 400)
    converter = make_converter(size)
    update(converter, plain(size, (0, 0, 0)))
    update(converter, plain(size, (255, 255, 255)), Rect(0, 100, 64, 10))
    luma, _, _ = planes(converter)
    assert (luma[100:110] == 235).all()
    assert (luma[:90] == 16).all()
    assert (luma[164:] == 16).all()


def test_only_the_damaged_side_is_read() -> None:
    size = Size(256, 128)
    converter = make_converter(size)
    update(converter, plain(size, (0, 0, 0)))
    update(converter, plain(size, (255, 255, 255)), Rect(200, 0, 10, 128))
    luma, _, _ = planes(converter)
    assert (luma[:, 200:210] == 235).all()
    assert (luma[:, :192] == 16).all()


@pytest.mark.parametrize(("x", "width", "read_from"), [(960, 960, 960), (490, 1430, 480), (1500, 420, 1440)])
def test_of_a_side_that_changes_from_top_to_bottom_no_more_than_quarters_are_read(
    x: int, width: int, read_from: int
) -> None:
    size = Size(1920, 256)
    converter = make_converter(size)
    update(converter, plain(size, (0, 0, 0)))
    update(converter, plain(size, (255, 255, 255)), Rect(x, 0, width, 256))
    luma, _, _ = planes(converter)
    assert (luma[:, :read_from] == 16).all()
    assert (luma[:, read_from:] == 235).all()


@pytest.mark.parametrize("damage", [Rect(0, 400, 64, 10), Rect(0, -20, 64, 10), Rect(0, 10, 64, 0)])
def test_damage_off_the_picture_changes_nothing(damage: Rect) -> None:
    size = Size(64, 400)
    converter = make_converter(size)
    update(converter, plain(size, (0, 0, 0)))
    assert not update(converter, plain(size, (0, 0, 0)), damage)
    assert (planes(converter)[0] == 16).all()


@pytest.mark.parametrize("target", [Size(64, 64), Size(32, 32)], ids=["same size", "scaled"])
def test_the_same_pixels_again_are_no_change(target: Size) -> None:
    pixels = noise(Size(64, 64))
    converter = make_converter(Size(64, 64), target)
    assert update(converter, pixels)
    assert not update(converter, pixels)
    assert not update(converter, pixels, Rect(0, 0, 64, 64))


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("damage", [None, Rect(10, 20, 2, 2)])
def test_a_change_of_any_channel_is_a_change(channel: int, damage: Rect | None) -> None:
    size = Size(64, 64)
    pixels = plain(size, (128, 128, 128))
    converter = make_converter(size)
    update(converter, pixels)
    pixels[20:22, 10:12, channel] = 255
    assert update(converter, pixels, damage)
    for plane, reference in zip(planes(converter), full_conversion(pixels), strict=True):
        np.testing.assert_array_equal(plane, reference)


@pytest.mark.parametrize("layout", [PixelFormat.I420, PixelFormat.NV12])
@pytest.mark.parametrize(
    ("source", "target"),
    [(Size(128, 96), Size(64, 48)), (Size(33, 65), Size(32, 64)), (Size(320, 240), Size(16, 16))],
    ids=str,
)
def test_frames_of_another_size_are_scaled_whole(source: Size, target: Size, layout: PixelFormat) -> None:
    pixels = plain(source, (0, 0, 255))
    pixels[: source.height // 2] = (255, 0, 0, 0)
    converter = make_converter(source, target, layout)
    update(converter, pixels, Rect(0, 0, 1, 1))
    luma, blue, red = planes(converter)
    assert luma.shape == (target.height, target.width)
    for row, bgr in ((1, (255, 0, 0)), (-2, (0, 0, 255))):
        wanted = bt709(np.array([[bgr]], np.uint8))[:, 0, 0]
        assert np.abs(luma[row] - wanted[0]).max() <= 2
        assert np.abs(blue[row // 2] - wanted[1]).max() <= 2
        assert np.abs(red[row // 2] - wanted[2]).max() <= 2


def test_what_lies_between_the_rectangles_is_not_read() -> None:
    size = Size(640, 360)
    converter = make_converter(size)
    update(converter, plain(size, (0, 0, 0)))
    assert update(converter, plain(size, (255, 255, 255)), (Rect(0, 0, 20, 20), Rect(600, 330, 20, 20)))
    luma, _, _ = planes(converter)
    assert (luma[0, 0], luma[180, 320], luma[340, 610]) == (235, 16, 235)


def test_a_frame_without_damage_changes_nothing() -> None:
    size = Size(640, 360)
    for target in (size, Size(320, 180)):
        converter = make_converter(size, target)
        update(converter, plain(size, (0, 0, 0)))
        assert not update(converter, plain(size, (255, 255, 255)), ())
        assert planes(converter)[0].max() == 16


def test_the_picture_says_what_its_colours_mean() -> None:
    picture = make_converter(Size(64, 64)).picture()
    assert picture.format.name == "yuv420p"
    assert (int(picture.colorspace), int(picture.color_range)) == (1, 1)  # BT.709, MPEG


@pytest.mark.parametrize("layout", [PixelFormat.I420, PixelFormat.NV12])
@pytest.mark.parametrize("size", [Size(64, 64), Size(64, 66), Size(66, 50), Size(1680, 1050)], ids=str)
def test_the_picture_has_the_size_it_was_asked_for(size: Size, layout: PixelFormat) -> None:
    picture = make_converter(size, layout=layout).picture()
    assert (picture.width, picture.height, picture.format.name) == (*size, layout.value)


def test_close_gives_the_buffer_back_once() -> None:
    from wavry.encode.converter import FrameConverter
    from wavry.media import picture_bytes

    pool = FrameBufferPool(picture_bytes(Size(64, 64)), 1)
    converter = FrameConverter(Size(64, 64), Size(64, 64), PixelFormat.I420, pool.acquire())
    converter.close()
    converter.close()
    assert pool.memory_usage().in_use_buffers == 0
