"""A screen on which something always moves, and whose size can be changed."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.xserver import Pencil, XServer

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 1920, 1080
_STROKES_PER_SECOND = 30
_SIDE = 96
_LEAST_WIDTH, _LEAST_HEIGHT = 1024, 720
"""It is drawn within the smallest size that the churn gives the screen."""


@contextmanager
def busy_screen() -> Iterator[XServer]:
    """Start an Xvfb, with a thread that draws squares on it."""
    stopped = threading.Event()
    with XServer(WIDTH, HEIGHT) as server, Pencil(server.display) as pencil:
        thread = threading.Thread(target=_draw, args=(pencil, stopped), name="soak-pencil")
        thread.start()
        try:
            yield server
        finally:
            stopped.set()
            thread.join()


def _draw(pencil: Pencil, stopped: threading.Event) -> None:
    step = 0
    while not stopped.wait(1 / _STROKES_PER_SECOND):
        step += 1
        x, y = step * 7 % (_LEAST_WIDTH - _SIDE), step * 5 % (_LEAST_HEIGHT - _SIDE)
        pencil.fill(step * 0x010305 & 0xFFFFFF, x, y, _SIDE, _SIDE)
