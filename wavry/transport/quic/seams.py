"""Every touch of what aioquic keeps to itself, so that an upgrade has one file to check.

`tests/transport/test_seams.py` fails when one of these names is gone.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from aioquic.quic.packet import QuicFrameType, QuicPacketType
from aioquic.quic.packet_builder import QuicDeliveryState, QuicPacketBuilder, QuicPacketBuilderStop
from aioquic.quic.recovery import QuicPacketPacer
from aioquic.tls import Epoch

from wavry.transport.quic.congestion import SessionWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aioquic.quic.connection import QuicConnection, QuicNetworkPath
    from cryptography import x509

    from wavry.transport.quic.path_mtu import PathMtu
    from wavry.transport.quic.socket import Address


class _Unpaced(QuicPacketPacer):
    """A pacer that never waits.

    aioquic's own cuts a frame into flushes of 16 packets and then asks for timers that the event loop can't keep
    (1.1 ms at least). What leaves is bounded by the congestion window alone.
    """

    def next_send_time(self, now: float) -> None:  # type: ignore[override] # None means now
        return None

    def update_after_send(self, now: float) -> None:
        pass

    def update_rate(self, congestion_window: int, smoothed_rtt: float) -> None:
        pass


def remove_pacer(quic: QuicConnection) -> None:
    """Let packets leave as soon as the congestion window allows."""
    quic._loss._pacer = _Unpaced(max_datagram_size=quic._max_datagram_size)


def pack_bursts(quic: QuicConnection) -> None:
    """Have a burst of datagrams packed without asking before each packet what else there may be to say.

    aioquic looks for ACKs, limits, connection IDs and streams each time. Here that goes with the last datagram of a
    burst. `untie` takes it back.
    """
    write_all = quic._write_application

    def write(builder: QuicPacketBuilder, network_path: QuicNetworkPath, now: float) -> None:
        if quic._handshake_confirmed and network_path.is_validated:
            _pack_datagrams(quic, builder)
        write_all(builder, network_path, now)

    quic._write_application = write  # type: ignore[method-assign] # for this connection alone


def _pack_datagrams(quic: QuicConnection, builder: QuicPacketBuilder) -> None:
    """Pack all waiting datagrams but the last, as far as the window lets."""
    waiting, crypto = quic._datagrams_pending, quic._cryptos[Epoch.ONE_RTT]
    try:
        while len(waiting) > 1:
            builder.start_packet(QuicPacketType.ONE_RTT, crypto)
            quic._write_datagram_frame(builder, waiting[0], QuicFrameType.DATAGRAM_WITH_LENGTH)
            waiting.popleft()
            while len(waiting) > 1 and len(waiting[0]) < builder.remaining_buffer_space - _DATAGRAM_FRAME_BYTES:
                quic._write_datagram_frame(builder, waiting[0], QuicFrameType.DATAGRAM_WITH_LENGTH)
                waiting.popleft()
    except QuicPacketBuilderStop:
        pass  # the window is full


def window_space_bytes(quic: QuicConnection) -> int:
    """Return how many bytes the congestion window still lets out."""
    return max(0, quic._loss.congestion_window - quic._loss.bytes_in_flight)


def set_window(quic: QuicConnection, window_bytes: int | None) -> None:
    """Set the congestion window, or leave it to the controller again; a controller of another kind is left alone."""
    control = quic._loss._cc
    if isinstance(control, SessionWindow):
        control.set_window(window_bytes)


_MAX_PROBE_BACKOFF = 2
"""Doublings of the probe timeout. QUIC doubles it without end, so that after a blackout of 3 s the next probe may be
1.6 s away; four times the timeout is 140 ms on a LAN and 0.5 s at 60 ms of round trip, and one packet each."""


def limit_probe_backoff(quic: QuicConnection) -> None:
    """Keep probing a peer that has fallen silent; the idle timeout ends it. Call it after each timer."""
    quic._loss._pto_count = min(quic._loss._pto_count, _MAX_PROBE_BACKOFF)


def probe_timeouts(quic: QuicConnection) -> int:
    """Return how many probe timeouts there were since the peer was last heard, as far as `limit_probe_backoff` lets."""
    return quic._loss._pto_count


def watch_large_packets(quic: QuicConnection, path: PathMtu) -> None:
    """Have the congestion controller tell `path` of what is lost; one of another kind is left alone."""
    control = quic._loss._cc
    if isinstance(control, SessionWindow):
        control.path = path


def is_confirmed(quic: QuicConnection) -> bool:
    """Whether the handshake is over on both sides, so that the peer reads whatever comes."""
    return quic._handshake_confirmed


def are_large_under_way(quic: QuicConnection, path: PathMtu) -> bool:
    """Whether a packet that a smaller path would drop is neither acknowledged nor given up."""
    packets = (packet for space in quic._spaces.values() for packet in space.sent_packets.values())
    return any(path.is_large(packet.sent_bytes) for packet in packets)


def make_probe(
    quic: QuicConnection, size_bytes: int, told: Callable[[bool], None], *, now: float
) -> list[tuple[bytes, Address]]:
    """Return a packet of just this size that says nothing, and where it goes. The handshake must be over.

    `told` gets to know whether it arrived. One packet in a round trip at most, so the window does not hold it back.
    """
    builder = QuicPacketBuilder(
        host_cid=quic.host_cid,
        is_client=quic._is_client,
        max_datagram_size=size_bytes,
        packet_number=quic._packet_number,
        peer_cid=quic._peer_cid.cid,
        spin_bit=quic._spin_bit,
        version=quic._version or 0,
    )
    builder.start_packet(QuicPacketType.ONE_RTT, quic._cryptos[Epoch.ONE_RTT])
    builder.start_frame(QuicFrameType.PING, handler=lambda state: told(state is QuicDeliveryState.ACKED))
    builder._datagram_needs_padding = True
    path, peer_cid = quic._network_paths[0], quic._peer_cid.cid
    return quic._flush_builder(builder=builder, network_path=path, peer_cid=peer_cid, now=now)


def set_packet_bytes(quic: QuicConnection, packet_bytes: int, max_datagram_bytes: int) -> int:
    """Build packets of another size from now on.

    Returns:
        How many datagrams that waited were dropped because they are larger than `max_datagram_bytes`. aioquic would
        keep one at the head of its queue for ever, and all others behind it.
    """
    quic._max_datagram_size = packet_bytes
    control = quic._loss._cc
    if isinstance(control, SessionWindow):
        control.set_packet_bytes(packet_bytes)
    waiting = quic._datagrams_pending
    quic._datagrams_pending = deque(data for data in waiting if len(data) <= max_datagram_bytes)
    return len(waiting) - len(quic._datagrams_pending)


def peer_max_datagram_bytes(quic: QuicConnection) -> int:
    """Return the largest DATAGRAM payload that the peer allows (RFC 9221, section 3); 0 before it has said so."""
    frame_bytes = quic._remote_max_datagram_frame_size or 0
    return max(0, frame_bytes - _DATAGRAM_FRAME_BYTES)


_DATAGRAM_FRAME_BYTES = 3
"""Type and length of a DATAGRAM frame."""


def smoothed_rtt_s(quic: QuicConnection) -> float | None:
    """Return the smoothed round-trip time in seconds; None before the first sample."""
    return quic._loss._rtt_smoothed if quic._loss._rtt_initialized else None


def min_rtt_s(quic: QuicConnection) -> float | None:
    """Return the smallest round-trip time in seconds; None before the first sample."""
    return quic._loss._rtt_min if quic._loss._rtt_initialized else None


def datagram_backlog_bytes(quic: QuicConnection) -> int:
    """Return the bytes of datagrams that were handed over and have not left."""
    return sum(map(len, quic._datagrams_pending))


def peer_connection_id_bytes(quic: QuicConnection) -> int:
    """Return the length of the connection ID that stands in every packet to the peer, 0 to 20."""
    return len(quic._peer_cid.cid)


def open_streams(quic: QuicConnection, stream_ids: Iterable[int]) -> None:
    """Have a client's streams, lowest first: after a higher one aioquic takes a lower one for discarded."""
    if quic._is_client:
        for stream_id in sorted(stream_ids):
            quic._get_or_create_stream_for_send(stream_id)


