"""The host's end of sound: Opus packets in, datagrams out, parity among them.

Sound leaves before video, so it hardly ever waits; what the network does not take for 40 ms is of no use to anyone and
is dropped, the oldest first. Measured: 7 µs a packet on average, with the parity that each second one brings.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.errors import LocalProtocolError
from wavry.rift.fec import PARITY_OVERHEAD_BYTES, FecConfig, SourcePacket, StreamingFecEncoder
from wavry.rift.packet import Stream
from wavry.rift.sequence import SERIAL_MASK
from wavry.rift.sound.config import PACKETS_PER_PARITY, SoundSenderConfig
from wavry.rift.sound.packet import SILENT_BIT, SOUND_HEADER_BYTES, SoundPacket

if TYPE_CHECKING:
    from wavry.memory import Holder

DATAGRAM_OVERHEAD_BYTES = 128
"""Charged for each queued datagram besides its bytes: the bytes object, its time and their place in the queue."""

_MAX_WAITING = 64
"""Most datagrams that wait, whatever their time says: 200 ms at 5 ms a packet."""

_MAX_HELD = 2
"""Parity that two packets bring at most, where it is half of them or less."""


class SoundSender:
    """Packs, protects and queues sound for one viewer. One owner, one thread.

    After each call drain `datagrams_to_send`, before those of the video's `Sender`.

    Policy when the network does not take it: what has waited for `max_wait_ms` is dropped, the oldest first.
    """

    policy = "the oldest packets are dropped"

    def __init__(self, config: SoundSenderConfig | None = None) -> None:
        self.config = config = config or SoundSenderConfig()
        self._max_bytes = config.max_datagram_bytes - PARITY_OVERHEAD_BYTES
        self._encoder: StreamingFecEncoder | None = None
        if config.redundancy:
            self._encoder = StreamingFecEncoder(
                FecConfig(
                    2 * config.window_packets,  # of a full window 70 % are kept for the next one
                    self._max_bytes,
                    config.redundancy,
                    config.window_packets // PACKETS_PER_PARITY,
                )
            )
        self._max_wait_s = config.max_wait_ms / 1000
        self._next_packet_id = config.first_packet_id
        self._unprotected = 0
        """Packets since the last parity."""
        self._held: list[bytes] = []
        """Parity that leaves with the next packet: with its own, QUIC would put both into one UDP packet to lose."""
        self._queue: deque[tuple[float, bytes]] = deque()
        self._high_water_bytes = 0
        self.epoch = 0
        """What the next packets are coded with; set it to that of the `SoundConfig` that was sent."""
        self.queued_bytes = 0
        """Bytes of datagrams that wait."""
        self.packets_sent = 0
        """Opus packets queued to be sent."""
        self.bytes_sent = 0
        """Bytes of datagrams handed out, parity included."""
        self.drops = 0
        """Datagrams dropped because they had waited for too long."""

    def send_packet(self, opus: bytes, capture_us: int, *, now: float, is_silent: bool = False) -> None:
        """Queue one Opus packet, and the parity of the packets before it.

        Args:
            opus: One Opus packet of one block. Copied.
            capture_us: When the block's first sample was captured, on the host's monotonic clock.
            now: Monotonic seconds.
            is_silent: Silence follows. Such a packet needs repeating while the silence lasts, every 400 ms; its parity
                leaves with it.

        Raises:
            LocalProtocolError: The packet is empty or does not fit into a datagram; nothing changed.
        """
        packet_id = self._next_packet_id
        datagram = SoundPacket(packet_id, capture_us, opus, self.epoch, SILENT_BIT * is_silent).to_bytes()
        if len(datagram) > self._max_bytes:
            raise LocalProtocolError(
                f"Opus packet of {len(opus)} bytes, {self._max_bytes - SOUND_HEADER_BYTES} fit into a datagram"
            )
        self._next_packet_id = (packet_id + 1) & SERIAL_MASK
        self.packets_sent += 1
        self._enqueue(datagram, now)
        due, self._held = self._held, self._parity_after(packet_id, datagram, ends=is_silent)
        if is_silent:
            due, self._held = due + self._held, []
        for each in due:
            self._enqueue(each, now)

    def _parity_after(self, packet_id: int, datagram: bytes, *, ends: bool) -> list[bytes]:
        """Return the parity that is due now that a packet has joined the window."""
        if self._encoder is None:
            return []
        parity = self._encoder.add_source_packet(SourcePacket(packet_id, datagram))
        self._unprotected += 1
        if ends or self._unprotected >= PACKETS_PER_PARITY:
            self._unprotected = 0
            parity += self._encoder.end_frame()
        return [each.to_bytes(Stream.SOUND_PARITY) for each in parity]

    def datagrams_to_send(self, *, now: float, max_bytes: int | None = None) -> list[bytes]:
        """Take out datagrams in order, after dropping those that have waited for too long.

        Args:
            now: Monotonic seconds.
            max_bytes: What the network takes now; the datagrams together are no larger. None for all.
        """
        queue = self._queue
        while queue and now - queue[0][0] > self._max_wait_s:
            self._drop_oldest()
        room_bytes = self.queued_bytes if max_bytes is None else max_bytes
        taken: list[bytes] = []
        while queue and len(queue[0][1]) <= room_bytes:
            datagram = queue.popleft()[1]
            room_bytes -= len(datagram)
            self.queued_bytes -= len(datagram)
            taken.append(datagram)
        self.bytes_sent += sum(map(len, taken))
        return taken

    def holders(self) -> dict[str, Holder]:
        """Return everything of this sender that holds bytes, by its name in the budget."""
        holders: dict[str, Holder] = {"rift.sound_queues": self}
        if self._encoder is not None:
            holders["rift.sound_fec"] = self._encoder
        return holders

    @property
    def next_packet_id(self) -> int:
        """The id of the packet that will be made next."""
        return self._next_packet_id

    @property
    def cap_bytes(self) -> int:
        """Most the queue can hold."""
        return (_MAX_WAITING + _MAX_HELD) * (self.config.max_datagram_bytes + DATAGRAM_OVERHEAD_BYTES)

    @property
    def used_bytes(self) -> int:
        """What waits now, held parity too, with the overhead of each datagram."""
        overhead_bytes = (len(self._queue) + len(self._held)) * DATAGRAM_OVERHEAD_BYTES
        return self.queued_bytes + sum(map(len, self._held)) + overhead_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_water_bytes

    def _enqueue(self, datagram: bytes, now: float) -> None:
        if len(self._queue) >= _MAX_WAITING:
            self._drop_oldest()
        self._queue.append((now, datagram))
        self.queued_bytes += len(datagram)
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)

    def _drop_oldest(self) -> None:
        self.queued_bytes -= len(self._queue.popleft()[1])
        self.drops += 1
