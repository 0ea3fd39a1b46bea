"""Peers and networks that mean no good: any bytes, damaged packets, streams that are played with."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from aioquic.quic.connection import QuicConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.aio import in_loop, until
from tests.support.packets import catch_packets, first_packet
from tests.support.transport import (
    HOST,
    Ends,
    Listener,
    QuicHost,
    link_of,
    quic_dialer,
    quic_ends,
    quic_host,
)
from wavry.errors import ErrorCode
from wavry.transport import Channel
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wavry.transport.quic.client import QuicDialer
    from wavry.transport.quic.server import QuicListener


def misbehave(ends: Ends, what: str) -> None:
    quic = link_of(ends.client).quic
    if what == "fourth stream":
        quic.send_stream_data(12, b"x")
    elif what == "unidirectional stream":
        quic.send_stream_data(2, b"x")
    elif what == "end of the control stream":
        quic.send_stream_data(0, b"", end_stream=True)
    elif what == "reset":
        quic.reset_stream(0, 7)
    else:
        quic.stop_stream(0, 7)
    ends.client.flush()


@pytest.mark.parametrize(
    "what", ["fourth stream", "unidirectional stream", "end of the control stream", "reset", "stop sending"]
)
@in_loop
async def test_streams_are_not_to_be_played_with(what: str, tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        misbehave(ends, what)
        await until(lambda: ends.at_host.lost and ends.at_client.lost)
        assert ends.at_client.lost[0].code == ErrorCode.PROTOCOL_VIOLATION
        assert "stream" in ends.at_client.lost[0].reason


class Target:
    """A listener on a loop that only runs when something is fed to it."""

    def __init__(self, directory: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.complaints: list[Any] = []
        self.loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self.host = self.loop.run_until_complete(self._open(directory))

    async def _open(self, directory: Path) -> QuicHost:
        return QuicHost(directory)

    def feed(self, *packets: bytes) -> QuicListener:
        async def feed() -> None:
            self.host.listener._packets_received([(data, (HOST, 9)) for data in packets])
            await asyncio.sleep(0)

        self.loop.run_until_complete(feed())
        assert self.complaints == []
        return self.host.listener

    def close(self) -> None:
        self.loop.run_until_complete(self.host.listener.close(0, "over"))
        self.loop.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory.mktemp("host"))
    yield target
    target.close()


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=100), size=st.sampled_from([0, 1, 21, 1199, 1200, 1500, 2048]))
def test_any_bytes_are_harmless_to_a_listener(target: Target, data: bytes, size: int) -> None:
    listener = target.feed(data + bytes(max(0, size - len(data))))
    assert listener.connections == set()


INITIAL = first_packet()


@settings(max_examples=200, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.sampled_from([0, 0, 0, 1, 100, 1300]),
)
def test_a_damaged_first_packet_is_harmless_to_a_listener(
    target: Target, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(INITIAL)
    for place, value in changes:
        data[place] = value
    assert target.feed(bytes(data[: len(data) - cut])).connections == set()


def record_packets(dialer: QuicDialer) -> list[bytes]:
    """Write down what a client sends from now on."""
    sent: list[bytes] = []
    real = dialer._socket.send

    def send(packet: bytes, address: Any) -> None:
        sent.append(packet)
        real(packet, address)

    dialer._socket.send = send  # type: ignore[method-assign]
    return sent


@in_loop
async def test_damaged_and_repeated_packets_do_not_hurt_a_connection(tmp_path: Path) -> None:
    choose = random.Random(3)
    async with quic_host(tmp_path) as host, quic_dialer(host) as dialer:
        at_host = Listener(host.links[0])
        sent = record_packets(dialer)
        address = dialer._socket.address
        for number in range(60):
            dialer.link.send_stream(Channel.CONTROL, b"%3d" % number)
            dialer.link.send_datagram(b"d")
            dialer.link.flush()
            for packet in sent:
                damaged = bytearray(packet)
                for _ in range(choose.randint(1, 5)):
                    damaged[choose.randrange(len(damaged))] = choose.randrange(256)
                host.listener._packets_received([(bytes(damaged), address), (packet, address), (packet, address)])
            sent.clear()
        await until(lambda: len(at_host.control) == 180)
        assert at_host.control == b"".join(b"%3d" % number for number in range(60))
        assert at_host.datagrams == [b"d"] * 60
        assert at_host.lost == []


@in_loop
async def test_a_connection_that_never_finishes_its_handshake_is_given_up(tmp_path: Path) -> None:
    limits = QuicSettings(idle_timeout_s=0.2)
    async with quic_host(tmp_path, limits) as host:
        quic = QuicConnection(configuration=limits.configuration(is_client=True))
        quic.connect((HOST, host.port), now=0.0)
        sent = catch_packets(host.listener)
        host.listener._packets_received([(data, (HOST, 7)) for data, _ in quic.datagrams_to_send(now=0.0)])
        quic.receive_datagram(sent.pop(), (HOST, host.port), now=0.0)
        ((initial, _),) = quic.datagrams_to_send(now=0.0)
        host.listener._packets_received([(initial[:-200] + bytes(200), (HOST, 7))])  # a true token, rubbish behind it
        assert len(host.listener.connections) == 1
        assert host.links == []
        await until(lambda: not host.listener.connections)
        assert host.listener._links == {}
