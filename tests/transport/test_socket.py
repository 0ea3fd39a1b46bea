"""The UDP socket, with real sockets on loopback."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from wavry.transport.quic.socket import Address, UdpSocket, ignore

if TYPE_CHECKING:
    from collections.abc import Iterator

BURSTS = [
    [b"a" * 1350],
    [bytes([each]) * 1350 for each in range(30)],
    [b"a" * 1350, b"b" * 1350, b"c" * 40],
    [b"a" * 40, b"b" * 1350, b"c" * 40, b"d" * 40, b"e" * 41],
    [bytes([each]) * 1200 for each in range(150)],
    [],
]


class CountingSocket(socket.socket):
    """Counts calls; `refusal` is what it says to bursts."""

    calls = 0
    refusal: int | None = None

    def sendmsg(self, *arguments: object) -> int:
        self.calls += 1
        if self.refusal is not None:
            raise OSError(self.refusal, "")
        return super().sendmsg(*arguments)  # type: ignore[arg-type]


@contextmanager
def pair() -> Iterator[tuple[UdpSocket, CountingSocket, list[bytes], Address]]:
    """A socket that sends, what it is made of, what another has received, and where that is."""
    received: list[bytes] = []

    def receive(packets: list[tuple[bytes, Address]]) -> None:
        received.extend(data for data, _ in packets)

    sockets = CountingSocket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for each in sockets:
        each.setblocking(False)
        each.bind(("127.0.0.1", 0))
    sender = UdpSocket(sockets[0], ignore, ignore, buffer_bytes=1 << 20)
    receiver = UdpSocket(sockets[1], receive, ignore, buffer_bytes=1 << 20)
    try:
        yield sender, sockets[0], received, receiver.address
    finally:
        sender.close()
        receiver.close()


@pytest.mark.parametrize("burst", BURSTS)
@in_loop
async def test_a_burst_arrives_as_the_packets_that_it_was(burst: list[bytes]) -> None:
    with pair() as (sender, _, received, address):
        sender.send_burst(burst, address)
        await until(lambda: len(received) == len(burst))
        assert received == burst
        assert sender.send_failures == 0


@in_loop
async def test_packets_of_one_size_leave_with_one_call() -> None:
    with pair() as (sender, counting, received, address):
        sender.send_burst([b"a" * 1350] * 20 + [b"b" * 30], address)
        await until(lambda: len(received) == 21)
        assert counting.calls == 1


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.EIO])
@in_loop
async def test_where_the_kernel_cannot_cut_a_burst_its_packets_leave_one_by_one(refusal: int) -> None:
    with pair() as (sender, counting, received, address):
        counting.refusal = refusal
        for _ in range(2):
            sender.send_burst([b"a" * 1350] * 3, address)
        await until(lambda: len(received) == 6)
        assert counting.calls == 1
        assert sender.send_failures == 0


@in_loop
async def test_a_burst_of_packets_that_are_too_large_says_nothing_of_the_next_one() -> None:
    with pair() as (sender, counting, received, address):
        counting.refusal = errno.EMSGSIZE
        sender.send_burst([b"a" * 1350] * 3, address)
        counting.refusal = None
        sender.send_burst([b"b" * 1200] * 3, address)
        await until(lambda: len(received) == 6)
        assert counting.calls == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other names for it")
@in_loop
async def test_no_packet_is_cut_on_its_way() -> None:
    with pair() as (_, counting, _, _):
        assert counting.getsockopt(socket.IPPROTO_IP, 10) == 3  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE: ip(7)


@in_loop
async def test_a_burst_that_the_kernel_has_no_room_for_is_lost_and_counted() -> None:
    with pair() as (sender, counting, received, address):
        counting.refusal = errno.EAGAIN
        sender.send_burst([b"a" * 1350] * 3, address)
        counting.refusal = None
        sender.send_burst([b"b" * 1350] * 2, address)
        await until(lambda: len(received) == 2)
        assert (sender.send_failures, received) == (3, [b"b" * 1350] * 2)
