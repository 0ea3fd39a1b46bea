"""Puts a clipboard's text together from its pieces."""

from __future__ import annotations

import codecs

from wavry.errors import RemoteProtocolError
from wavry.rift.clipboard.messages import MAX_TEXT_BYTES, ClipboardData, ClipboardOffer


class ClipboardReceiver:
    """Holds one unfinished text. What a peer announces allocates nothing; only bytes that came do.

    It is its own holder in the budget.
    """

    cap_bytes = MAX_TEXT_BYTES + MAX_TEXT_BYTES // 8
    """A growing bytearray takes an eighth more than is in it."""

    policy = "a newer text takes the place of one that is not whole"

    def __init__(self) -> None:
        self._transfer: int | None = None
        self._size_bytes = 0
        self._text = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.high_water_bytes = 0
        self.drops = 0
        """Texts that were given up for newer ones."""

    @property
    def used_bytes(self) -> int:
        """What came of the unfinished text."""
        return len(self._text)

    def receive_offer(self, offer: ClipboardOffer) -> bytes | None:
        """Expect a text, and no other any more; return it if it is empty, so whole already."""
        self.cancel()
        if offer.size_bytes == 0:
            return b""
        self._transfer, self._size_bytes = offer.transfer, offer.size_bytes
        return None

    def receive_data(self, piece: ClipboardData) -> bytes | None:
        """Take a piece; return the text once it is whole. A piece of another text than the expected is ignored.

        Raises:
            RemoteProtocolError: There is more than was offered, or it is not UTF-8.
        """
        if piece.transfer != self._transfer:
            return None
        if len(self._text) + len(piece.data) > self._size_bytes:
            raise RemoteProtocolError(
                f"a clipboard's text is longer than the {self._size_bytes} bytes that were offered"
            )
        self._text += piece.data
        self.high_water_bytes = max(self.high_water_bytes, len(self._text))
        is_whole = len(self._text) == self._size_bytes
        try:
            self._decoder.decode(piece.data, is_whole)
        except UnicodeDecodeError:
            raise RemoteProtocolError("a clipboard's text is not UTF-8") from None
        if not is_whole:
            return None
        text = bytes(self._text)
        self._forget()
        return text

    def cancel(self) -> None:
        """Give up the text that is not whole, if there is one."""
        if self._transfer is not None:
            self.drops += 1
            self._forget()

    def _forget(self) -> None:
        self._transfer = None
        self._text = bytearray()  # a fresh one: clearing would keep its memory
        self._decoder.reset()
