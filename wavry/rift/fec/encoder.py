"""The sending end: source packets in, parity packets out."""

from __future__ import annotations

from collections import deque
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from wavry.errors import ConfigError, LocalProtocolError
from wavry.rift.fec.coefficients import FIRST_SLIDING_INDEX
from wavry.rift.fec.config import check_redundancy, check_window_frames
from wavry.rift.fec.holder import Holder
from wavry.rift.fec.packets import MAX_LABELS, ParityFamily, ParityPacket
from wavry.rift.fec.symbols import to_symbols
from wavry.rift.reorder import PACKET_OVERHEAD_BYTES
from wavry.rift.sequence import SERIAL_MASK, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.rift.fec.config import FecConfig
    from wavry.rift.fec.packets import SourcePacket

_MOST_WAITING = MAX_LABELS - FIRST_SLIDING_INDEX - 2
"""Packets without parity and parity that is due for them; with two more they would run out of labels."""

_KEPT_SHARE = 0.7
"""So much of a full window is kept for the next one; the rest is room for the next frame. Without it the oldest packets
would be covered by nothing that follows, only that the decoder could not know: at 20 Mbit/s it held 24 packets more,
29 kB."""

_ROUNDING = 1e-9
"""Ten times 0.1 are one whole parity packet."""


class StreamingFecEncoder(Holder):
    """Keeps the packets of the last few frames and computes parity over them. One owner, one thread.

    Parity is due at the end of each frame, and within one that is larger than the window. Per source packet
    `redundancy` parity packets are due, at least one for each frame; fractions are carried over.

    All parity packets of one flush share a window that ends with the newest packet. With `window_frames` 1 it is all
    that came since the last flush (`ParityFamily.BLOCK`), otherwise the last so many frames (`SLIDING`), but at most
    `window_size` packets, and 246 together with the parity. Of what a window covers, 70 % of its size at most
    are also covered by the next, so that the other end need not keep a full window and a frame.

    Policy when the window is full: the oldest packets leave it.
    """

    policy = "the oldest packets leave the window"
    own_bytes = 2048

    def __init__(self, config: FecConfig) -> None:
        super().__init__()
        self.config = config
        self._symbol_size, self._window_size = config.symbol_size, config.window_size
        self._most_kept = ceil(config.window_size * _KEPT_SHARE)
        self._payloads: deque[bytes] = deque()
        self._end = 0
        """Place of the packet that is due next; `_payloads` are those right before it."""
        self._flushed_end = 0
        """Place behind the newest packet that was under parity."""
        self._frame_starts: deque[int] = deque([0])
        """Places where the frames of the window begin, the one in the making last."""
        self._next_label = 0
        """Place whose label no parity packet has had yet."""
        self._credit = 0.0
        """Parity packets that are due."""
        self.drops = 0
        """Packets that left the window because it was full."""
        self._redundancy = config.redundancy
        self._window_frames = config.window_frames

    def add_source_packet(self, packet: SourcePacket) -> list[ParityPacket]:
        """Take in the next packet, before or after it is sent.

        Args:
            packet: Its payload is kept by reference. An id that does not follow the last one begins a new window.

        Returns:
            Parity, if as many packets came without a flush as the window holds; usually nothing. 0.3 µs.

        Raises:
            LocalProtocolError: The payload is larger than a symbol; nothing changed.
        """
        payload, payloads = packet.payload, self._payloads
        if len(payload) > self._symbol_size:
            raise LocalProtocolError(f"payload of {len(payload)} bytes, symbols have {self._symbol_size}")
        if (packet.packet_id ^ self._end) & SERIAL_MASK:
            self._restart(packet.packet_id)
        if len(payloads) >= self._window_size:
            self._forget(1)
            self.drops += 1
        payloads.append(payload)
        self._end += 1
        self._credit += self._redundancy
        self._held_bytes += len(payload) + PACKET_OVERHEAD_BYTES
        waiting = self._end - self._flushed_end
        if waiting >= self._window_size or waiting + self._credit > _MOST_WAITING:
            return self._flush(is_frame_end=False)
        return []

    def end_frame(self) -> list[ParityPacket]:
        """Return the parity that is due now that the frame's last packet was added.

        At least one packet, unless no source packet came since the last flush. For each packet of the window and each
        parity packet 0.4 µs (36 and 8), 0.65 (20 and 4) or 1.4 (8 and 2) at 1152 bytes, as a block up to a third more.
        """
        parity = self._flush(is_frame_end=True)
        if self._end > self._frame_starts[-1]:
            self._frame_starts.append(self._end)
            self._forget_old_frames()
        return parity

    def rewind(self, packet_id: int) -> None:
        """Forget the packets from `packet_id` on, because they will never leave; their ids come again.

        Parity that already covers them must not leave either; where there is some, the window begins anew.
        """
        place = unwrap(packet_id, near=self._end)
        if place >= self._end:
            return
        if place < max(self._flushed_end, self._frame_starts[-1]):
            self._restart(packet_id)
            return
        while self._end > place:
            self._let_go(len(self._payloads.pop()) + PACKET_OVERHEAD_BYTES)
            self._end -= 1
            self._credit = max(0.0, self._credit - self._redundancy)

    def resize(self, window_size: int, symbol_size: int) -> None:
        """Take other sizes from now on, in a new window: parity over what came before might be too large.

        Args:
            window_size: Most source packets under one parity packet, 1 to `FecConfig.window_size`.
            symbol_size: Largest source payload, 1 to `FecConfig.symbol_size`.

        Raises:
            ConfigError: A size is out of its range; nothing changed.
        """
        for name, value, most in (
            ("window_size", window_size, self.config.window_size),
            ("symbol_size", symbol_size, self.config.symbol_size),
        ):
            if not 1 <= value <= most:
                raise ConfigError(name, value, f"1 to {most}")
        self._window_size, self._symbol_size = window_size, symbol_size
        self._most_kept = ceil(window_size * _KEPT_SHARE)
        self._restart(self._end & SERIAL_MASK)

    @property
    def redundancy(self) -> float:
        """Parity packets per source packet, 0.05 to 0.5; counts from the next packet on.

        Raises:
            ConfigError: When set to something else.
        """
        return self._redundancy

    @redundancy.setter
    def redundancy(self, redundancy: float) -> None:
        check_redundancy(redundancy)
        self._redundancy = redundancy

    @property
    def window_frames(self) -> int:
        """Frames under the parity, 1 to 4; counts from the next flush on, a longer window fills up first.

        Raises:
            ConfigError: When set to something else.
        """
        return self._window_frames

    @window_frames.setter
    def window_frames(self, frames: int) -> None:
        check_window_frames(frames)
        self._window_frames = frames
        self._forget_old_frames()

    @property
    def cap_bytes(self) -> int:
        """Most it can hold."""
        return self.config.window_size * (self.config.symbol_size + PACKET_OVERHEAD_BYTES) + self.own_bytes

    def _flush(self, *, is_frame_end: bool) -> list[ParityPacket]:
        """Return the parity that is due over the present window."""
        if self._end == self._flushed_end:
            return []
        count = max(1, int(self._credit + _ROUNDING))
        self._credit = max(0.0, self._credit - count)
        if self._window_frames == 1:
            parity = self._make_block(count)
            self._forget(len(self._payloads))
        else:
            next_first = self._first_of_next_window() if is_frame_end else 0
            parity = self._make_sliding(count, next_first=next_first)
            if (surplus := next_first - self._end + len(self._payloads)) > 0:
                self._forget(surplus)
        self._flushed_end = self._end
        return parity

    def _make_block(self, count: int) -> list[ParityPacket]:
        sources = self._end - self._flushed_end
        return self._parity(ParityFamily.BLOCK, sources, range(count), retiring=sources)

    def _first_of_next_window(self) -> int:
        """Return the oldest place that is covered after the frame that ends here."""
        place = self._end - self._most_kept
        return max(place, self._frame_starts[1]) if len(self._frame_starts) == self._window_frames else place

    def _make_sliding(self, count: int, *, next_first: int) -> list[ParityPacket]:
        """Compute parity whose labels lie above the window and above those of the last flush."""
        first_index = max(FIRST_SLIDING_INDEX, self._next_label - self._end)
        self._next_label = self._end + first_index + count
        sources = min(len(self._payloads), MAX_LABELS - first_index - count)
        retiring = max(0, next_first - self._end + sources)
        indices = range(first_index, first_index + count)
        return self._parity(ParityFamily.SLIDING, sources, indices, retiring=retiring)

    def _parity(self, family: ParityFamily, sources: int, indices: range, *, retiring: int) -> list[ParityPacket]:
        """Return parity over so many of the newest packets."""
        payloads = list(self._payloads)[-sources:]
        first_packet_id, parity_count = (self._end - sources) & SERIAL_MASK, indices.stop
        sums = _weigh()(to_symbols(payloads), indices, family, parity_count)
        return [
            ParityPacket(family, first_packet_id, sources, index, parity_count, retiring, payload)
            for index, payload in enumerate(sums, indices.start)
        ]

    def _forget_old_frames(self) -> None:
        if len(self._frame_starts) <= self._window_frames:
            return
        while len(self._frame_starts) > self._window_frames:
            self._frame_starts.popleft()
        self._forget(self._frame_starts[0] - (self._end - len(self._payloads)))

    def _forget(self, count: int) -> None:
        if count == len(self._payloads):
            self._payloads.clear()
            self._let_go(self._held_bytes)
            return
        for _ in range(count):
            self._let_go(len(self._payloads.popleft()) + PACKET_OVERHEAD_BYTES)

    def _restart(self, packet_id: int) -> None:
        """Begin a new window, in a new frame, with this packet next."""
        self._payloads.clear()
        self._let_go(self._held_bytes)
        self._end = self._flushed_end = self._next_label = packet_id & SERIAL_MASK
        self._frame_starts = deque([self._end])


@cache
def _weigh() -> Callable[[Sequence[bytes], range, ParityFamily, int], list[bytes]]:
    """Import the arithmetic when there is parity to compute; as a statement there it would take 0.6 µs each time."""
    from wavry.rift.fec.kernel import weigh

    return weigh
