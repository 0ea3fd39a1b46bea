"""A screen on which something always moves, and whose size can be changed."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tests.support.xserver import Pencil, XServer

if TYPE_CHECKING:
    from types import TracebackType

WIDTH, HEIGHT = 1920, 1080
_STROKES_PER_SECOND = 30
_SIDE = 96


class BusyScreen:
    """An Xvfb of our own and a thread that draws squares on it. A context manager."""

    def __init__(self) -> None:
        self._exit = ExitStack()
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._server = stack.enter_context(XServer(WIDTH, HEIGHT))
            self.display = self._server.display
            pencil = stack.enter_context(Pencil(self.display))
            thread = threading.Thread(target=self._draw, args=(pencil,), name="soak-pencil")
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._stopped.set)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exit.close()

    def _draw(self, pencil: Pencil) -> None:
        step = 0
        while not self._stopped.wait(1 / _STROKES_PER_SECOND):
            step += 1
            # Within 1024x768, the smallest size that the churn gives the screen.
            pencil.fill(step * 0x010305 & 0xFFFFFF, step * 7 % (1024 - _SIDE), step * 5 % (768 - _SIDE), _SIDE, _SIDE)

    def resize(self, width: int, height: int) -> None:
        """Give it another size, at most the one it began with."""
        self._server.resize(width, height)
