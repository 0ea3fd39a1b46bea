"""Somebody between client and host, with a certificate of their own, who hands on all that both sides say."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from tests.support.transport import HOST, Listener, QuicHost, quic_host
from wavry.client.entrance import Entrance
from wavry.errors import NotLetInError
from wavry.pairing.book import ClientBook
from wavry.pairing.pin import PinOffer
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.door import Door
from wavry.transport.quic.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from wavry.pairing.book import PairedClient
    from wavry.transport import Channel, Connection


class Passing(Listener):
    """Hands on what comes to the other side."""

    def __init__(self, connection: Connection, to: Connection) -> None:
        self._to = to
        super().__init__(connection)

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        super().stream_received(channel, data, now=now)
        self._to.send_stream(channel, data)
        self._to.flush()

    def connection_lost(self, error: object) -> None:
        self._to.close(getattr(error, "code", 0), str(error))


@asynccontextmanager
async def paired_host(directory: Path) -> AsyncIterator[tuple[QuicHost, PinOffer, list[PairedClient]]]:
    """A host that lets in whom it knows."""
    inside: list[PairedClient] = []
    offer = PinOffer()
    async with quic_host(directory) as host:
        fingerprint = bytes.fromhex(host.identity.fingerprint)
        door = Door(fingerprint, ClientBook(directory), offer, ALL_RIGHTS, lambda _, client: inside.append(client))
        host.listener._on_connected = door.admit
        yield host, offer, inside


@asynccontextmanager
async def somebody_between(directory: Path, port: int) -> AsyncIterator[QuicHost]:
    """A relay that ends TLS on both sides."""
    async with quic_host(directory) as relay:
        dialer = await connect(HOST, port)

        def join(link: Connection) -> None:
            Passing(dialer.link, link)
            Passing(link, dialer.link)

        relay.listener._on_connected = join
        try:
            yield relay
        finally:
            dialer.close()


async def enter(port: int, pin: str | None) -> None:
    """Connect and be let in; the host is called the same on whatever port it is reached."""
    dialer = await connect(HOST, port)
    try:
        assert dialer.host_fingerprint is not None
        await Entrance("desk:4790", "a client", pin).pass_through(dialer.link, dialer.host_fingerprint)
    finally:
        dialer.close()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "client"))


@in_loop
async def test_pairing_through_somebody_with_another_certificate_is_refused_on_both_sides(
    tmp_path: Path,
) -> None:
    async with paired_host(tmp_path / "host") as (host, offer, inside):
        pin = offer.open(now=host.listener._loop.time())
        async with somebody_between(tmp_path / "relay", host.port) as relay:
            with pytest.raises(NotLetInError, match="somebody is in between"):
                await enter(relay.port, pin)
        assert inside == []
        assert ClientBook(tmp_path / "host").clients() == ()
        await enter(host.port, pin)
        await until(lambda: inside)


@in_loop
async def test_a_paired_client_does_not_even_knock_at_somebody_else(tmp_path: Path) -> None:
    async with paired_host(tmp_path / "host") as (host, offer, inside):
        await enter(host.port, offer.open(now=host.listener._loop.time()))
        async with somebody_between(tmp_path / "relay", host.port) as relay:
            with pytest.raises(NotLetInError, match="ITS KEY IS NOT THE ONE THAT WAS PAIRED"):
                await enter(relay.port, None)
        await enter(host.port, None)
        await until(lambda: len(inside) == 2)
