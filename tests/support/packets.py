"""QUIC packets by hand, and a socket that knows nothing of QUIC."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from aioquic.quic.connection import QuicConnection

from tests.support.transport import (
    HOST,
)
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from wavry.transport.quic.server import QuicListener


def first_packet(settings: QuicSettings | None = None) -> bytes:
    """The first packet of a client: an Initial without a token."""
    quic = QuicConnection(configuration=(settings or QuicSettings()).configuration(is_client=True))
    quic.connect((HOST, 1), now=0.0)
    ((data, _),) = quic.datagrams_to_send(now=0.0)
    return data


class RawPeer:
    """A UDP socket without any QUIC in it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((HOST, port))

    async def answer_to(self, data: bytes) -> bytes:
        self.socket.send(data)
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.socket, 2048)

    def close(self) -> None:
        self.socket.close()


def catch_packets(listener: QuicListener) -> list[bytes]:
    """Keep what a listener sends from now on, instead of sending it."""
    caught: list[bytes] = []

    def send(packet: bytes, address: Any) -> None:
        caught.append(packet)

    listener._socket.send = send  # type: ignore[method-assign]
    return caught
