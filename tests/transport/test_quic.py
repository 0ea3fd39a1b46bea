"""What only QUIC has: connections that come and go, limits, other peers than ours."""

from __future__ import annotations

import asyncio
import gc
import socket
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from aioquic.quic.connection import QuicConnection

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.transport import (
    HOST,
    Listener,
    QuicHost,
    link_of,
    open_descriptors,
    quic_dialer,
    quic_ends,
    quic_host,
)
from wavry.errors import ConfigError, ConnectFailedError, ErrorCode
from wavry.transport import Channel
from wavry.transport.quic import settings as settings_module
from wavry.transport.quic.client import connect
from wavry.transport.quic.connection import format_address
from wavry.transport.quic.server import listen
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wavry.transport.quic.connection import QuicLink


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed in the test is freed by its last reference."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@in_loop
async def test_a_connection_that_has_ended_leaves_no_work_for_the_collector(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host:
        async with quic_dialer(host) as dialer:
            at_host, at_client = host.links.pop(), dialer.link
            kept = [weakref.ref(at_host.quic), weakref.ref(at_client.quic)]
            at_host.send_datagram(bytes(1000))
            at_host.flush()
            at_client.close(0, "")
            await at_host.wait_closed()
            await at_client.wait_closed()
        del at_host, at_client, dialer
        await asyncio.sleep(0)  # what the loop was about to call holds them too
        assert [quic() for quic in kept] == [None, None]


@pytest.mark.usefixtures("no_collector")
@in_loop
async def test_a_connection_given_up_with_packets_on_their_way_leaves_none_either(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host:
        async with quic_dialer(host) as dialer:
            kept = weakref.ref(dialer.link.quic)
            dialer.link.send_stream(Channel.CONTROL, b"hello")
            dialer.link.flush()
            dialer.close()
        del dialer
        await asyncio.sleep(0)
        assert kept() is None


# Who is let in.


@in_loop
async def test_no_more_connections_than_allowed(tmp_path: Path) -> None:
    limits = QuicSettings(max_connections=1)
    async with quic_host(tmp_path, limits) as host:
        async with quic_dialer(host) as first:
            second = await connect(HOST, host.port)
            heard = Listener(second.link)
            await until(lambda: heard.lost)
            second.close()
            assert heard.lost[0].code == ErrorCode.REFUSED
            assert host.listener.memory.drops == 1
            assert len(host.links) == 1
            await until(lambda: len(host.listener.connections) == 1)
            first.link.close(0, "bye")
            await until(lambda: not host.listener.connections)
        async with quic_dialer(host):
            assert len(host.listener.connections) == 1


@in_loop
async def test_handshakes_that_are_begun_and_not_ended_keep_nobody_out(tmp_path: Path) -> None:
    limits = QuicSettings(max_handshakes=3)
    async with quic_host(tmp_path, limits) as host:
        for _ in range(10):
            stranger = QuicConnection(configuration=QuicSettings().configuration(is_client=True))
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.settimeout(PATIENCE_S)
            sock.bind((HOST, 0))
            begun = host.listener.memory.drops + len(host.listener.connections)
            stranger.connect((HOST, host.port), now=0.0)
            for data, _ in stranger.datagrams_to_send(now=0.0):
                sock.sendto(data, (HOST, host.port))
            retry = await asyncio.to_thread(sock.recv, 2048)
            stranger.receive_datagram(retry, (HOST, host.port), now=0.0)
            for data, _ in stranger.datagrams_to_send(now=0.0):
                sock.sendto(data, (HOST, host.port))
            sock.close()
            await until(lambda begun=begun: host.listener.memory.drops + len(host.listener.connections) > begun)  # type: ignore[misc]
            assert len(host.listener.connections) <= 3
        assert host.listener.memory.drops == 7
        async with quic_dialer(host) as dialer:
            assert host.links[-1].peer == f"{HOST}:{dialer._socket.address[1]}"


@in_loop
async def test_nobody_is_let_in_while_the_host_closes(tmp_path: Path) -> None:
    host = QuicHost(tmp_path)
    async with quic_dialer(host):
        closing = asyncio.create_task(host.listener.close(0, "bye"))
        await asyncio.sleep(0)
        with pytest.raises(ConnectFailedError):
            await connect(HOST, host.port, timeout_s=0.3)
        await closing
        assert len(host.links) == 1
        assert host.listener.connections == set()


@in_loop
async def test_a_connection_that_ended_leaves_no_trace_in_the_listener(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host:
        for _ in range(3):
            async with quic_dialer(host) as dialer:
                assert len(host.listener._links) >= 2
                dialer.link.close(0, "bye")
                await dialer.link.wait_closed()
            await until(lambda: not host.listener.connections)
            assert host.listener._links == {}


# Who can not be reached.


@in_loop
async def test_another_protocol_is_refused_with_a_clear_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with quic_host(tmp_path) as host:
        monkeypatch.setattr(settings_module, "ALPN", "wavry/99")
        with pytest.raises(ConnectFailedError, match=r"(?i)no common alpn"):
            await connect(HOST, host.port)
        await until(lambda: not host.listener.connections)


@in_loop
async def test_a_port_where_nobody_listens_fails_at_once_and_leaves_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    before = open_descriptors()
    with pytest.raises(ConnectFailedError, match=rf"could not connect to {HOST}:{port}: nobody listens"):
        await connect(HOST, port, timeout_s=3600)
    assert open_descriptors() == before


@in_loop
async def test_a_port_that_never_answers_fails_in_time_and_leaves_nothing() -> None:
    before = open_descriptors()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, 0))
        port = silent.getsockname()[1]
        with pytest.raises(ConnectFailedError, match=rf"could not connect to {HOST}:{port}: no answer"):
            await connect(HOST, port, timeout_s=0.2)
    assert open_descriptors() == before


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a" * 70, "a..b", "."])
@in_loop
async def test_an_unknown_name_is_a_failed_connection(name: str) -> None:
    with pytest.raises(ConnectFailedError, match="the name is unknown"):
        await connect(name, 1)


@in_loop
async def test_cancelling_a_connect_leaves_nothing(tmp_path: Path) -> None:
    before = open_descriptors()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, 0))
        task = asyncio.create_task(connect(HOST, silent.getsockname()[1]))
        await until(lambda: open_descriptors() > before + 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert open_descriptors() == before


@in_loop
async def test_a_host_that_falls_silent_is_gone_after_the_idle_timeout(tmp_path: Path) -> None:
    limits = QuicSettings(idle_timeout_s=0.3)
    async with quic_ends(tmp_path, limits) as ends:
        await ends.observe()
        deafen(link_of(ends.host))
        await until(lambda: ends.at_client.lost)
        assert (ends.at_client.lost[0].code, ends.at_client.lost[0].reason) == (ErrorCode.TIMEOUT, "Idle timeout")


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), (HOST, None)], ids=["not ours", "in use"])
@in_loop
async def test_an_address_that_can_not_be_had_is_named_with_its_flag(
    host: str, port: int | None, tmp_path: Path
) -> None:
    async with quic_host(tmp_path) as other:
        before = open_descriptors()
        with pytest.raises(ConfigError, match="--listen"):
            listen(host, other.port if port is None else port, other.identity, lambda _: None)
        assert open_descriptors() == before