def can_send_on_stream(quic: QuicConnection, stream_id: int) -> bool:
    """Whether a stream takes bytes: one that the peer has yet to open, or has ended, does not."""
    stream = quic._streams.get(stream_id)
    if stream is None:
        return False
    return stream.sender._reset_error_code is None and stream.sender._buffer_fin is None


def is_ours(quic: QuicConnection, stream_id: int) -> bool:
    """Whether this side is the one that opens a stream."""
    return stream_id % 2 == (0 if quic._is_client else 1)


def open_stream_count(quic: QuicConnection) -> int:
    """Return how many streams are kept; a peer opens some by frames without bytes, which no event tells of."""
    return len(quic._streams)


def stream_backlog_bytes(quic: QuicConnection, stream_id: int) -> int:
    """Return the bytes of a stream that the peer has not acknowledged."""
    stream = quic._streams.get(stream_id)
    return len(stream.sender._buffer) if stream is not None else 0


def order_streams(quic: QuicConnection, urgency: Mapping[int | None, int]) -> None:
    """Let streams have the next packet by their urgency, least number first, unknown ones last.

    aioquic puts those that had a turn behind the others.
    """
    if len(quic._streams_queue) > 1:
        quic._streams_queue.sort(key=lambda stream: urgency.get(stream.stream_id, len(urgency)))


def ledger_packets(quic: QuicConnection) -> int:
    """Return how many sent packets are remembered, neither acknowledged nor given up."""
    return sum(len(space.sent_packets) for space in quic._spaces.values())


def untie(quic: QuicConnection) -> None:
    """Break the cycles of references in a connection that has ended, so that its memory is free at once.

    They keep 90 kB, and what a dead viewer never acknowledged, until the collector looks at its oldest generation,
    dozens of viewers later. The connection can't send or receive any more.
    """
    vars(quic).pop("_write_application", None)
    quic._QuicConnection__frame_handlers.clear()  # type: ignore[attr-defined] # mangled
    quic._loss._send_probe = _nothing
    for space in quic._spaces.values():
        space.sent_packets.clear()  # their delivery handlers are methods of the connection
    if quic._spaces:  # TLS has begun
        quic._cryptos.clear()
        quic.tls.alpn_cb = quic.tls.update_traffic_key_cb = None  # type: ignore[assignment]


def _nothing() -> None:
    pass


def peer_certificate(quic: QuicConnection) -> x509.Certificate | None:
    """Return the certificate that the peer showed in the handshake."""
    return quic.tls._peer_certificate
