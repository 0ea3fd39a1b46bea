"""The clipboard as sessions see it: what is on it now, told once, wherever it comes from. On the loop.

No echo: what a peer put here is known, so it is news to nobody, whichever program hands it back.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Protocol

from wavry.clipboard.board import MAX_TEXT_BYTES
from wavry.errors import BackendError, BackendUnavailableError
from wavry.pipeline import run_in_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.backends import Opened
    from wavry.clipboard.board import ClipboardBoard
    from wavry.memory import MemoryBudget, Registration

logger = logging.getLogger(__name__)

_REOPEN_S = 2.0
"""Between two looks whether a clipboard that went away is back."""


class TextListener(Protocol):
    """Hears of texts."""

    def __call__(self, text: bytes, *, is_change: bool) -> None:
        """Take a text that is on the clipboard; see `BoardListener`."""


class ClipboardStage:
    """Keeps one text, the one that is on the clipboard, while somebody wants to know it.

    It is also what `clipboard.text` of the budget stands for; sessions that send the text share it.

    Args:
        open_board: Opens the clipboard; blocks.
        on_text: Told of each text that is on it and was not put there by `put`.
        budget: Where its holders register.
    """

    cap_bytes = 2 * MAX_TEXT_BYTES
    """The text, and a newer one on its way from the clipboard's thread."""

    policy = "the newest text supersedes all others"

    def __init__(
        self, open_board: Callable[[], Opened[ClipboardBoard]], on_text: TextListener, budget: MemoryBudget
    ) -> None:
        self._open = open_board
        self._on_text = on_text
        self._budget = budget
        self._board: ClipboardBoard | None = None
        self._registrations: list[Registration] = []
        self._loop = asyncio.get_running_loop()
        self._is_wanted = False
        self.text: bytes | None = None
        """What is on the clipboard, as far as it is known."""
        self._lock = threading.Lock()
        self._news: tuple[bytes | None, bool] | None = None
        """What the clipboard's thread has told, until the loop looks."""
        self._high_water_bytes = 0
        self.drops = 0
        """Texts that were superseded before the loop looked at them."""

    async def open(self) -> bool:
        """Open the clipboard; if there is none that can be used, say so in one line and return False."""
        try:
            opened = await asyncio.to_thread(self._open)
        except BackendError as error:
            logger.warning("the clipboard is not shared: %s", error)
            return False
        logger.info("clipboard: %s", opened.name)
        self._registrations.append(self._budget.register("clipboard.text", self, policy=self.policy))
        self._use(opened.backend)
        return True

    def _use(self, board: ClipboardBoard) -> None:
        self._board = board
        for name, holder in board.holders().items():
            self._registrations.append(self._budget.register(name, holder, policy=holder.policy))
        if self._is_wanted:
            board.listen(self._told)

    async def run(self) -> None:
        """Let the clipboard work, and look for it again when it is gone. Until cancelled."""
        while self._board is not None:
            try:
                await self._work(self._board)
            except BackendUnavailableError as error:
                logger.warning("the clipboard is not shared any more: %s", error)
                await self._reopen()

    @staticmethod
    async def _work(board: ClipboardBoard) -> None:
        if board.run is not None:
            await run_in_worker("wavry-clipboard", board.run, stop=board.stop)
            return
        try:
            await asyncio.get_running_loop().create_future()  # it has a thread already; we are cancelled at the end
        finally:
            board.stop()

    async def _reopen(self) -> None:
        self._board, self.text = None, None
        while len(self._registrations) > 1:  # all but our own
            self._registrations.pop().close()
        while True:
            await asyncio.sleep(_REOPEN_S)
            try:
                opened = await asyncio.to_thread(self._open)
            except BackendError:
                continue  # what was said of it still holds
            self._use(opened.backend)
            logger.info("the clipboard is shared again")
            return

    def listen(self, is_wanted: bool) -> None:
        """Want to know what is on the clipboard, now and at each change, or not any more."""
        if is_wanted == self._is_wanted:
            return
        self._is_wanted = is_wanted
        if not is_wanted:
            self.text = None
        if self._board is not None:
            self._board.listen(self._told if is_wanted else None)

    def put(self, text: bytes) -> None:
        """Put a text of a peer on the clipboard, if it is not known to be there already."""
        if self._board is None or text == self.text:
            return
        self._board.put(text)
        with self._lock:
            self._news = None  # it was told before, and holds no more
        if self._is_wanted:
            self._keep(text)

    def _keep(self, text: bytes | None) -> None:
        self.text = text
        self._high_water_bytes = self.high_water_bytes

    def _told(self, text: bytes | None, *, is_change: bool) -> None:
        """Take what the clipboard's thread tells; only the newest counts."""
        with self._lock:
            is_first = self._news is None
            self.drops += not is_first
            self._news = text, is_change
        if is_first:
            try:
                self._loop.call_soon_threadsafe(self._take_news)
            except RuntimeError:
                pass  # the loop has ended

    def _take_news(self) -> None:
        with self._lock:
            news, self._news = self._news, None
        if news is None or not self._is_wanted:
            return
        text, is_change = news
        is_known = text == self.text
        self._keep(text)
        if text is not None and not is_known:
            self._on_text(text, is_change=is_change)

    def close(self) -> None:
        """Free the clipboard and leave the budget; `run` has ended."""
        if self._board is not None:
            self._board.close()
        for registration in self._registrations:
            registration.close()

    @property
    def used_bytes(self) -> int:
        """The text, and one that the loop has not looked at."""
        text, news = self.text, self._news
        waiting = news[0] if news is not None else None
        return len(text or b"") + len(waiting or b"")

    @property
    def high_water_bytes(self) -> int:
        """Most that they came to when somebody looked, or a text came."""
        return max(self._high_water_bytes, self.used_bytes)
