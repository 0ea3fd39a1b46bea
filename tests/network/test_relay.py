"""The relay, with real sockets. What depends on time is tested in virtual time, in `test_link`."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from network.conditions import Blackout, LinkConditions, PathConditions
from network.link import Link
from network.loss import RandomLoss
from network.relay import GRAIN_S, Relay, new_loop
from tests.support.aio import in_loop, until
from tests.support.transport import open_descriptors
from wavry.errors import ConfigError
from wavry.transport.quic.socket import Address, UdpSocket, ignore

if TYPE_CHECKING:
    from collections.abc import Iterator

PERFECT = LinkConditions()


class Peer:
    """A socket that remembers what it hears, and may say it back."""

    def __init__(self, *, towards: tuple[str, int] | None = None, echoes: bool = False) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        if towards is not None:
            sock.connect(towards)
        self.socket = UdpSocket(sock, self._hear, ignore, buffer_bytes=1_000_000)
        self.heard: list[bytes] = []
        self.heard_from: set[Address] = set()
        self._echoes = echoes

    @property
    def address(self) -> tuple[str, int]:
        return self.socket.address[0], self.socket.address[1]

    def say(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.socket.send(datagram, None)

    def _hear(self, packets: list[tuple[bytes, Address]]) -> None:
        for datagram, address in packets:
            self.heard.append(datagram)
            self.heard_from.add(address)
            if self._echoes:
                self.socket.send(b"re: " + datagram, address)


class Scene:
    """A target that echoes, a relay in front of it, and clients of the relay."""

    def __init__(self, relay: Relay, target: Peer) -> None:
        self.relay = relay
        self.target = target
        self.clients: list[Peer] = []

    def client(self) -> Peer:
        self.clients.append(Peer(towards=self.relay.address))
        return self.clients[-1]


@contextmanager
def scene(
    *, forward: LinkConditions = PERFECT, backward: LinkConditions = PERFECT, max_clients: int = 4, idle_s: float = 60.0
) -> Iterator[Scene]:
    before = open_descriptors()
    target = Peer(echoes=True)
    path = PathConditions(forward=forward, backward=backward)
    relay = Relay(("127.0.0.1", 0), target.address, path, seed=7, max_clients=max_clients, idle_s=idle_s)
    this = Scene(relay, target)
    try:
        yield this
    finally:
        relay.close()
        for peer in (target, *this.clients):
            peer.socket.close()
        assert open_descriptors() == before


@in_loop
async def test_each_client_hears_the_answers_to_what_it_said() -> None:
    with scene() as this:
        first, second = this.client(), this.client()
        first.say(b"one", b"two")
        second.say(b"three")
        await until(lambda: len(first.heard) == 2 and len(second.heard) == 1)
        assert (first.heard, second.heard) == ([b"re: one", b"re: two"], [b"re: three"])
        assert len(this.target.heard_from) == 2, "the target can't tell them apart"


@in_loop
async def test_the_links_of_a_client_lose_what_its_seed_says() -> None:
    conditions = LinkConditions(loss=RandomLoss(0.3))
    sent = [bytes([number]) for number in range(250)]
    reference = Link(conditions, seed="7 client 1 backward")
    for datagram in sent:
        reference.send(datagram, 0.0)
    expected = reference.deliver(0.0)
    with scene(backward=conditions) as this:
        client = this.client()
        client.say(*sent)
        await until(lambda: len(client.heard) == len(expected))
        assert this.target.heard == expected
        assert client.heard == [b"re: " + datagram for datagram in expected]
        report = this.relay.report()
        assert (report["backward"]["sent"], report["backward"]["lost"]) == (250, 250 - len(expected))
        assert report["forward"]["delivered"] == len(expected)


@in_loop
async def test_nothing_arrives_before_its_time() -> None:
    loop = asyncio.get_running_loop()
    with scene(forward=LinkConditions(latency_s=0.02)) as this:
        client = this.client()
        began_at = loop.time()
        client.say(b"hello")
        await until(lambda: client.heard)
        assert loop.time() >= began_at + 0.02 - GRAIN_S


@in_loop
async def test_a_blackout_is_not_another_one_for_who_connects_again() -> None:
    loop = asyncio.get_running_loop()
    with scene(backward=LinkConditions(blackouts=(Blackout(0, 0.05),))) as this:
        this.client().say(b"lost")
        await until(lambda: this.relay.report()["backward"]["dropped_by_blackout"] == 1)
        over_at = this.relay.report()["begun_at"] + 0.05
        await until(lambda: loop.time() >= over_at)
        again = this.client()
        again.say(b"heard")
        await until(lambda: again.heard == [b"re: heard"])
        assert this.target.heard == [b"heard"]


@in_loop
async def test_clients_above_the_limit_are_counted_and_dropped() -> None:
    with scene(max_clients=1) as this:
        first, second = this.client(), this.client()
        first.say(b"first")
        await until(lambda: first.heard)
        second.say(b"second", b"second")
        first.say(b"again")
        await until(lambda: len(first.heard) == 2 and this.relay.report()["refused"] == 2)
        assert this.target.heard == [b"first", b"again"]
        assert this.relay.clients == 1


@in_loop
async def test_an_idle_client_ends_makes_room_and_stays_counted() -> None:
    with scene(max_clients=1, idle_s=0.05) as this:
        first, second = this.client(), this.client()
        first.say(b"first")
        await until(lambda: first.heard)
        await until(lambda: this.relay.clients == 0)
        second.say(b"second")
        await until(lambda: second.heard)
        report = this.relay.report()
        assert (report["clients_ever"], report["backward"]["sent"]) == (2, 2)


@in_loop
async def test_what_is_under_way_at_the_end_is_lost() -> None:
    with scene(backward=LinkConditions(latency_s=60)) as this:
        this.client().say(b"late")
        await until(lambda: this.relay.report()["backward"]["sent"])
    assert this.target.heard == []


@in_loop
async def test_a_target_that_nobody_listens_at_is_lived_with() -> None:
    with scene() as this:
        this.target.socket.close()
        client = this.client()
        client.say(b"anybody?")
        await until(lambda: this.relay.report()["backward"]["delivered"] == 1)
        client.say(b"still there?")  # after the system's refusal
        await until(lambda: this.relay.report()["backward"]["delivered"] == 2)
        assert this.relay.clients == 1


@in_loop
async def test_addresses_that_cannot_be_are_named() -> None:
    path = PathConditions.both(PERFECT)
    with scene() as this:
        with pytest.raises(ConfigError, match=r"LISTEN 127.0.0.1:\d+: .*in use"):
            Relay(this.relay.address, this.target.address, path, seed=1)
        with pytest.raises(ConfigError, match=r"TARGET xxx+:1: .*name"):
            Relay(("127.0.0.1", 0), ("x" * 64, 1), path, seed=1)


def test_the_relays_loop_runs_tasks_and_timers_like_any_other() -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        loop = runner.get_loop()
        fired: asyncio.Future[float] = loop.create_future()

        async def wait() -> float:
            loop.call_later(0.0003, lambda: fired.set_result(loop.time()))
            return await fired

        began_at = loop.time()
        assert runner.run(wait()) >= began_at + 0.0003
