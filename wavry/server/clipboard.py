"""The host's clipboard and its viewers: what one of them puts on it goes to the others too, and never back."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from wavry.clipboard.registry import open_clipboard
from wavry.clipboard.session import ClipboardSession
from wavry.clipboard.stage import ClipboardStage
from wavry.errors import RemoteProtocolError
from wavry.memory import HolderGroup
from wavry.rift import Right
from wavry.rift.clipboard import TO_CLIENT, TO_HOST, ClipboardReady, ClipboardReceiver
from wavry.rift.clipboard.sender import MAX_BACKLOG_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.clipboard.config import ClipboardDirections
    from wavry.memory import MemoryBudget
    from wavry.rift import Message
    from wavry.server.viewer import ViewerSession

logger = logging.getLogger(__name__)

_MIN_RATE_BPS = 500_000
_SHARE = 0.1
"""Of what the link leaves the picture: little enough to leave no mark."""

_SPARE_SHARE, _MAX_SPARE_BPS = 0.5, 4_000_000
"""Or so much of that which the picture does not use; 1 MiB takes 2 s while the screen is calm."""

_LOOK_S = 0.25
"""The picture's use is measured over so long, and holds for four times that."""


class HostClipboard:
    """Keeps the viewers' sessions, and hands texts around. On the loop.

    Args:
        directions: What this side opted in to.
        budget: Where everything registers that holds texts.
        max_viewers: Most viewers there can be.
    """

    def __init__(self, directions: ClipboardDirections, budget: MemoryBudget, max_viewers: int) -> None:
        self._directions = directions
        self._stage = ClipboardStage(open_clipboard, self._changed, budget)
        self._viewers: list[ViewerClipboard] = []
        self._budget = budget
        self._receivers = HolderGroup(max_viewers, ClipboardReceiver.cap_bytes, ClipboardReceiver.policy)

    async def open(self) -> bool:
        """Open the clipboard; if there is none, say so in one line and return False."""
        is_open = await self._stage.open()
        if is_open:
            self._budget.register("rift.clipboard", self._receivers, policy=self._receivers.policy)
        return is_open

    async def run(self) -> None:
        """Share until cancelled."""
        await self._stage.run()

    def close(self) -> None:
        """Free the clipboard; `run` has ended, or never began."""
        self._stage.close()

    def add(self, viewer: ViewerSession) -> None:
        """Share with a viewer, as far as it wants to."""
        part = ViewerClipboard(self._directions, viewer, self)
        viewer.talk.add(part)
        self._viewers.append(part)
        self._receivers.add(part.receiver)

    def remove(self, part: ViewerClipboard) -> None:
        """Forget a viewer that has left."""
        self._viewers.remove(part)
        self._receivers.remove(part.receiver)
        self.follow()

    def follow(self) -> None:
        """Look at the clipboard while somebody wants to know what is on it."""
        self._stage.listen(any(part.may_send for part in self._viewers))

    def greet(self, part: ViewerClipboard) -> None:
        """Tell a viewer that has just come what is on the clipboard; where texts go both ways its own one counts."""
        self.follow()
        text = self._stage.text
        if text is not None and not part.is_asked_to_receive:
            part.send(text)

    def take(self, text: bytes, source: ViewerClipboard) -> None:
        """Put a viewer's text on the clipboard, and tell the others."""
        self._stage.put(text)
        for part in self._viewers:
            if part is not source:
                part.send(text)

    def _changed(self, text: bytes, *, is_change: bool) -> None:
        for part in self._viewers:
            if is_change or not part.is_asked_to_receive:
                part.send(text)


class PictureUse:
    """How much the picture of a viewer uses, looked at while a text is on its way.

    Args:
        bytes_sent: Says how much was sent since the beginning.
    """

    def __init__(self, bytes_sent: Callable[[], int]) -> None:
        self._bytes_sent = bytes_sent
        self._looked_at, self._seen_bytes = -math.inf, 0
        self._rate_bps = math.inf

    def rate_bps(self, now: float) -> float:
        """Return bits per second of the last moments; infinite where it is not known yet."""
        elapsed_s = now - self._looked_at
        if elapsed_s >= _LOOK_S:
            sent_bytes = self._bytes_sent()
            is_recent = elapsed_s <= 4 * _LOOK_S
            self._rate_bps = (sent_bytes - self._seen_bytes) * 8 / elapsed_s if is_recent else math.inf
            self._looked_at, self._seen_bytes = now, sent_bytes
        return self._rate_bps


class ViewerClipboard(ClipboardSession):
    """A viewer's part of it.

    Args:
        directions: What this side opted in to.
        viewer: Whose session it is part of.
        clipboard: Where its texts go.
    """

    message_types = TO_HOST
    says = TO_CLIENT

    def __init__(self, directions: ClipboardDirections, viewer: ViewerSession, clipboard: HostClipboard) -> None:
        self._viewer = viewer
        self._clipboard = clipboard
        self._use = PictureUse(lambda: viewer.sender.bytes_sent)
        super().__init__(directions, lambda text: clipboard.take(text, self))

    def rate_bps(self, now: float) -> float:
        """A share of what the picture may use, or a larger one of what it does not use."""
        decision = self._viewer.rate_decision
        if decision is None:
            return _MIN_RATE_BPS
        target_bps = decision.target_bitrate_bps
        spare_bps = min(_SPARE_SHARE * max(0.0, target_bps - self._use.rate_bps(now)), _MAX_SPARE_BPS)
        return max(_MIN_RATE_BPS, _SHARE * target_bps, spare_bps)

    @property
    def peer_name(self) -> str:
        """What the log calls the viewer."""
        return self._viewer.name

    def allows_sending(self) -> bool:
        """Whether the viewer has the right to clipboards."""
        return Right.CLIPBOARD in self._viewer.rights.granted

    def allows_receiving(self) -> bool:
        """Whether the viewer has the right to clipboards; if not, it and the log are told, once."""
        return self._viewer.rights.allows(Right.CLIPBOARD)

    def message_received(self, message: Message, *, now: float) -> None:
        """Take what the viewer says.

        Raises:
            RemoteProtocolError: It is ready a second time; or see `ClipboardSession`.
        """
        if isinstance(message, ClipboardReady):
            if self.has_begun:
                raise RemoteProtocolError("a second clipboard_ready")
            self.begin(self._viewer.talk, self._viewer.hello)
            ways = [way for way, goes in (("from", self.is_asked_to_receive), ("to", self.may_send)) if goes]
            logger.info("clipboards go %s %s", " and ".join(ways) or "neither from nor to", self.peer_name)
            self._clipboard.greet(self)
        else:
            super().message_received(message, now=now)

    def _go_on(self) -> None:
        super()._go_on()
        self._viewer.bulk_window_bytes = MAX_BACKLOG_BYTES if self.is_sending else 0

    def ended(self) -> None:
        """Leave the others."""
        super().ended()
        self._clipboard.remove(self)
