"""Opens the encoder that is probably needed next, beside the stage: opening takes 15 to 60 ms, one to four frames."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wavry.errors import NoBackendError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.backends import Opened
    from wavry.encode.config import EncoderConfig
    from wavry.encode.encoder import VideoEncoder


class EncoderWarming:
    """At most one encoder being opened on a thread of its own. Used by one other thread.

    Args:
        open_encoder: Opens one, or raises `NoBackendError`.
    """

    def __init__(self, open_encoder: Callable[[EncoderConfig], Opened[VideoEncoder]]) -> None:
        self._open_encoder = open_encoder
        self._thread: threading.Thread | None = None
        self._opened: Opened[VideoEncoder] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether one is being opened, or waits to be taken."""
        return self._thread is not None

    def start(self, config: EncoderConfig) -> None:
        """Begin to open an encoder, unless one is being opened already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(config,), name="wavry-warm")
            self._thread.start()

    def take(self, *, wait: bool = False) -> VideoEncoder | None:
        """Return the encoder if it is open, and be ready for the next; None while it is not, or if none works.

        Args:
            wait: Wait until it is open.
        """
        thread = self._thread
        if thread is None or (thread.is_alive() and not wait):
            return None
        thread.join()
        self._thread = None
        opened, self._opened = self._opened, None
        return None if opened is None else opened.backend

    def close(self) -> None:
        """End the thread and close what it has opened."""
        encoder = self.take(wait=True)
        if encoder is not None:
            encoder.close()

    def _run(self, config: EncoderConfig) -> None:
        try:
            self._opened = self._open_encoder(config)
        except NoBackendError:
            pass  # whoever needs it will see for itself
