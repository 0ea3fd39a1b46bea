"""Before a connection: addresses that must be proved, and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aioquic.buffer import Buffer  # type: ignore[attr-defined] # aioquic has no __all__ there
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicPacketType, pull_quic_header

from tests.support.aio import in_loop
from tests.support.packets import RawPeer, catch_packets, first_packet
from tests.support.transport import (
    HOST,
    quic_host,
)
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def raw_peers() -> Iterator[list[RawPeer]]:
    peers: list[RawPeer] = []
    yield peers
    for peer in peers:
        peer.close()


@in_loop
async def test_an_address_has_to_be_proved_before_anything_is_kept_for_it(
    tmp_path: Path, raw_peers: list[RawPeer]
) -> None:
    async with quic_host(tmp_path) as host:
        peer = RawPeer(host.port)
        raw_peers.append(peer)
        answer = await peer.answer_to(first_packet())
        assert pull_quic_header(Buffer(data=answer)).packet_type is QuicPacketType.RETRY
        assert len(answer) < 3 * 1200
        assert host.listener.connections == set()
        assert host.listener._links == {}


@in_loop
async def test_a_token_is_worth_nothing_from_another_address(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host:
        quic = QuicConnection(configuration=QuicSettings().configuration(is_client=True))
        quic.connect((HOST, host.port), now=0.0)
        ((data, _),) = quic.datagrams_to_send(now=0.0)
        sent = catch_packets(host.listener)
        host.listener._packets_received([(data, (HOST, 1111))])
        quic.receive_datagram(sent.pop(), (HOST, host.port), now=0.0)
        ((with_token, _),) = quic.datagrams_to_send(now=0.0)
        host.listener._packets_received([(with_token, (HOST, 2222))])
        assert host.listener.connections == set()
        host.listener._packets_received([(with_token, (HOST, 1111))])
        assert len(host.listener.connections) == 1
        assert sent


@in_loop
async def test_an_unknown_version_is_answered_with_the_known_ones(tmp_path: Path, raw_peers: list[RawPeer]) -> None:
    async with quic_host(tmp_path) as host:
        peer = RawPeer(host.port)
        raw_peers.append(peer)
        data = bytearray(first_packet())
        data[1:5] = b"\x1a\x2a\x3a\x4a"
        answer = await peer.answer_to(bytes(data))
        header = pull_quic_header(Buffer(data=answer))
        assert header.packet_type is QuicPacketType.VERSION_NEGOTIATION
        assert 1 in header.supported_versions


@in_loop
async def test_a_version_negotiation_is_never_answered_with_another(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host:
        sent = catch_packets(host.listener)
        data = bytearray(first_packet())
        data[1:5] = bytes(4)
        host.listener._packets_received([(bytes(data), (HOST, 1))])
        assert sent == []
