"""The client's clipboard and the host's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.clipboard.session import ClipboardSession
from wavry.clipboard.stage import ClipboardStage
from wavry.rift.clipboard import TO_CLIENT, TO_HOST, ClipboardReady

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.backends import Opened
    from wavry.clipboard.board import ClipboardBoard
    from wavry.clipboard.config import ClipboardDirections
    from wavry.memory import MemoryBudget
    from wavry.rift import Hello
    from wavry.session import Talk

_RATE_BPS = 4_000_000
"""Nothing else of size goes to the host; 1 MiB takes 2 s."""


class ClientClipboard:
    """Outlives connections, so that a text that the host has is not sent again on the next one. On the loop.

    Args:
        directions: What this side opted in to.
        open_board: Opens this machine's clipboard; blocks.
        budget: Where everything registers that holds texts.
        may_send: Whether there is sense in sending text to the host, as far as its rights go.
    """

    def __init__(
        self,
        directions: ClipboardDirections,
        open_board: Callable[[], Opened[ClipboardBoard]],
        budget: MemoryBudget,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may_send = may_send
        self._directions = directions
        self._stage = ClipboardStage(open_board, self._changed, budget)
        self._budget = budget
        self._session: HostClipboardSession | None = None
        self._shared: int | None = None
        """Hash of the text that both sides had last."""

    async def open(self) -> bool:
        """Open the clipboard; if there is none, say so in one line and return False."""
        return await self._stage.open()

    async def run(self) -> None:
        """Share until cancelled."""
        await self._stage.run()

    def close(self) -> None:
        """Free the clipboard; `run` has ended."""
        self._stage.close()

    def new_session(self) -> HostClipboardSession:
        """Return the part of a new session."""
        session = self._session = HostClipboardSession(
            self._directions, self._take, self._stage, self._budget, self._may_send
        )
        return session

    def _take(self, text: bytes) -> None:
        self._shared = hash(text)
        self._stage.put(text)

    def _changed(self, text: bytes, *, is_change: bool) -> None:
        session = self._session
        if session is not None and session.may_send and (is_change or hash(text) != self._shared):
            self._shared = hash(text)
            session.send(text)


class HostClipboardSession(ClipboardSession):
    """The part of one connection.

    Args:
        directions: What this side opted in to.
        on_text: Gets the host's texts.
        stage: Listens while there is somebody to tell.
        budget: Where what is received registers.
        may_send: Whether there is sense in sending text to the host.
    """

    message_types = TO_CLIENT
    says = TO_HOST

    def __init__(
        self,
        directions: ClipboardDirections,
        on_text: Callable[[bytes], None],
        stage: ClipboardStage,
        budget: MemoryBudget,
        may_send: Callable[[], bool],
    ) -> None:
        super().__init__(directions, on_text)
        self._may_send = may_send
        self._stage = stage
        self._registration = budget.register("rift.clipboard", self.receiver, policy=self.receiver.policy)

    def rate_bps(self, now: float) -> float:
        """The same on every link: 16 kB under way at most are the brake."""
        return _RATE_BPS

    def allows_sending(self) -> bool:
        """Whether the host has not refused it."""
        return self._may_send()

    @property
    def peer_name(self) -> str:
        """What the log calls the host."""
        return "the host"

    def welcomed(self, talk: Talk, peer: Hello) -> None:
        """Open the stream, if the host goes along in either direction."""
        self.begin(talk, peer)
        if self.may_send or self.is_asked_to_receive:
            talk.say(ClipboardReady())
            talk.flush()
        self._stage.listen(self.may_send)

    def ended(self) -> None:
        """Listen no more."""
        super().ended()
        self._stage.listen(False)

    def release(self) -> None:
        """Take its buffer out of the budget."""
        self._registration.close()
