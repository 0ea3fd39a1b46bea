"""One QUIC connection, driven by its socket, its session and one timer.

Whatever happens, the order is the same: change the core, then `_pump`: hand out its events, let the session send,
and flush once.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from aioquic.quic import events

from wavry.clock import timer_at
from wavry.errors import ConnectionLostError, DatagramTooLargeError, ErrorCode, RemoteProtocolError
from wavry.transport.base import Channel
from wavry.transport.quic import seams
from wavry.transport.quic.carriage import SessionOpened
from wavry.transport.quic.early import EarlyArrivals
from wavry.transport.quic.native import NativeCarriage
from wavry.transport.quic.path_mtu import PathMtu
from wavry.transport.quic.settings import DATAGRAM_OVERHEAD_BYTES, SMALLEST_DATAGRAM_BYTES
from wavry.transport.quic.socket import ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aioquic.quic.connection import QuicConnection

    from wavry.transport.base import ConnectionObserver, DoorName
    from wavry.transport.quic.carriage import Carriage, Writing
    from wavry.transport.quic.settings import QuicSettings
    from wavry.transport.quic.socket import Address


class QuicLink:
    """A `Connection` over QUIC.

    Args:
        quic: aioquic's connection; owned.
        settings: Limits.
        send: Puts packets on the socket.
        on_event: Told of connection IDs, of `SessionOpened` and of the end, for whoever routes packets here.
        carriages: Make what carries the session, by ALPN; native where it has none.
        certificate_sha256: SHA-256 of the certificate (DER) that a host shows here.
    """

    def __init__(
        self,
        quic: QuicConnection,
        settings: QuicSettings,
        send: Callable[[Sequence[bytes], Address], None],
        on_event: Callable[[QuicLink, events.QuicEvent], None],
        *,
        carriages: Mapping[str, Callable[[], Carriage]] = {},
        certificate_sha256: bytes = b"",
    ) -> None:
        self.quic = quic
        self.certificate_sha256 = certificate_sha256
        self._carriages = carriages
        self._carriage: Carriage = NativeCarriage()
        self._settings = settings
        self._send = send
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._observer: ConnectionObserver | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._queued_bytes = 0
        self._early = EarlyArrivals(settings.streams_limit_bytes)
        self._waiting: dict[Channel, bytearray] = {}
        """Said before the client has opened the stream."""
        self._closing = False
        self._closed = asyncio.Event()
        self._farewell: ConnectionLostError | None = None
        """Why it ends, once that is known: QUIC's own words may say less."""
        self._lingering: asyncio.TimerHandle | None = None
        """Runs while a peer that was told of the end may still read of it."""
        self._error: ConnectionLostError | None = None
        self.connected: asyncio.Future[None] = self._loop.create_future()
        """Done when the session may begin; fails with `ConnectionLostError` when it is not to be."""
        self._path = PathMtu(settings.max_udp_payload_bytes)
        self._packet_bytes = self._path.packet_bytes
        self._max_datagram_bytes = 0
        self.datagrams_too_large = 0
        """Datagrams that were dropped because they did not fit any more when they were about to leave."""
        seams.remove_pacer(quic)
        seams.pack_bursts(quic)
        seams.watch_large_packets(quic, self._path)

    # What a session sees.

    @property
    def peer(self) -> str:
        """The peer's address."""
        address = self.quic.get_peer_address()
        return "nobody yet" if address is None else format_address(address)

    @property
    def door(self) -> DoorName:
        """By which door the peer came; native before the handshake."""
        return self._carriage.door

    @property
    def max_datagram_bytes(self) -> int:
        """Largest datagram that fits into one packet, and that the peer allows."""
        return self._max_datagram_bytes

    @property
    def largest_datagram_bytes(self) -> int:
        """Largest datagram, if the path takes the largest packets that are tried."""
        return self._fitting(self._settings.max_udp_payload_bytes)

    def _fitting(self, packet_bytes: int) -> int:
        room_bytes = packet_bytes - DATAGRAM_OVERHEAD_BYTES - seams.peer_connection_id_bytes(self.quic)
        return min(room_bytes, seams.peer_max_datagram_bytes(self.quic)) - self._carriage.datagram_overhead_bytes

    @property
    def packet_bytes(self) -> int:
        """Largest packet that is sent now, UDP payload."""
        return self._packet_bytes

    @property
    def send_space_bytes(self) -> int:
        """What the congestion window lets out now in full packets, less what already waits for it."""
        if self._closing:
            return 0
        space_bytes = seams.window_space_bytes(self.quic) * self._max_datagram_bytes // self._packet_bytes
        return max(0, space_bytes - self._queued_bytes)

    @property
    def send_buffer_bytes(self) -> int:
        """Datagrams that have not left, and bytes of streams that are not acknowledged."""
        return self._queued_bytes + sum(map(self.stream_backlog_bytes, Channel))

    def stream_backlog_bytes(self, channel: Channel) -> int:
        """Bytes of a stream that wait for it to be opened, or for being acknowledged."""
        return len(self._waiting.get(channel, b"")) + seams.stream_backlog_bytes(
            self.quic, self._carriage.stream_ids[channel]
        )

    @property
    def packets_in_ledger(self) -> int:
        """Packets that aioquic remembers because the peer has not acknowledged them."""
        return seams.ledger_packets(self.quic)

    @property
    def rtt_ms(self) -> float | None:
        """QUIC's smoothed round-trip time."""
        rtt = seams.smoothed_rtt_s(self.quic)
        return None if rtt is None else rtt * 1000

    @property
    def min_rtt_ms(self) -> float | None:
        """QUIC's smallest round-trip time."""
        rtt = seams.min_rtt_s(self.quic)
        return None if rtt is None else rtt * 1000

    def observe(self, observer: ConnectionObserver) -> None:
        """Choose who is told, and hand over what came before."""
        self._observer = observer
        self._early.hand_over(observer, now=self._loop.time())
        if self._error is not None:
            self._loop.call_soon(observer.connection_lost, self._error)

    def send_datagram(self, data: bytes) -> bool:
        """Queue a datagram if it can leave with the next flush."""
        if len(data) > self._max_datagram_bytes:
            raise DatagramTooLargeError(len(data), self._max_datagram_bytes)
        if len(data) > self.send_space_bytes:
            return False
        self.quic.send_datagram_frame(self._carriage.wrap(data))
        self._queued_bytes += len(data)
        return True

    def send_stream(self, channel: Channel, data: bytes) -> None:
        """Queue bytes on a stream."""
        if self._closing:
            return
        if self.send_buffer_bytes + len(data) > self._settings.streams_limit_bytes:
            self.close(ErrorCode.TIMEOUT, "the peer does not read its streams")
            return
        self._waiting.setdefault(channel, bytearray()).extend(data)
        self._send_waiting(channel)

    def _send_waiting(self, channel: Channel) -> None:
        stream_id = self._carriage.stream_ids[channel]
        if channel in self._waiting and self._carriage.is_open and seams.can_send_on_stream(self.quic, stream_id):
            self.quic.send_stream_data(stream_id, bytes(self._waiting.pop(channel)))

    def _write(self, writings: Sequence[Writing]) -> None:
        for stream_id, data, ends in writings:
            if seams.is_ours(self.quic, stream_id) or seams.can_send_on_stream(self.quic, stream_id):
                self.quic.send_stream_data(stream_id, data, end_stream=ends)

    def limit_in_flight(self, window_bytes: int | None) -> None:
        """Set the congestion window, within the bounds of `SessionWindow`."""
        seams.set_window(self.quic, window_bytes)

    def flush(self) -> None:
        """Send what aioquic lets out, and set its timer."""
        if self._closed.is_set():
            return
        now = self._loop.time()
        seams.order_streams(self.quic, self._carriage.urgency)
        for address, packets in groupby(self.quic.datagrams_to_send(now=now), key=itemgetter(1)):
            self._send([data for data, _ in packets], address)
        if now >= self._path.due_at and seams.is_confirmed(self.quic):
            self._probe_path(now)
        self._queued_bytes = seams.datagram_backlog_bytes(self.quic)  # small ones cost more of the window
        self._arm_timer()

    def close(self, code: int, reason: str) -> None:
        """Tell the peer why, and end."""
        self._close(ConnectionLostError(reason, code=code, was_local=True))

    def _close(self, why: ConnectionLostError) -> None:
        if self._closing:
            return
        self._closing = True
        self._farewell = why
        if self._carriage.forgets_at_end and why.code != ErrorCode.PROTOCOL_VIOLATION:
            # what it has not read yet, our goodbye among it: it leaves by itself when it has
            self._lingering = self._loop.call_later(_LINGER_S, self._end_session, why)
        else:
            self._end_session(why)

    def _end_session(self, why: ConnectionLostError) -> None:
        if writings := self._carriage.farewell(why.code, why.reason):
            self._write(writings)
            self.flush()  # QUIC's close throws away what waits
        if writings and why.code != ErrorCode.PROTOCOL_VIOLATION:
            # a browser that hears both at once knows of the second alone; it leaves by itself as soon as it may
            self._lingering = self._loop.call_later(_LINGER_S, self._close_quic, why)
        else:
            self._close_quic(why)

    def _stop_lingering(self) -> None:
        if self._lingering is not None and self._farewell is not None:
            self._lingering.cancel()
            self._close_quic(self._farewell)

    def _close_quic(self, why: ConnectionLostError) -> None:
        self._lingering = None
        self.quic.close(error_code=self._carriage.close_code(why.code), reason_phrase=why.reason)
        self._loop.call_soon(self._pump)

    async def wait_closed(self) -> None:
        """Wait until QUIC has said goodbye; a local close takes three probe timeouts, tens of milliseconds."""
        await self._closed.wait()

    # What the socket and the timer do.

    def packet_received(self, data: bytes, address: Address, *, now: float) -> None:
        """Take one packet; `pump` must follow when the batch is done."""
        if not self._closed.is_set():
            self.quic.receive_datagram(data, address, now=now)

    def pump(self) -> None:
        """Hand out what the packets brought and answer."""
        self._pump()

    def abandon(self, reason: str) -> None:
        """End at once without a word to the peer, who is known to be gone."""
        self._end(ConnectionLostError(reason, code=ErrorCode.TIMEOUT))

    def _arm_timer(self) -> None:
        due = self.quic.get_timer()
        if due is not None and self._path.due_at < due and seams.is_confirmed(self.quic):
            due = self._path.due_at
        self._timer = timer_at(self._loop, self._timer, due, self._timer_due)

    def _timer_due(self) -> None:
        self._timer = None
        timeouts = seams.probe_timeouts(self.quic)
        self.quic.handle_timer(now=self._loop.time())
        if seams.probe_timeouts(self.quic) > timeouts and seams.are_large_under_way(self.quic, self._path):
            self._path.note_timeout()
            self.flush()  # QUIC's probe alone: with a datagram in it, it would be large too
        seams.limit_probe_backoff(self.quic)
        self._pump()

    def _probe_path(self, now: float) -> None:
        size_bytes = self._path.next_probe(now=now)
        if size_bytes is not None:
            told = partial(self._probe_done, size_bytes)
            for data, address in seams.make_probe(self.quic, size_bytes, told, now=now):
                self._send([data], address)  # alone: a burst with a packet too large is lost as a whole

    def _probe_done(self, size_bytes: int, arrived: bool) -> None:
        self._path.probe_done(size_bytes, arrived=arrived, now=self._loop.time())

    def _follow_path(self, now: float) -> None:
        """Send packets of the size that the path takes, and datagrams that fit into them, whatever ID the peer has."""
        self._path.fall_back(now=now)
        max_datagram_bytes = self._fitting(self._path.packet_bytes)
        if self._path.packet_bytes != self._packet_bytes or max_datagram_bytes != self._max_datagram_bytes:
            self._packet_bytes, self._max_datagram_bytes = self._path.packet_bytes, max_datagram_bytes
            self.datagrams_too_large += seams.set_packet_bytes(
                self.quic, self._packet_bytes, max_datagram_bytes + self._carriage.datagram_overhead_bytes
            )

    def _pump(self) -> None:
        if self._closed.is_set():
            return
        now = self._loop.time()
        self._follow_path(now)
        datagrams: list[bytes] = []
        while (event := self.quic.next_event()) is not None:
            if isinstance(event, events.DatagramFrameReceived):
                if (datagram := self._carriage.unwrap(event.data)) is not None:
                    datagrams.append(datagram)
            else:
                self._handle(event, now)
        if self._closed.is_set():
            return
        if seams.open_stream_count(self.quic) > _MAX_STREAMS:  # empty ones, which no event tells of
            self.close(ErrorCode.PROTOCOL_VIOLATION, "too many streams")
            self._stop_lingering()
        if datagrams and not self._closing:
            self._deliver_datagrams(datagrams, now)
        if self._observer is not None and not self._closing:
            self._observer.writable(now=now)
        self.flush()

    def _deliver_datagrams(self, datagrams: list[bytes], now: float) -> None:
        if self._observer is not None:
            self._observer.datagrams_received(datagrams, now=now)
        else:
            self._early.add_datagrams(datagrams)

    def _deliver_stream(self, channel: Channel, data: bytes, now: float) -> None:
        if self._observer is not None:
            self._observer.stream_received(channel, data, now=now)
        elif not self._early.add_piece(channel, data):
            # aioquic opens the stream's window further whether anybody reads or not
            self.close(ErrorCode.TIMEOUT, "nobody takes the streams here")

    def _handle(self, event: events.QuicEvent, now: float) -> None:
        match event:
            case events.StreamDataReceived(stream_id=stream_id, data=data, end_stream=ended):
                self._take_stream(stream_id, data, now, ended=ended)
            case events.StreamReset(stream_id=stream_id) | events.StopSendingReceived(stream_id=stream_id):
                self._take_stream(stream_id, b"", now, ended=True)
            case events.HandshakeCompleted(alpn_protocol=alpn):
                if seams.peer_max_datagram_bytes(self.quic) < SMALLEST_DATAGRAM_BYTES:
                    self.close(ErrorCode.PROTOCOL_VIOLATION, "the peer takes no datagrams, or only small ones")
                    return
                self._carriage = self._carriages.get(alpn or "", NativeCarriage)()
                self._path.start(now=now)
                seams.open_streams(self.quic, self._carriage.stream_ids.values())
                self._write(self._carriage.writings())
                self._open_if_due(was_open=False)
            case events.ConnectionTerminated():
                self._on_event(self, event)
                self._end(self._farewell or self._lost(event))
                return
        self._on_event(self, event)

    def _open_if_due(self, *, was_open: bool) -> None:
        """Begin the session as soon as its carriage allows."""
        if was_open or not self._carriage.is_open:
            return
        for channel in Channel:
            self._send_waiting(channel)
        if not self.connected.done():
            self.connected.set_result(None)
        self._on_event(self, SessionOpened())

    def _take_stream(self, stream_id: int, data: bytes, now: float, *, ended: bool) -> None:
        """Take the next bytes of a stream, its end, or both."""
        if self._closing:
            if ended and stream_id not in self._carriage.stream_ids.values():
                self._stop_lingering()  # of the session itself: the peer has read the farewell
            return
        carriage, was_open = self._carriage, self._carriage.is_open
        try:
            piece = carriage.stream_received(stream_id, data) if data else None
            self._write(carriage.writings())
            self._open_if_due(was_open=was_open)
            if piece is not None:
                channel, data = piece
                self._send_waiting(channel)
                if data:
                    self._deliver_stream(channel, data, now)
            if ended:
                carriage.stream_ended(stream_id)
        except RemoteProtocolError as error:
            self.close(error.code, str(error))
        if carriage.left is not None:
            self._close(ConnectionLostError(carriage.left.reason, code=carriage.left.code))

    def _lost(self, event: events.ConnectionTerminated) -> ConnectionLostError:
        """Say an end in our own words; QUIC's own codes (RFC 9000, section 20.1) mean other things."""
        if event.frame_type is None:
            code = self._carriage.code_of(event.error_code)
        else:
            code = ErrorCode.TIMEOUT if event.reason_phrase == "Idle timeout" else ErrorCode.INTERNAL_ERROR
        return ConnectionLostError(event.reason_phrase, code=code)

    def _end(self, error: ConnectionLostError) -> None:
        if self._closed.is_set():
            return
        self._closing = True
        self._error = error
        self._closed.set()
        for timer in (self._timer, self._lingering):
            if timer is not None:
                timer.cancel()
        if not self.connected.done():
            self.connected.set_exception(error)
            self.connected.exception()  # nobody may be waiting
        observer, self._observer = self._observer, None  # it holds us too; together we would wait for the collector
        if observer is not None:
            observer.connection_lost(error)
        self._send, self._on_event = ignore, ignore  # they hold the socket's owner, and it may hold us
        seams.untie(self.quic)


_LINGER_S = 1.0
"""A browser has this time to read our goodbye, and once more to hear that its session has ended."""

_MAX_STREAMS = 24
"""Most that either door has open, with a browser's few of unknown types."""


def format_address(address: Address) -> str:
    """Return `HOST:PORT`, with brackets around an IPv6 address."""
    host, port = address[0], address[1]
    if host.startswith("::ffff:"):
        host = host.removeprefix("::ffff:")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
