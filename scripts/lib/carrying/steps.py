"""From aioquic's asyncio glue to wavry's shell, one improvement at a time: what each of them is worth.

A step has all that came before it. Those of the shell are made by taking out of it what comes later.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from carrying.sides import (
    WINDOW_BYTES,
    be_other_client,
    be_other_host,
    be_wavry_client,
    be_wavry_host,
    configuration_of,
)
from wavry.transport.quic import congestion, connection, seams
from wavry.transport.quic.client import QuicDialer
from wavry.transport.quic.path_mtu import BASE_BYTES
from wavry.transport.quic.server import QuicListener
from wavry.transport.quic.settings import QuicSettings
from wavry.transport.quic.socket import Address, UdpSocket

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

STEPS = {
    "glue": "aioquic's asyncio glue",
    "window": "+ a window of 256 kB and socket buffers of 1 MB",
    "batch": "+ batch receive",
    "burst": "+ one transmit per burst",
    "timers": "+ timers re-armed only when moved, no pacer",
    "gso": "+ GSO",
    "mtu": "+ packets of 1452 bytes",
}
"""By name, in order."""

_ORDER = tuple(STEPS)
_BUFFER_BYTES = QuicSettings().socket_buffer_bytes


def be_side(name: str, scratch: Path, port: int | None) -> Coroutine[Any, Any, None]:
    """Return what is to run as host (without a port) or client of a step; patches this process for it."""
    place = _ORDER.index(name)
    if place < _ORDER.index("batch"):
        configuration = configuration_of("aioquic", scratch, is_client=port is not None)
        on_connected: Callable[[Any, Any], None] | None = None
        if name == "window":
            configuration.congestion_control_algorithm = congestion.ALGORITHM
            on_connected = _widen
        if port is None:
            return be_other_host("aioquic", configuration, on_connected)
        return be_other_client("aioquic", configuration, port, on_connected)
    if place < _ORDER.index("burst"):
        _answer_each_packet()
    if place < _ORDER.index("timers"):
        _arm_always()
    if place < _ORDER.index("gso"):
        _send_one_by_one()
    settings = QuicSettings() if name == "mtu" else QuicSettings(max_udp_payload_bytes=BASE_BYTES)
    if port is None:
        return be_wavry_host(scratch, settings=settings, fills=name == "mtu")
    return be_wavry_client(port, settings=settings)


def _widen(quic: Any, transport: Any) -> None:
    """Give aioquic's glue the window and the buffers that wavry has."""
    seams.set_window(quic, WINDOW_BYTES)
    sock = transport.get_extra_info("socket")
    for forced, option in ((33, socket.SO_RCVBUF), (32, socket.SO_SNDBUF)):  # socket(7): SO_*BUFFORCE
        sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, forced, _BUFFER_BYTES)


def _answer_each_packet() -> None:
    """Let each packet have its own turn of events, sending and timers, as in the glue."""
    for owner in (QuicListener, QuicDialer):
        _one_at_a_time(owner, owner._packets_received)


def _one_at_a_time(owner: Any, take: Callable[..., None]) -> None:
    def packets_received(self: Any, packets: list[tuple[bytes, Address]]) -> None:
        for packet in packets:
            take(self, [packet])

    owner._packets_received = packets_received


def _arm_always() -> None:
    """Make a new timer after each transmission, as if it had moved, and let aioquic pace."""

    def timer_at(
        loop: asyncio.AbstractEventLoop,
        timer: asyncio.TimerHandle | None,
        due: float | None,
        callback: Callable[[], None],
    ) -> asyncio.TimerHandle | None:
        if timer is not None:
            timer.cancel()
        return None if due is None else loop.call_at(due, callback)

    connection.timer_at = timer_at  # type: ignore[attr-defined] # imported there
    seams.remove_pacer = lambda quic: None


def _send_one_by_one() -> None:
    """Take a call of the system for each packet."""

    def send_burst(self: UdpSocket, packets: Sequence[bytes], address: Address | None) -> None:
        for packet in packets:
            self.send(packet, address)

    UdpSocket.send_burst = send_burst  # type: ignore[method-assign]
