"""Two ends of a connection within one process: the same interface as QUIC, without crypto or sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from wavry.errors import ConnectionLostError, DatagramTooLargeError, ErrorCode
from wavry.transport.base import BY_URGENCY, Channel

if TYPE_CHECKING:
    from wavry.transport.base import ConnectionObserver, DoorName

MAX_DATAGRAM_BYTES = 1200
QUEUE_LIMIT_BYTES = 256 * 1024
"""Most bytes between the two ends, for datagrams and for all streams together."""


def loopback_pair(*, queue_limit_bytes: int = QUEUE_LIMIT_BYTES) -> tuple[LoopbackConnection, LoopbackConnection]:
    """Return two connected ends on the running loop; what one flushes the other gets in the loop's next turn."""
    first = LoopbackConnection("loopback:0", queue_limit_bytes)
    second = LoopbackConnection("loopback:1", queue_limit_bytes)
    first.join(second)
    second.join(first)
    return first, second


class LoopbackConnection:
    """One end; see `Connection`. Bounded by `queue_limit_bytes`: datagrams are refused, streams end it."""

    door: DoorName = "quic"
    certificate_sha256 = b""
    rtt_ms: float | None = 0.0
    min_rtt_ms: float | None = 0.0
    max_datagram_bytes = largest_datagram_bytes = MAX_DATAGRAM_BYTES

    def __init__(self, peer: str, queue_limit_bytes: int) -> None:
        self.peer = peer
        self._limit_bytes = queue_limit_bytes
        self._loop = asyncio.get_running_loop()
        self._other: LoopbackConnection | None = None
        self._observer: ConnectionObserver | None = None
        self._datagrams: deque[bytes] = deque(maxlen=queue_limit_bytes)  # counted in bytes below
        self._datagram_bytes = 0
        self._streams = {channel: bytearray() for channel in Channel}
        self._delivery: asyncio.Handle | None = None
        self._closed = asyncio.Event()
        self._error: ConnectionLostError | None = None

    def join(self, other: LoopbackConnection) -> None:
        """Set the end that gets what this one sends."""
        self._other = other

    def observe(self, observer: ConnectionObserver) -> None:
        """Choose who is told."""
        self._observer = observer
        if self._error is not None:
            self._loop.call_soon(observer.connection_lost, self._error)
        elif self._other is not None:
            self._other.flush()

    @property
    def send_space_bytes(self) -> int:
        """Room for datagrams on the way to the other end."""
        return 0 if self._closed.is_set() else self._limit_bytes - self._datagram_bytes

    @property
    def send_buffer_bytes(self) -> int:
        """Bytes on the way to the other end."""
        return self._datagram_bytes + self._stream_bytes

    @property
    def _stream_bytes(self) -> int:
        return sum(map(len, self._streams.values()))

    def send_datagram(self, data: bytes) -> bool:
        """Queue a datagram."""
        if len(data) > self.max_datagram_bytes:
            raise DatagramTooLargeError(len(data), self.max_datagram_bytes)
        if len(data) > self.send_space_bytes:
            return False
        self._datagrams.append(data)
        self._datagram_bytes += len(data)
        return True

    def send_stream(self, channel: Channel, data: bytes) -> None:
        """Queue bytes of a stream; too many that nobody takes end the connection."""
        if self._closed.is_set():
            return
        self._streams[channel] += data
        if self._stream_bytes > self._limit_bytes:
            self.close(ErrorCode.TIMEOUT, "the peer does not read its streams")

    def stream_backlog_bytes(self, channel: Channel) -> int:
        """Bytes of a stream on the way to the other end."""
        return len(self._streams[channel])

    def limit_in_flight(self, window_bytes: int | None) -> None:
        """Nothing is ever in flight here."""

    def flush(self) -> None:
        """Deliver in the loop's next turn."""
        if self._delivery is None and self.send_buffer_bytes:
            self._delivery = self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._delivery = None
        other = self._other
        if other is None or other._observer is None or other._closed.is_set():
            return
        now = self._loop.time()
        streams = {channel: bytes(self._streams[channel]) for channel in BY_URGENCY if self._streams[channel]}
        self._streams = {channel: bytearray() for channel in Channel}
        datagrams = list(self._datagrams)
        self._datagrams.clear()
        self._datagram_bytes = 0
        for channel, data in streams.items():
            if not other._closed.is_set():
                other._observer.stream_received(channel, data, now=now)
        if datagrams and not other._closed.is_set():
            other._observer.datagrams_received(datagrams, now=now)
        if not other._closed.is_set():
            other._observer.writable(now=now)
        if self._observer is not None and not self._closed.is_set():
            self._observer.writable(now=now)

    def close(self, code: int, reason: str) -> None:
        """End both ends."""
        if self._closed.is_set():
            return
        self._deliver()
        self._end(ConnectionLostError(reason, code=code, was_local=True))
        if self._other is not None:
            self._loop.call_soon(self._other._end, ConnectionLostError(reason, code=code))

    def _end(self, error: ConnectionLostError) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._error = error
        if self._delivery is not None:
            self._delivery.cancel()
        if self._observer is not None:
            self._observer.connection_lost(error)

    async def wait_closed(self) -> None:
        """Wait for the end."""
        await self._closed.wait()
