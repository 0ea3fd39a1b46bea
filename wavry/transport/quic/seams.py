"""Every touch of what aioquic keeps to itself, so that an upgrade has one file to check.

`tests/transport/test_seams.py` fails when one of these names is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioquic.quic.recovery import QuicPacketPacer

if TYPE_CHECKING:
    from aioquic.quic.connection import QuicConnection
    from cryptography import x509


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


def window_space_bytes(quic: QuicConnection) -> int:
    """Return how many bytes the congestion window still lets out."""
    return max(0, quic._loss.congestion_window - quic._loss.bytes_in_flight)


def smoothed_rtt_s(quic: QuicConnection) -> float | None:
    """Return the smoothed round-trip time in seconds; None before the first sample."""
    return quic._loss._rtt_smoothed if quic._loss._rtt_initialized else None


def stream_backlog_bytes(quic: QuicConnection, stream_id: int) -> int:
    """Return the bytes of a stream that the peer has not acknowledged."""
    stream = quic._streams.get(stream_id)
    return len(stream.sender._buffer) if stream is not None else 0


def peer_certificate(quic: QuicConnection) -> x509.Certificate | None:
    """Return the certificate that the peer showed in the handshake."""
    return quic.tls._peer_certificate
