"""What we touch of aioquic that it keeps to itself: an upgrade that renames any of it fails here, by name."""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import TYPE_CHECKING

import pytest
from aioquic.quic.connection import QuicConnection

from tests.support.aio import in_loop, until
from tests.support.transport import link_of, quic_dialer, quic_ends, quic_host
from wavry.transport import Channel
from wavry.transport.quic import seams
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from pathlib import Path


@in_loop
async def test_every_private_name_is_still_there(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host, quic_dialer(host) as dialer:
        dialer.link.send_stream(Channel.CONTROL, b"x")
        dialer.link.flush()
        quic = dialer.link.quic
        source = inspect.getsource(seams)
        paths = set(re.findall(r"quic((?:\.\w+)*\.(?:_\w+)(?:\.\w+)*)", source))
        assert len(paths) >= 6
        for path in paths:
            value: object = quic
            for name in path.strip(".").split("."):
                assert hasattr(value, name), f"aioquic has no {path} any more"
                value = getattr(value, name)
        stream = quic._streams[0]
        for name in re.findall(r"stream\.sender\.(\w+)", source):
            assert hasattr(stream.sender, name), f"aioquic's stream sender has no {name} any more"


@in_loop
async def test_nothing_is_paced(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host, quic_dialer(host) as dialer:
        for quic in (dialer.link.quic, host.links[0].quic):
            assert quic._loss._pacer.next_send_time(now=0.0) is None


@in_loop
async def test_the_window_is_what_it_lets_out(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        quic: QuicConnection = link_of(ends.host).quic
        await until(lambda: quic._loss.bytes_in_flight == 0)
        space = seams.window_space_bytes(quic)
        assert space == quic._loss.congestion_window
        ends.host.send_datagram(bytes(1000))
        ends.host.flush()
        assert space - 1100 < seams.window_space_bytes(quic) < space - 1000


@in_loop
async def test_round_trips_are_measured_after_the_handshake(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        rtt = seams.smoothed_rtt_s(link_of(ends.client).quic)
        assert rtt is not None
        assert 0 < rtt < 5
        assert ends.client.rtt_ms == pytest.approx(rtt * 1000)


@in_loop
async def test_the_backlog_of_a_stream_is_what_is_not_acknowledged(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        quic: QuicConnection = link_of(ends.host).quic
        assert seams.stream_backlog_bytes(quic, 0) == 0
        assert seams.stream_backlog_bytes(quic, 400) == 0
        ends.host.send_stream(Channel.CONTROL, bytes(5000))
        assert seams.stream_backlog_bytes(quic, 0) == 5000
        ends.host.flush()
        await until(lambda: seams.stream_backlog_bytes(quic, 0) == 0)
        assert len(ends.at_client.control) == 5000


@in_loop
async def test_a_silent_peer_is_probed_again_and_again(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        quic = link_of(ends.host).quic
        quic._loss._pto_count = 9
        seams.limit_probe_backoff(quic)
        assert quic._loss._pto_count == 2
        seams.limit_probe_backoff(quic)
        assert quic._loss._pto_count == 2


@in_loop
async def test_a_session_sets_the_window(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        ends.host.limit_in_flight(50_000)
        assert link_of(ends.host).quic._loss.congestion_window == 50_000
        ends.host.limit_in_flight(None)
        assert link_of(ends.host).quic._loss.congestion_window == 50_000


@pytest.mark.parametrize("arrives", [True, False])
@in_loop
async def test_a_probe_is_as_large_as_it_should_be_and_its_fate_is_told(arrives: bool, tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        link = link_of(ends.host)
        await until(lambda: link.packet_bytes == 1452)
        told: list[bool] = []
        ((data, address),) = seams.make_probe(link.quic, 1301, told.append, now=asyncio.get_running_loop().time())
        assert len(data) == 1301
        assert seams.are_large_under_way(link.quic, link._path)
        if arrives:
            link._send([data], address)
        link.flush()  # sets the timer
        await until(lambda: told)
        assert told == [arrives]


@in_loop
async def test_the_packet_size_is_what_packets_are_built_with(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        link = link_of(ends.host)
        quic: QuicConnection = link.quic
        await until(lambda: link.packet_bytes == 1452)
        seams.set_window(quic, 0)
        assert seams.set_packet_bytes(quic, 1300, 1270) == 0
        seams.set_window(quic, 0)
        assert quic._loss.congestion_window == 2 * 1300
        for size in (1270, 1271, 5):
            quic.send_datagram_frame(bytes(size))
        assert seams.set_packet_bytes(quic, 1300, 1270) == 1
        packets = [data for data, _ in quic.datagrams_to_send(now=asyncio.get_running_loop().time())]
        assert (len(packets), len(packets[0])) == (2, 1300)
        assert seams.datagram_backlog_bytes(quic) == 0


@in_loop
async def test_what_the_peer_takes_is_known_after_the_handshake(tmp_path: Path) -> None:
    quic = QuicConnection(configuration=QuicSettings().configuration(is_client=True))
    assert seams.peer_max_datagram_bytes(quic) == 0
    assert not seams.is_confirmed(quic)
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        for end in (ends.host, ends.client):
            assert seams.peer_max_datagram_bytes(link_of(end).quic) == 1452 - 3
            assert seams.is_confirmed(link_of(end).quic)


@in_loop
async def test_a_burst_leaves_whole_and_what_else_there_is_to_say_with_its_last_packet(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        seen = ends.at_client
        link = link_of(ends.host)
        quic: QuicConnection = link.quic
        await until(lambda: link.packet_bytes == 1452 and quic._loss.bytes_in_flight == 0)
        seams.set_window(quic, 200_000)
        datagrams = [bytes([number]) * (1000 if number % 5 else 300) for number in range(40)]
        for datagram in datagrams:
            quic.send_datagram_frame(datagram)
        quic.send_stream_data(0, b"said")
        link.flush()
        assert seams.datagram_backlog_bytes(quic) == 0
        await until(lambda: len(seen.datagrams) == 40 and seen.control == b"said")
        assert seen.datagrams == datagrams


@in_loop
async def test_a_burst_ends_where_the_window_does(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        link = link_of(ends.host)
        quic: QuicConnection = link.quic
        await until(lambda: link.packet_bytes == 1452 and quic._loss.bytes_in_flight == 0)
        seams.set_window(quic, 10_000)
        for _ in range(40):
            quic.send_datagram_frame(bytes(1000))
        sent = quic.datagrams_to_send(now=asyncio.get_running_loop().time())
        assert sum(len(data) > 1000 for data, _ in sent) == 9  # beside them an ACK may be due
        assert quic._loss.bytes_in_flight <= 10_000
        assert len(quic._datagrams_pending) == 31
