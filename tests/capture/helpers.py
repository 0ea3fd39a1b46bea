"""What the tests of sources share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wavry.capture import FrameSource
    from wavry.media import Damage, Frame, Rect

PATIENCE_S = 20.0
"""How long a test waits for what must come; no test waits for what must not."""

MANY_FRAMES = 50


def take(source: FrameSource) -> Frame:
    """Return the next frame, which must come."""
    frame = source.next_frame(PATIENCE_S)
    assert frame is not None
    return frame


def skip(source: FrameSource) -> None:
    """Have a frame delivered and forget it."""
    take(source).release()


def settle(source: FrameSource) -> None:
    """Take frames until nothing is left to show right now."""
    for _ in range(MANY_FRAMES):
        frame = source.next_frame(0)
        if frame is None:
            return
        frame.release()
    raise AssertionError("the source never comes to rest")


def take_until(source: FrameSource, is_wanted: Callable[[Frame], bool]) -> Frame:
    """Return the first frame that is wanted and release those before it."""
    for _ in range(MANY_FRAMES):
        frame = take(source)
        if is_wanted(frame):
            return frame
        frame.release()
    raise AssertionError("no such frame came")


def pixels(frame: Frame) -> NDArray[np.uint8]:
    """Return a `(height, width, 3)` copy: blue, green, red."""
    rows = np.frombuffer(frame.data, np.uint8)[: frame.stride * frame.size.height]
    picture = rows.reshape(frame.size.height, frame.stride // 4, 4)
    return picture[:, : frame.size.width, :3].copy()


def covers(damage: Damage | None, rect: Rect) -> bool:
    """Return whether one of the rectangles holds all of `rect`."""
    return damage is None or any(each.intersection(rect) == rect for each in damage)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def mapped_segments(process: int | str = "self") -> int:
    return Path(f"/proc/{process}/maps").read_text().count("wavry-capture")
