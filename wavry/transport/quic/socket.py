"""A UDP socket that is read and written in batches.

asyncio's own datagram transport reads one packet per turn of the loop into a fresh 256 KiB buffer (13.7 µs against
1.3 µs a packet, and 1.5 times the throughput once mended). Reading everything that waits, and answering once, is
quicker still. A burst leaves with one call where the kernel cuts it (generic segmentation offload, udp(7)
UDP_SEGMENT): 2.0 µs a packet in tens, 10.0 one by one. Sending never queues: what the kernel does not take now is lost,
which QUIC knows how to handle.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Address = tuple[Any, ...]
"""As `socket` gives it: `(host, port)` or `(host, port, flow, scope)`."""

_READ_BYTES = 2048
"""Longer than any packet of ours; a longer one is cut and fails its integrity check."""

_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
"""Linux's socket(7); Python has no names for them."""

_BATCH_PACKETS = 64
"""Most packets read in one turn of the loop, so that a flood can't keep it."""


_SOL_UDP, _UDP_SEGMENT = 17, 103
"""Linux's udp(7); Python has no names for them."""

_MAX_SEGMENTS = 64
_MAX_SEGMENTED_BYTES = 65_000
"""What the kernel takes in one call."""

_CANNOT_SEGMENT = frozenset({errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP})
"""An old kernel, or an interface without checksum offload."""

_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE = 10, 23, 3
"""Linux's ip(7) and ipv6(7); Python has no names for them."""


class UdpSocket:
    """A bound or connected UDP socket on the running loop.

    Args:
        sock: Non-blocking; owned from here on.
        on_packets: Gets every batch as `(bytes, address)` pairs.
        on_refused: Told when the system reports that nobody listens at the other end (connected sockets only).
        buffer_bytes: Asked for as kernel buffers; the system may give less.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_packets: Callable[[list[tuple[bytes, Address]]], None],
        on_refused: Callable[[], None],
        *,
        buffer_bytes: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self._on_packets = on_packets
        self._on_refused = on_refused
        self._can_segment = sys.platform == "linux"
        self.send_failures = 0
        """Packets that the kernel did not take."""
        _set_buffer(sock, socket.SO_RCVBUF, _SO_RCVBUFFORCE, buffer_bytes)
        _set_buffer(sock, socket.SO_SNDBUF, _SO_SNDBUFFORCE, buffer_bytes)
        _forbid_fragments(sock)
        self.address: Address = sock.getsockname()
        self._loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        packets: list[tuple[bytes, Address]] = []
        receive = self._socket.recvfrom
        try:
            for _ in range(_BATCH_PACKETS):
                packets.append(receive(_READ_BYTES))  # noqa: PERF401 - it ends by an exception
        except (BlockingIOError, InterruptedError):
            pass
        except ConnectionError:
            self._on_refused()
        except OSError:
            pass  # an ICMP error of another kind concerns one packet that we sent
        if packets:
            self._on_packets(packets)

    def send(self, packet: bytes, address: Address | None) -> None:
        """Send one packet, to `address` or where the socket is connected to."""
        try:
            if address is None:
                self._socket.send(packet)
            else:
                self._socket.sendto(packet, address)
        except ConnectionError:
            self._on_refused()
        except OSError:
            self.send_failures += 1

    def send_burst(self, packets: Sequence[bytes], address: Address | None) -> None:
        """Send packets in order, to `address` or where the socket is connected to."""
        for burst in _bursts(packets):
            if len(burst) == 1 or not self._can_segment or not self._send_segmented(burst, address):
                for packet in burst:
                    self.send(packet, address)

    def _send_segmented(self, burst: Sequence[bytes], address: Address | None) -> bool:
        """Have the kernel cut a burst; say whether it can."""
        control = [(_SOL_UDP, _UDP_SEGMENT, struct.pack("=H", len(burst[0])))]
        try:
            if address is None:
                self._socket.sendmsg(burst, control)
            else:
                self._socket.sendmsg(burst, control, 0, address)
        except ConnectionError:
            self._on_refused()
        except OSError as error:
            if error.errno in _CANNOT_SEGMENT or error.errno == errno.EMSGSIZE:
                # the latter is a matter of these packets: they have become too large for the interface
                self._can_segment = error.errno == errno.EMSGSIZE
                return False
            self.send_failures += len(burst)
        return True

    def close(self) -> None:
        """Stop reading and close. Idempotent."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._on_packets, self._on_refused = ignore, ignore  # they hold the owner, and it holds us


def ignore(*_: object) -> None:
    """Take the place of a callback that nobody needs, or needs no more."""


def _bursts(packets: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut packets where the kernel could not: all of a burst are of one size, but the last may be shorter."""
    begin = 0
    while begin < len(packets):
        size = len(packets[begin])
        most = min(_MAX_SEGMENTS, max(1, _MAX_SEGMENTED_BYTES // size))
        end = begin + 1
        while end < len(packets) and end - begin < most and len(packets[end]) <= size:
            end += 1
            if len(packets[end - 1]) < size:
                break
        yield packets[begin:end]
        begin = end


def _set_buffer(sock: socket.socket, option: int, forced: int, size: int) -> None:
    """Ask for a kernel buffer; on Linux first in the way that lets an administrator pass the system's limit."""
    for each in (forced, option) if sys.platform == "linux" else (option,):
        try:
            sock.setsockopt(socket.SOL_SOCKET, each, size)
        except OSError:
            continue
        return


def _forbid_fragments(sock: socket.socket) -> None:
    """Let no packet be cut on its way, and none be held back for what the kernel thinks of the path (Linux).

    Fragments would make any size seem to pass (RFC 9000, section 14), and one that is lost loses the packet.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a socket for both families has both
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_PROBE)
        if sock.family == socket.AF_INET6:
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)
