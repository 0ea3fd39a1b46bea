"""The sending end: source packets in, parity packets out."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from wavry.errors import LocalProtocolError
from wavry.rift.fec.coefficients import FIRST_SLIDING_INDEX, block_scales
from wavry.rift.fec.config import check_redundancy, check_window_frames
from wavry.rift.fec.gf256 import PRODUCTS
from wavry.rift.fec.packets import LENGTH_BYTES, MAX_LABELS, ParityFamily, ParityPacket
from wavry.rift.fec.symbols import to_symbol
from wavry.rift.reorder import PACKET_OVERHEAD_BYTES
from wavry.rift.sequence import SERIAL_MASK, unwrap

if TYPE_CHECKING:
    from wavry.rift.fec.config import FecConfig
    from wavry.rift.fec.packets import SourcePacket

_OWN_BYTES = 2048
"""The encoder's own objects."""

_MOST_WAITING = MAX_LABELS - FIRST_SLIDING_INDEX - 2
"""Packets without parity and parity that is due for them; with two more they would run out of labels."""

_ROUNDING = 1e-9
"""Ten times 0.1 are one whole parity packet."""


class StreamingFecEncoder:
    """Keeps the packets of the last few frames and computes parity over them. One owner, one thread.

    Parity is due at the end of each frame, and within one that is larger than the window. Per source packet
    `redundancy` parity packets are due, at least one for each frame; fractions are carried over.

    All parity packets of one flush share a window that ends with the newest packet. With `window_frames` 1 it begins
    with the frame (`ParityFamily.BLOCK`), otherwise with the oldest of so many frames that fits (`SLIDING`).

    Policy when the window is full: the oldest packets leave it.
    """

    policy = "the oldest packets leave the window"

    def __init__(self, config: FecConfig) -> None:
        self.config = config
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
        self._held_bytes = 0
        self._high_held_bytes = 0
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
            LocalProtocolError: The payload is larger than `FecConfig.symbol_size`; nothing changed.
        """
        payload = packet.payload
        if len(payload) > self.config.symbol_size:
            raise LocalProtocolError(f"payload of {len(payload)} bytes, symbols have {self.config.symbol_size}")
        if (packet.packet_id ^ self._end) & SERIAL_MASK:
            self._restart(packet.packet_id)
        if len(self._payloads) >= self.config.window_size:
            self._forget(1)
            self.drops += 1
        self._payloads.append(payload)
        self._end += 1
        self._credit += self._redundancy
        held = self._held_bytes = self._held_bytes + len(payload) + PACKET_OVERHEAD_BYTES
        if held > self._high_held_bytes:
            self._high_held_bytes = held
        waiting = self._end - self._flushed_end
        if waiting >= self.config.window_size or waiting + self._credit > _MOST_WAITING:
            return self._flush(is_frame_end=False)
        return []

    def end_frame(self) -> list[ParityPacket]:
        """Return the parity that is due now that the frame's last packet was added.

        At least one packet, unless no source packet came since the last flush. 0.4 to 0.9 µs for each packet of the
        window and each parity packet at 1152 bytes, measured with scripts/bench/fec.py.
        """
        parity = self._flush(is_frame_end=True)
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
            self._held_bytes -= len(self._payloads.pop()) + PACKET_OVERHEAD_BYTES
            self._end -= 1
            self._credit = max(0.0, self._credit - self._redundancy)

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
    def memory_bytes(self) -> int:
        """All the encoder holds; another name of `used_bytes`."""
        return self.used_bytes

    @property
    def cap_bytes(self) -> int:
        """Most it can hold."""
        return self.config.window_size * (self.config.symbol_size + PACKET_OVERHEAD_BYTES) + _OWN_BYTES

    @property
    def used_bytes(self) -> int:
        """What it holds now: payloads, their overhead, and its own objects."""
        return self._held_bytes + _OWN_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_held_bytes + _OWN_BYTES

    def _flush(self, *, is_frame_end: bool) -> list[ParityPacket]:
        """Return the parity that is due over the present window."""
        if self._end == self._flushed_end:
            return []
        count = max(1, int(self._credit + _ROUNDING))
        self._credit = max(0.0, self._credit - count)
        if self._window_frames == 1:
            parity = self._make_block(count)
        else:
            parity = self._make_sliding(count, is_frame_end=is_frame_end)
        self._flushed_end = self._end
        return parity

    def _make_block(self, count: int) -> list[ParityPacket]:
        symbols = self._newest_symbols(self._end - self._flushed_end)
        sources, scales = block_scales(count)
        distances = range(len(symbols) - 1, -1, -1)
        scaled = [symbol.translate(PRODUCTS[sources[d]]) for symbol, d in zip(symbols, distances, strict=True)]
        sums = _weigh(scaled, range(count))
        payloads = [each.translate(PRODUCTS[scale]) for each, scale in zip(sums, scales, strict=True)]
        return self._packets(ParityFamily.BLOCK, len(symbols), 0, payloads, retiring=len(symbols))

    def _make_sliding(self, count: int, *, is_frame_end: bool) -> list[ParityPacket]:
        """Compute parity whose labels lie above the window and above those of the last flush."""
        first_index = max(FIRST_SLIDING_INDEX, self._next_label - self._end)
        self._next_label = self._end + first_index + count
        symbols = self._newest_symbols(min(len(self._payloads), MAX_LABELS - first_index - count))
        retiring = 0
        if is_frame_end and len(self._frame_starts) == self._window_frames:
            retiring = max(0, self._frame_starts[1] - (self._end - len(symbols)))
        payloads = _weigh(symbols, range(first_index, first_index + count))
        return self._packets(ParityFamily.SLIDING, len(symbols), first_index, payloads, retiring=retiring)

    def _packets(
        self, family: ParityFamily, source_count: int, first_index: int, payloads: list[bytes], *, retiring: int
    ) -> list[ParityPacket]:
        first_packet_id = (self._end - source_count) & SERIAL_MASK
        parity_count = first_index + len(payloads)
        return [
            ParityPacket(family, first_packet_id, source_count, index, parity_count, retiring, payload)
            for index, payload in enumerate(payloads, first_index)
        ]

    def _newest_symbols(self, count: int) -> list[bytes]:
        payloads = list(islice(self._payloads, len(self._payloads) - count, None))
        symbol_bytes = LENGTH_BYTES + max(map(len, payloads))
        return [to_symbol(payload, symbol_bytes) for payload in payloads]

    def _forget_old_frames(self) -> None:
        while len(self._frame_starts) > self._window_frames:
            self._frame_starts.popleft()
        self._forget(self._frame_starts[0] - (self._end - len(self._payloads)))

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._held_bytes -= len(self._payloads.popleft()) + PACKET_OVERHEAD_BYTES

    def _restart(self, packet_id: int) -> None:
        """Begin a new window, in a new frame, with this packet next."""
        self._payloads.clear()
        self._held_bytes = 0
        self._end = self._flushed_end = self._next_label = packet_id & SERIAL_MASK
        self._frame_starts = deque([self._end])


def _weigh(symbols: list[bytes], indices: range) -> list[bytes]:
    from wavry.rift.fec.kernel import weigh

    return weigh(symbols, range(len(symbols) - 1, -1, -1), indices)
