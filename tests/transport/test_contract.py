"""What every connection promises, over QUIC, over WebTransport and in memory."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.support.aio import in_loop, until
from tests.support.transport import Ends, Listener, live_timers, loopback_ends, open_descriptors, quic_ends
from tests.support.webtransport import web_ends
from wavry.errors import DatagramTooLargeError, ErrorCode
from wavry.transport import Channel

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from wavry.transport import Connection


class Connect(Protocol):
    def __call__(self, directory: Path) -> AbstractAsyncContextManager[Ends]: ...


@pytest.fixture(params=[quic_ends, web_ends, loopback_ends], ids=["quic", "web", "loopback"])
def connected(request: pytest.FixtureRequest) -> Connect:
    connect: Connect = request.param
    return connect


def send_all(connection: Connection, datagrams: list[bytes]) -> list[bytes]:
    """Queue what there is space for; return the rest."""
    for number, datagram in enumerate(datagrams):
        if not connection.send_datagram(datagram):
            connection.flush()
            return datagrams[number:]
    connection.flush()
    return []


async def send_and_wait(connection: Connection, datagrams: list[bytes], at_peer: Listener) -> None:
    """Send at the pace of the connection until all have arrived."""
    wanted = len(at_peer.datagrams) + len(datagrams)

    def all_are_there() -> bool:
        nonlocal datagrams
        datagrams = send_all(connection, datagrams)
        return len(at_peer.datagrams) == wanted

    await until(all_are_there)


@in_loop
async def test_datagrams_arrive_in_order_both_ways(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        up = [b"up %d" % number for number in range(300)]
        down = [b"down %d" % number * 50 for number in range(300)]
        await send_and_wait(ends.client, list(up), ends.at_host)
        await send_and_wait(ends.host, list(down), ends.at_client)
    assert (ends.at_host.datagrams, ends.at_client.datagrams) == (up, down)


@in_loop
async def test_the_largest_datagram_passes_and_a_larger_one_harms_no_later_one(
    connected: Connect, tmp_path: Path
) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        for sender, at_peer in ((ends.client, ends.at_host), (ends.host, ends.at_client)):
            largest = bytes(sender.max_datagram_bytes)
            with pytest.raises(DatagramTooLargeError) as caught:
                sender.send_datagram(largest + b"!")
            assert (caught.value.size_bytes, caught.value.limit_bytes) == (len(largest) + 1, len(largest))
            await send_and_wait(sender, [largest, b"after"], at_peer)
            assert at_peer.datagrams == [largest, b"after"]


@in_loop
async def test_control_bytes_arrive_whole_whatever_the_cuts(connected: Connect, tmp_path: Path) -> None:
    choose = random.Random(7)
    async with connected(tmp_path) as ends:
        await ends.observe()
        for sender, at_peer in ((ends.client, ends.at_host), (ends.host, ends.at_client)):
            data = choose.randbytes(64 * 1024)
            start = 0
            while start < len(data):
                end = start + choose.choice((1, 7, 100, 1300, 9000))
                sender.send_stream(Channel.CONTROL, data[start:end])
                if choose.random() < 0.5:
                    sender.flush()
                start = end
            sender.flush()
            await until(lambda at_peer=at_peer: len(at_peer.control) >= 64 * 1024)  # type: ignore[misc]
            assert at_peer.control == data


@in_loop
async def test_streams_are_kept_apart_and_the_urgent_one_is_first(connected: Connect, tmp_path: Path) -> None:
    class Ordered(Listener):
        def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
            super().stream_received(channel, data, now=now)
            if channel not in order:
                order.append(channel)

    choose = random.Random(8)
    sent = {channel: choose.randbytes(4000) for channel in (Channel.BULK, Channel.CONTROL, Channel.INPUT)}
    async with connected(tmp_path) as ends:
        order: list[Channel] = []
        await ends.observe()
        ends.at_host = Ordered()
        ends.host.observe(ends.at_host)
        await until(lambda: ends.client.stream_backlog_bytes(Channel.CONTROL) == 0)
        for channel, data in sent.items():
            ends.client.send_stream(channel, data)
            assert ends.client.stream_backlog_bytes(channel) == len(data)
        ends.client.flush()
        await until(lambda: all(len(ends.at_host.streams[each]) == 4000 for each in Channel))
        assert ends.at_host.streams == sent
        assert order == [Channel.INPUT, Channel.CONTROL, Channel.BULK]
        await until(lambda: not any(map(ends.client.stream_backlog_bytes, Channel)))


@in_loop
async def test_what_a_host_says_on_a_stream_waits_until_the_client_has_opened_it(
    connected: Connect, tmp_path: Path
) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        ends.host.send_stream(Channel.BULK, b"a picture of a cat")
        ends.host.flush()
        ends.client.send_stream(Channel.BULK, b"?")
        ends.client.flush()
        await until(lambda: ends.at_client.streams[Channel.BULK] == b"a picture of a cat")


@in_loop
async def test_what_arrives_before_anybody_listens_waits(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        ends.client.send_stream(Channel.CONTROL, b"early")
        assert ends.client.send_datagram(b"early too")
        ends.client.flush()
        ends.client.observe(ends.at_client)
        ends.host.observe(ends.at_host)
        await until(lambda: ends.at_host.control and ends.at_host.datagrams)
        assert ends.at_host.control == b"early"
        assert ends.at_host.datagrams == [b"early too"]


@in_loop
async def test_datagrams_without_space_are_refused_and_none_of_them_is_kept(connected: Connect, tmp_path: Path) -> None:
    """Nothing here lets the loop run, so nothing can leave."""
    async with connected(tmp_path) as ends:
        await ends.observe()
        space = ends.host.send_space_bytes
        taken = 0
        while ends.host.send_datagram(bytes(1000)):
            taken += 1000
            assert taken <= space
        assert ends.host.send_space_bytes < 1000
        assert taken <= ends.host.send_buffer_bytes <= space
        assert not ends.host.send_datagram(bytes(1000))


@in_loop
async def test_space_comes_back_and_the_session_is_told(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        while ends.host.send_datagram(bytes(1000)):
            pass
        ends.host.flush()
        before = ends.at_host.wake_ups
        await until(lambda: ends.host.send_space_bytes > 5000)
        await until(lambda: ends.at_host.wake_ups > before)


@in_loop
async def test_a_close_carries_its_code_and_reason_to_the_other_side(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        ends.host.close(ErrorCode.REFUSED, "no room")
        ends.host.close(ErrorCode.TIMEOUT, "said twice")
        await until(lambda: ends.at_client.lost)
        await ends.client.wait_closed()
        await ends.host.wait_closed()
        await until(lambda: ends.at_host.lost)
        (there,), (here,) = ends.at_client.lost, ends.at_host.lost
        assert (there.code, there.reason, there.was_local) == (ErrorCode.REFUSED, "no room", False)
        assert (here.code, here.reason, here.was_local) == (ErrorCode.REFUSED, "no room", True)
        ends.client.close(ErrorCode.NO_ERROR, "too late")
    assert (len(ends.at_client.lost), len(ends.at_host.lost)) == (1, 1)
    assert ends.at_client.after_the_end == ends.at_host.after_the_end == []


@in_loop
async def test_after_the_end_sending_is_harmless(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        ends.client.close(0, "bye")
        await until(lambda: ends.at_host.lost and ends.at_client.lost)
        for end in (ends.client, ends.host):
            assert end.send_space_bytes == 0
            assert not end.send_datagram(b"x")
            end.send_stream(Channel.CONTROL, b"x")
            end.flush()


@in_loop
async def test_a_word_before_the_close_arrives_before_the_end(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        ends.host.send_stream(Channel.CONTROL, b"bye")
        ends.host.flush()
        ends.host.close(0, "bye")
        await until(lambda: ends.at_client.lost)
        assert ends.at_client.control == b"bye"


@in_loop
async def test_a_host_may_speak_before_the_client_has(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        ends.client.observe(ends.at_client)
        ends.host.observe(ends.at_host)
        ends.host.send_stream(Channel.CONTROL, b"one ")
        ends.host.send_stream(Channel.CONTROL, b"two")
        ends.host.flush()
        ends.client.send_stream(Channel.CONTROL, b"hello")
        ends.client.flush()
        await until(lambda: ends.at_client.control == b"one two")


@in_loop
async def test_a_session_that_comes_after_the_end_is_told_of_it(connected: Connect, tmp_path: Path) -> None:
    """A host may close in the very packet that completes the handshake."""
    async with connected(tmp_path) as ends:
        ends.host.observe(ends.at_host)
        ends.host.close(ErrorCode.SHUTTING_DOWN, "good night")
        await ends.client.wait_closed()
        ends.client.observe(ends.at_client)
        await until(lambda: ends.at_client.lost)
        assert (ends.at_client.lost[0].code, ends.at_client.lost[0].reason) == (ErrorCode.SHUTTING_DOWN, "good night")
    assert len(ends.at_client.lost) == 1


@in_loop
async def test_a_session_may_close_while_it_is_told_something(connected: Connect, tmp_path: Path) -> None:
    class Leaving(Listener):
        def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
            super().stream_received(channel, data, now=now)
            ends.host.close(ErrorCode.PROTOCOL_VIOLATION, "not like that")

    async with connected(tmp_path) as ends:
        ends.at_host = Leaving()
        ends.client.observe(ends.at_client)
        ends.host.observe(ends.at_host)
        ends.client.send_stream(Channel.CONTROL, b"nonsense")
        ends.client.send_datagram(b"more")
        ends.client.flush()
        await until(lambda: ends.at_client.lost and ends.at_host.lost)
        assert ends.at_client.lost[0].code == ErrorCode.PROTOCOL_VIOLATION
    assert ends.at_host.after_the_end == []


@in_loop
async def test_a_peer_that_takes_no_control_bytes_loses_its_connection(connected: Connect, tmp_path: Path) -> None:
    """Nothing here lets the loop run, so the peer can take nothing."""
    async with connected(tmp_path) as ends:
        await ends.observe()
        most = 0
        for _ in range(100):
            ends.host.send_stream(Channel.CONTROL, bytes(10_000))
            most = max(most, ends.host.send_buffer_bytes)
        assert most <= 300_000
        await until(lambda: ends.at_host.lost)
        assert ends.at_host.lost[0].code == ErrorCode.TIMEOUT
        assert "does not read" in ends.at_host.lost[0].reason


@in_loop
async def test_connections_leave_no_socket_and_no_timer(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
    descriptors, timers = open_descriptors(), live_timers()
    for number in range(5):
        async with connected(tmp_path) as ends:
            await ends.observe()
            await send_and_wait(ends.host, [bytes(1000)] * 20, ends.at_client)
            if number % 2:
                ends.client.close(0, "bye")
                await until(lambda ends=ends: ends.at_host.lost)  # type: ignore[misc]
    assert (open_descriptors(), live_timers()) == (descriptors, timers) == (descriptors, 0)


@in_loop
async def test_an_end_names_its_peer(connected: Connect, tmp_path: Path) -> None:
    async with connected(tmp_path) as ends:
        await ends.observe()
        assert ends.client.peer != ends.host.peer
        assert ":" in ends.client.peer
        assert (ends.client.rtt_ms or 0.0) >= 0.0
