"""Pictures as arrays of `(height, width, 3)` bytes: made, read, compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathlib import Path

Picture = NDArray[np.uint8]


def psnr(first: Picture, second: Picture) -> float:
    """Return the peak signal-to-noise ratio over all three channels in dB; infinite for equal pictures."""
    difference = first.astype(np.int16) - second
    error = float(np.mean(np.square(difference, dtype=np.int32)))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def read_png(path: Path) -> Picture:
    """Return the picture in a PNG file."""
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    return picture.astype(np.uint8, copy=False)


def write_ppm(path: Path, picture: Picture) -> None:
    """Write a picture in the one format that every viewer reads and nobody needs a library for."""
    height, width, _ = picture.shape
    path.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + picture.tobytes())


def paint_evening(width: int, height: int) -> Picture:
    """Return a picture for the viewer: an evening sky over hills, with the fine grain that photographs have."""
    random = np.random.default_rng(1)
    x = np.linspace(0, 1, width)
    y = np.linspace(0, 1, height)[:, np.newaxis]
    sky = np.stack([40 + 210 * y**1.5 + 0 * x, 50 + 90 * y + 0 * x, 110 + 20 * (1 - y) + 0 * x], axis=2)
    sun = np.exp(-(((x - 0.7) * width / height) ** 2 + (y - 0.45) ** 2) / 0.012)[:, :, np.newaxis]
    picture = sky + sun * np.array([120.0, 110.0, 60.0])
    for crest, colour in ((0.62, (90, 60, 80)), (0.74, (50, 45, 60)), (0.86, (20, 30, 35))):
        ridge = crest + 0.04 * np.sin(x * 9 + crest * 40) + 0.015 * np.sin(x * 31 + crest * 70)
        picture[y >= ridge] = colour
    picture += random.normal(0, 3, (height, width, 1))
    evening: Picture = np.clip(picture, 0, 255).astype(np.uint8)
    return evening
