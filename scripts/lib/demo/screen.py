"""The screen as something other than wavry's own capture sees it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import mss
import numpy as np

from demo.pictures import psnr
from wavry.capture import CaptureConfig, list_monitors, open_source
from wavry.errors import NoBackendError

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.pictures import Picture

STILL_S = 1.0
"""A screen that looks the same for this long stands still."""

_STILL_PSNR_DB = 40.0
"""Two screenshots that are closer than this look the same: a cursor may blink and a small clock count seconds, a
window may not move."""


def has_screen() -> bool:
    """Whether the screen of this machine can be captured."""
    try:
        open_source(CaptureConfig()).backend.close()
    except NoBackendError:
        return False
    return True


def take_screenshot() -> Picture:
    """Return the primary monitor as RGB, its sides rounded down to even as wavry does."""
    rect = list_monitors()[0].rect
    area = {"left": rect.x, "top": rect.y, "width": rect.width & ~1, "height": rect.height & ~1}
    with mss.MSS() as camera:
        shot = camera.grab(area)
        bgra = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
    return np.ascontiguousarray(bgra[:, :, 2::-1])


def wait_until_still(most_s: float, check: Callable[[], None]) -> Picture | None:
    """Wait until the screen stands still.

    Args:
        most_s: How long to wait for it.
        check: Called about once a second; raises when waiting makes no sense any more.

    Returns:
        The screen, or None if it kept changing.
    """
    give_up_at = time.monotonic() + most_s
    before = take_screenshot()
    while time.monotonic() < give_up_at:
        time.sleep(STILL_S)
        check()
        now = take_screenshot()
        if looks_same(before, now):
            return now
        before = now
    return None


def looks_same(first: Picture, second: Picture) -> bool:
    """Whether two pictures of the screen show the same."""
    return first.shape == second.shape and psnr(first, second) >= _STILL_PSNR_DB
