from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.pairing.helpers import CERTIFICATE, HOST_KEY, Host, PageGate, client_gate
from tests.support.aio import in_loop, until
from tests.support.transport import Listener
from wavry.errors import ErrorCode
from wavry.failures import FailureLog, address_of
from wavry.pairing.book import PairedClient  # noqa: TC001 - the types of a list
from wavry.rift import Hello, Message, MessageDecoder, MessageKinds, Ping, encode_message
from wavry.rift.pairing import TO_CLIENT
from wavry.rift.rights import ALL_RIGHTS
from wavry.server import door as door_module
from wavry.server.door import MAX_WAITING_PER_ADDRESS, Door
from wavry.transport import Channel, Connection
from wavry.transport.loopback import LoopbackConnection, loopback_pair

if TYPE_CHECKING:
    from pathlib import Path

    from wavry.pairing.client_gate import ClientGate


class Entry:
    """A door of a host, and who came in."""

    def __init__(self, directory: Path) -> None:
        self.host = Host(directory)
        self.inside: list[tuple[Connection, PairedClient]] = []
        self.door = Door(HOST_KEY, self.host.book, self.host.offer, ALL_RIGHTS, lambda *who: self.inside.append(who))

    def knock(self, *, as_page: bool = False) -> Knocker:
        client, host = loopback_pair()
        if as_page:
            host.door, host.certificate_sha256 = "web", CERTIFICATE
        self.door.admit(host)
        return Knocker(client)


class Knocker(Listener):
    """A client's end that answers as its gate says."""

    def __init__(self, connection: LoopbackConnection) -> None:
        super().__init__(connection)
        self.connection = connection
        self._decoder = MessageDecoder(MessageKinds(TO_CLIENT))
        self.gate: ClientGate | PageGate | None = None

    def say(self, message: Message, channel: Channel = Channel.CONTROL) -> None:
        self.connection.send_stream(channel, encode_message(message))
        self.connection.flush()

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        super().stream_received(channel, data, now=now)
        for message in self._decoder.receive(data):
            if self.gate is not None and message.kind != "bye":
                for answer in self.gate.receive(message):
                    self.say(answer)

    async def refused(self) -> str:
        await until(lambda: self.lost)
        return self.lost[0].reason


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    return Entry(tmp_path / "host")


async def come_in(entry: Entry, directory: Path, pin: str | None = None) -> Knocker:
    knocker = entry.knock()
    knocker.gate = client_gate(directory, pin=pin)
    knocker.say(knocker.gate.knock())
    await until(lambda: (knocker.gate is not None and knocker.gate.is_open) or knocker.lost)
    return knocker


def open_pin(entry: Entry) -> str:
    return entry.host.offer.open(now=asyncio.get_running_loop().time())


@in_loop
async def test_who_has_proved_it_is_handed_on_and_waits_no_more(entry: Entry, tmp_path: Path) -> None:
    await come_in(entry, tmp_path, open_pin(entry))
    await come_in(entry, tmp_path)
    assert [client.name for _, client in entry.inside] == ["a client"] * 2
    assert entry.door.waiting == 0
    (known,) = entry.host.book.clients()
    assert known.seen_at


@in_loop
async def test_pages_are_let_in_by_the_door_that_they_come_through(entry: Entry, tmp_path: Path) -> None:
    for number, pin in enumerate((open_pin(entry), None), start=1):
        knocker = entry.knock(as_page=True)
        knocker.gate = PageGate(tmp_path, pin=pin)
        knocker.say(knocker.gate.knock())
        await until(lambda number=number: len(entry.inside) == number)  # type: ignore[misc]
    assert [client.is_browser for _, client in entry.inside] == [True, True]
    native = await come_in(entry, tmp_path)
    assert "does not know this client" in await native.refused()
    assert len(entry.inside) == 2


@in_loop
async def test_a_hello_instead_of_a_knock_is_told_to_pair(entry: Entry) -> None:
    knocker = entry.knock()
    knocker.say(Hello())
    assert "python -m wavry.server pair" in await knocker.refused()
    assert knocker.lost[0].code == ErrorCode.REFUSED
    assert entry.inside == []


