"""Sends a clipboard's text, slowly enough that nothing else waits for it.

A stream of low priority leaves after what waits in this process, but in the network all packets are equal: what is in
front there delays the picture. So little of the text is under way at a time, at a rate that its owner sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.clipboard.messages import MAX_DATA_BYTES, ClipboardData, ClipboardOffer

if TYPE_CHECKING:
    from wavry.rift import Message

MAX_BACKLOG_BYTES = 16 * 1024
"""Most of the stream that the peer may not have acknowledged."""

_PIECE_S = 0.01
"""A piece is what the rate gives in so long: at 2 Mbit/s 2.5 kB, two packets between two frames."""

_MIN_PIECE_BYTES = 1000

_LATE_S = 0.03
"""So late a timer may be without the rate suffering."""

_OFFER_BYTES = 64
"""What an offer counts for."""


class ClipboardSender:
    """Offers the newest text and sends it piece by piece. What is replaced by a newer one is not finished.

    Owns nothing: the text belongs to whoever offers it, and is held until it has been sent.

    Args:
        rate_bps: Bits per second, text only.
    """

    def __init__(self, rate_bps: float) -> None:
        self.rate_bps = rate_bps
        """May be changed at any time."""
        self._text: bytes | None = None
        self._is_offered = False
        self._sent_bytes = 0
        self._transfer = 0
        self._next_at = 0.0
        self._is_blocked = False

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to send."""
        return self._text is None

    def offer(self, text: bytes) -> None:
        """Send this text from now on: UTF-8, at most `MAX_TEXT_BYTES`."""
        self._text, self._is_offered, self._sent_bytes = text, False, 0
        self._is_blocked = False

    def cancel(self) -> None:
        """Send nothing more. What the peer has of it never becomes whole."""
        self._text = None

    def next_message(self, *, backlog_bytes: int, now: float) -> Message | None:
        """Return what to say now, or None: then `next_timer` tells when to ask again, or the backlog must shrink.

        Args:
            backlog_bytes: What of the stream is not acknowledged.
            now: Monotonic seconds.
        """
        text = self._text
        if text is None or now < self._next_at:
            return None
        piece_bytes = min(max(round(self.rate_bps / 8 * _PIECE_S), _MIN_PIECE_BYTES), MAX_DATA_BYTES)
        self._is_blocked = backlog_bytes > 0 and backlog_bytes + piece_bytes > MAX_BACKLOG_BYTES
        if self._is_blocked:
            return None
        if not self._is_offered:
            return self._make_offer(text, now)
        data = text[self._sent_bytes : self._sent_bytes + piece_bytes]
        self._sent_bytes += len(data)
        self._pace(len(data), now)
        if self._sent_bytes == len(text):
            self._text = None
        return ClipboardData(transfer=self._transfer, data=data)

    def _make_offer(self, text: bytes, now: float) -> Message:
        self._is_offered = True
        self._transfer = (self._transfer + 1) & 0xFFFFFFFF
        self._pace(_OFFER_BYTES, now)
        if not text:
            self._text = None
        return ClipboardOffer(transfer=self._transfer, size_bytes=len(text))

    def _pace(self, size_bytes: int, now: float) -> None:
        self._next_at = max(self._next_at, now - _LATE_S) + size_bytes * 8 / self.rate_bps

    @property
    def next_timer(self) -> float | None:
        """When there is something to say again; None while nothing waits, or waits for the peer."""
        return None if self._text is None or self._is_blocked else self._next_at
