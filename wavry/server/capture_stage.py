"""The capture stage: one thread between the screen and the queue of frames."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from wavry.capture.layout import NO_CHOICE, Layout, ScreenSource
from wavry.errors import BackendError, CaptureLostError, ConfigError
from wavry.pipeline import BoundedQueue, QueueClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.capture import FrameSource
    from wavry.media import Frame

logger = logging.getLogger(__name__)

_WAIT_S = 1.0
"""How long one call into the source may last; it bounds nothing but how often the loop looks around."""

_REOPEN_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 5.0)


class CaptureStage:
    """Takes frames while somebody watches, and comes back when the screen does.

    Args:
        source: The first source, open; owned.
        reopen: Opens another after the screen was lost; raises a `BackendError` while there is none.
        frames: Where frames go; frames belong to it then.
        on_state: Told on the stage's thread when the screen goes (`False`, why) and comes back (`True`, "").
        on_layout: Told on the stage's thread when there are other monitors, or another one is shown.
    """

    def __init__(
        self,
        source: FrameSource,
        reopen: Callable[[], FrameSource],
        frames: BoundedQueue[Frame],
        on_state: Callable[[bool, str], None],
        on_layout: Callable[[Layout], None] = lambda _: None,
    ) -> None:
        self._reopen = reopen
        self.frames = frames
        self._use(source)
        self._on_state = on_state
        self._on_layout = on_layout
        self._told_layout = self.layout
        self._chosen: int | None = None
        """The monitor that somebody has chosen; holds for the next source too."""
        self._watched = threading.Event()
        self._stopped = threading.Event()
        self.captured = 0

    def _use(self, source: FrameSource) -> None:
        self.source = source
        source.reclaim_with(self.frames.get_nowait)
        self._screen = source if isinstance(source, ScreenSource) else None  # asked once: it takes 9 µs

    # What its frames may take, for the budget; another pool is behind it after the screen was lost and came back.

    @property
    def cap_bytes(self) -> int:
        """Most bytes of the present pool."""
        return self.source.pool.cap_bytes

    @property
    def used_bytes(self) -> int:
        """Bytes of the present pool's buffers."""
        return self.source.pool.used_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most bytes the present pool has held."""
        return self.source.pool.high_water_bytes

    @property
    def drops(self) -> int:
        """How often no buffer was free."""
        return self.source.pool.drops

    def watch(self, watched: bool) -> None:
        """Start or stop taking frames. Any thread."""
        if watched and not self._watched.is_set():
            self.source.request_full_frame()
            self._watched.set()
        elif not watched:
            self._watched.clear()
            self.source.interrupt()

    @property
    def layout(self) -> Layout:
        """What could be shown and what is. Any thread."""
        screen = self._screen
        return screen.layout if screen is not None else NO_CHOICE

    def choose_monitor(self, number: int) -> None:
        """Show another monitor of the screen, if there is a choice. Any thread."""
        self._chosen = number
        screen = self._screen
        if screen is not None:
            screen.choose_monitor(number)

    def _tell_layout(self) -> None:
        if (layout := self.layout) is not self._told_layout:
            self._told_layout = layout
            self._on_layout(layout)

    def stop(self) -> None:
        """Make `run` return. Any thread."""
        self._stopped.set()
        self._watched.set()
        self.source.interrupt()

    def run(self) -> None:
        """Take frames until `stop`."""
        try:
            while not self._stopped.is_set():
                while not self._watched.is_set():
                    self._watched.wait(self.source.pool.trim(keep=0))  # who watches next may come in a month
                try:
                    frame = self.source.next_frame(_WAIT_S)
                except CaptureLostError as error:
                    self._recover(error)
                    continue
                self._tell_layout()
                if frame is not None:
                    self.captured += 1
                    self.frames.put(frame)
                else:
                    self.source.pool.trim()
        except QueueClosed:
            pass
        finally:
            self.source.close()

    def _recover(self, error: CaptureLostError) -> None:
        """Try to open the source again, for as long as it takes."""
        logger.warning("%s; waiting for it to come back", error)
        self._on_state(False, str(error))
        self.source.close()
        attempt = 0
        while not self._stopped.wait(_REOPEN_DELAYS_S[min(attempt, len(_REOPEN_DELAYS_S) - 1)]):
            attempt += 1
            try:
                self._use(self._reopen())
                if self._chosen is not None:
                    self.choose_monitor(self._chosen)
            except (BackendError, ConfigError) as refusal:
                logger.debug("still no screen: %s", refusal)
                continue
            logger.info("the screen is back after %d tries", attempt)
            self._on_state(True, "")
            self.source.request_full_frame()
            return