@in_loop
async def test_other_streams_are_not_read_before_the_proof(entry: Entry) -> None:
    knocker = entry.knock()
    knocker.say(Ping(ping_id=1, sent_us=1), Channel.INPUT)
    assert "nothing but the control stream" in await knocker.refused()


@in_loop
async def test_who_says_nothing_is_sent_away(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PATIENCE_S", 0.01)
    knocker = entry.knock()
    assert await knocker.refused() == "no proof came"
    assert knocker.lost[0].code == ErrorCode.TIMEOUT
    await until(lambda: entry.door.waiting == 0)


@in_loop
async def test_from_one_address_only_few_may_wait_and_the_oldest_makes_room(entry: Entry) -> None:
    waiting = [entry.knock() for _ in range(MAX_WAITING_PER_ADDRESS + 2)]
    assert entry.door.waiting == MAX_WAITING_PER_ADDRESS
    assert entry.door.drops == 2
    assert 0 < entry.door.used_bytes <= entry.door.high_water_bytes <= entry.door.cap_bytes
    assert ["too many are waiting" in await each.refused() for each in waiting[:2]] == [True, True]
    waiting[2].connection.close(0, "gone")
    await until(lambda: entry.door.waiting == MAX_WAITING_PER_ADDRESS - 1)


@in_loop
async def test_an_address_that_fails_again_and_again_is_not_listened_to_for_a_while(entry: Entry) -> None:
    for _ in range(6):
        knocker = entry.knock()
        knocker.say(Hello())
        await knocker.refused()
    await until(lambda: entry.door.waiting == 0)
    assert "too many failures" in await entry.knock().refused()


@in_loop
async def test_a_list_that_can_not_be_read_lets_nobody_in(entry: Entry, tmp_path: Path) -> None:
    await come_in(entry, tmp_path, open_pin(entry))
    (tmp_path / "host" / "clients.json").write_text("{")
    knocker = await come_in(entry, tmp_path)
    assert "can't read its list" in await knocker.refused()
    assert len(entry.inside) == 1


def test_the_wait_doubles_up_to_a_minute_and_is_forgotten_after_one() -> None:
    failures = FailureLog()
    waits = []
    for _ in range(14):
        failures.note("a", now=0.0)
        waits.append(failures.wait_s("a", now=0.0))
    assert waits == [0.0] * 5 + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert failures.wait_s("a", now=59.0) == 1.0
    failures.note("a", now=200.0)
    assert failures.wait_s("a", now=200.0) == 0.0
    assert failures.wait_s("b", now=0.0) == 0.0


def test_only_so_many_addresses_are_remembered() -> None:
    failures = FailureLog()
    for number in range(10_000):
        for _ in range(6):
            failures.note(str(number), now=0.0)
    assert failures.wait_s("9999", now=0.0) == 1.0
    assert failures.wait_s("0", now=0.0) == 0.0
    assert len(failures._failures) == 256
    assert failures.used_bytes == failures.high_water_bytes == failures.cap_bytes
    assert failures.drops == 10_000 - 256
    failures.forgive("9999")
    assert failures.used_bytes < failures.high_water_bytes


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("10.0.0.7:4790", "10.0.0.7"),
        ("[2001:db8:1:2:3:4:5:6]:4790", "2001:db8:1:2::"),
        ("[2001:db8::3:4:5:6]:4790", "2001:db8::"),
        ("[2001:db8::9:4:5:6]:4790", "2001:db8::"),
        ("[fe80::1:2:3:4%eth0]:4790", "fe80::"),
        ("[::ffff:10.0.0.7]:4790", "10.0.0.7"),
        ("[::1]:4790", "::"),
        ("nobody yet", ""),
    ],
)
def test_an_address_is_what_a_stranger_can_not_have_many_of(peer: str, address: str) -> None:
    assert address_of(peer) == address