@in_loop
async def test_the_client_sees_the_hosts_fingerprint(tmp_path: Path) -> None:
    async with quic_host(tmp_path) as host, quic_dialer(host) as dialer:
        assert dialer.host_fingerprint == host.identity.fingerprint


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("127.0.0.1", 1), "127.0.0.1:1"),
        (("::1", 1, 0, 0), "[::1]:1"),
        (("::ffff:10.0.0.1", 5, 0, 0), "10.0.0.1:5"),
        (("example.org", 4790), "example.org:4790"),
    ],
)
def test_addresses_read_as_a_user_writes_them(address: tuple[Any, ...], text: str) -> None:
    assert format_address(address) == text


@pytest.mark.parametrize("size", [1199, 1453, 0])
def test_a_packet_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ConfigError, match="max_udp_payload_bytes"):
        QuicSettings(max_udp_payload_bytes=size)


# What may be in flight.


def deafen(link: QuicLink) -> None:
    """Let a connection hear nothing more, as if its peer had fallen silent."""
    link.packet_received = lambda *_, **__: None  # type: ignore[method-assign]


@pytest.mark.parametrize("size", [1, 100, 1170])
@in_loop
async def test_what_waits_for_a_peer_that_acknowledges_nothing_is_bounded(size: int, tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        deafen(link_of(ends.host))
        window = link_of(ends.host).quic._loss.congestion_window
        for _ in range(200):
            while ends.host.send_datagram(bytes(size)):
                pass
            ends.host.flush()
            await asyncio.sleep(0)
        kept = sum(len(data) for data in link_of(ends.host).quic._datagrams_pending)
        assert ends.host.send_space_bytes < size + 64
        assert kept <= window
        assert ends.host.send_buffer_bytes >= kept


@in_loop
async def test_a_client_with_long_connection_ids_gets_the_largest_datagrams_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A QUIC peer may choose up to 20 bytes; they stand in every packet to it."""
    real = QuicSettings.configuration

    def configuration(self: QuicSettings, *, is_client: bool) -> Any:
        made = real(self, is_client=is_client)
        if is_client:
            made.connection_id_length = 20
        return made

    monkeypatch.setattr(QuicSettings, "configuration", configuration)
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        largest = bytes(ends.host.max_datagram_bytes)
        assert ends.host.send_datagram(largest)
        ends.host.flush()
        await until(lambda: ends.at_client.datagrams == [largest])
        assert ends.host.send_buffer_bytes == 0


def limit_datagrams(patch: pytest.MonkeyPatch, frame_bytes: int | None, *, of_client: bool) -> None:
    """Let one end announce that it takes no larger DATAGRAM frames."""
    real = QuicSettings.configuration

    def configuration(self: QuicSettings, *, is_client: bool) -> Any:
        made = real(self, is_client=is_client)
        if is_client is of_client:
            made.max_datagram_frame_size = frame_bytes
        return made

    patch.setattr(QuicSettings, "configuration", configuration)


@pytest.mark.parametrize("frame_bytes", [None, 0, 1000])
@in_loop
async def test_a_client_that_takes_no_datagrams_is_refused(
    frame_bytes: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_datagrams(monkeypatch, frame_bytes, of_client=True)
    async with quic_host(tmp_path) as host:
        dialer = await connect(HOST, host.port)  # the client's handshake is done first
        dialer.link.observe(listener := Listener())
        await until(lambda: listener.lost)
        assert "datagrams" in listener.lost[0].reason
        assert host.links == []
        dialer.close()


@pytest.mark.parametrize("frame_bytes", [None, 0, 1000])
@in_loop
async def test_a_host_that_takes_no_datagrams_is_refused(
    frame_bytes: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_datagrams(monkeypatch, frame_bytes, of_client=False)
    async with quic_host(tmp_path) as host:
        with pytest.raises(ConnectFailedError, match="datagrams"):
            await connect(HOST, host.port)


@in_loop
async def test_no_datagram_is_larger_than_the_peer_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_datagrams(monkeypatch, 1300, of_client=True)
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        await until(lambda: link_of(ends.host).packet_bytes == 1452)
        assert ends.host.max_datagram_bytes == ends.host.largest_datagram_bytes == 1297
        assert ends.host.send_datagram(bytes(1297))
        ends.host.flush()
        await until(lambda: ends.at_client.datagrams)
        assert ends.at_client.lost == []


@in_loop
async def test_control_bytes_that_nobody_takes_over_are_bounded(tmp_path: Path) -> None:
    limits = QuicSettings(streams_limit_bytes=50_000)
    async with quic_ends(tmp_path, limits) as ends:
        ends.client.observe(ends.at_client)
        for _ in range(100):
            ends.client.send_stream(Channel.CONTROL, bytes(2000))
            ends.client.flush()
            await until(lambda: ends.client.send_buffer_bytes < 20_000 or ends.at_client.lost)
        await until(lambda: ends.at_client.lost)
        assert link_of(ends.host)._early._bytes <= 50_000


@in_loop
async def test_datagrams_that_nobody_takes_over_are_bounded(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        ends.client.observe(ends.at_client)
        for number in range(300):
            await until(lambda number=number: ends.client.send_datagram(b"%d" % number))  # type: ignore[misc]
            ends.client.flush()
        ends.client.send_stream(Channel.CONTROL, b"end")
        ends.client.flush()
        await until(lambda: link_of(ends.host)._early._pieces == [(Channel.CONTROL, b"end")])
        ends.host.observe(ends.at_host)
        assert ends.at_host.datagrams == [b"%d" % number for number in range(236, 300)]


# What a peer may not do.


@in_loop
async def test_a_session_may_answer_what_came_together_with_the_end_of_the_stream(tmp_path: Path) -> None:
    class Answering(Listener):
        def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
            super().stream_received(channel, data, now=now)
            ends.host.send_stream(Channel.CONTROL, b"answer")

    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        ends.host.observe(Answering())
        link_of(ends.client).quic.send_stream_data(0, b"question")
        link_of(ends.client).quic.stop_stream(0, 7)
        ends.client.flush()
        await until(lambda: ends.at_client.lost)


# Hostile packets.
