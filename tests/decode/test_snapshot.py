from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from tests.support.video import make_converter, make_frame, noise, to_rgb
from wavry.decode.snapshot import save_png
from wavry.errors import ConfigError
from wavry.media import Size

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def picture(pixels: NDArray[np.uint8]) -> av.VideoFrame:
    converter = make_converter(Size(pixels.shape[1], pixels.shape[0]))
    converter.update(make_frame(pixels))
    return converter.picture()


def read_png(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)


@pytest.mark.parametrize("size", [Size(16, 16), Size(66, 50), Size(320, 240)], ids=str)
def test_what_is_read_back_is_what_was_converted(size: Size, tmp_path: Path) -> None:
    frame = picture(noise(size))
    save_png(frame, tmp_path / "s.png")
    np.testing.assert_array_equal(read_png(tmp_path / "s.png"), to_rgb(frame))
    assert [path.name for path in tmp_path.iterdir()] == ["s.png"]


@pytest.mark.parametrize(
    "rgb", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 100, 50)], ids=str
)
def test_colours_survive_the_way_to_yuv_and_back(rgb: tuple[int, int, int], tmp_path: Path) -> None:
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[..., :3] = rgb[::-1]
    save_png(picture(pixels), tmp_path / "s.png")
    assert np.abs(read_png(tmp_path / "s.png").astype(int) - rgb).max() <= 3


def test_a_directory_that_is_not_there_is_named_with_the_flag(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--snapshot"):
        save_png(picture(noise(Size(16, 16))), tmp_path / "missing" / "s.png")
