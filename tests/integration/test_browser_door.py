"""The browsers' door with a real browser: WebTransport, WebCrypto and IndexedDB are Chromium's, the rest is ours."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.support.aio import PATIENCE_S, until
from tests.support.chromium import chromium
from tests.support.transport import HOST, Listener
from wavry.errors import ErrorCode
from wavry.pairing.book import ClientBook, PairedClient
from wavry.pairing.pin import PinOffer
from wavry.rift import Bye, Message, MessageDecoder, MessageKinds, Right, encode_message
from wavry.rift.messages import Knock, Welcome
from wavry.rift.pairing import TO_CLIENT, Challenge, PairPin, Proof
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.door import Door
from wavry.transport import Channel
from wavry.transport.identity import HostIdentity
from wavry.transport.quic.server import QuicListener, listen

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from wavry.transport import Connection
    from wavry.transport.quic.connection import QuicLink

T = TypeVar("T")

SCRIPT = """
const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const hash = (hex) => ({ algorithm: "sha-256", value: Uint8Array.from(hex.match(/../g), (x) => parseInt(x, 16)) });
const store = () => new Promise((resolve) => {
  const request = indexedDB.open("keys", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  request.onsuccess = () => resolve(request.result);
});
const ask = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });

window.peer = {
  async open(port, hashes, path) {
    const options = { serverCertificateHashes: hashes.map(hash) };
    this.transport = new WebTransport(`https://127.0.0.1:${port}${path}`, options);
    this.transport.closed.catch(() => {});
    try { await this.transport.ready; } catch (error) { return error.message; }
    this.streams = [];
    for (let number = 0; number < 3; number += 1) {
      const { readable, writable } = await this.transport.createBidirectionalStream();
      this.streams.push({ reader: readable.getReader(), writer: writable.getWriter() });
    }
    this.datagrams = this.transport.datagrams.readable.getReader();
    return "";
  },
  write(channel, text) { return this.streams[channel].writer.write(toBytes(text)); },
  async read(channel) {
    try { return toText((await this.streams[channel].reader.read()).value ?? []); } catch { return ""; }
  },
  async echo(sizes) {
    const writer = this.transport.datagrams.writable.getWriter();
    const came = [];
    for (const size of sizes) {
      await writer.write(new Uint8Array(size).fill(size));
      const { value } = await this.datagrams.read();
      came.push([value.length, value.every((byte) => byte === size % 256)]);
    }
    writer.releaseLock();
    return came;
  },
  async makeKey() {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
    (await store()).transaction("keys", "readwrite").objectStore("keys").put(pair, "key");
  },
  async pair() { return ask((await store()).transaction("keys").objectStore("keys").get("key")); },
  async publicKey() { return toText(await crypto.subtle.exportKey("raw", (await this.pair()).publicKey)); },
  async sign(text) {
    const { privateKey } = await this.pair();
    return toText(await crypto.subtle.sign("Ed25519", privateKey, toBytes(text)));
  },
  leave() { this.transport.close(); },
};
"""


class _OnePage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>page</title><script>{SCRIPT}</script>".encode())

    def log_message(self, *_: Any) -> None:
        pass


class Echo(Listener):
    """A session that returns what it gets."""

    def __init__(self, connection: Connection, client: PairedClient | None = None) -> None:
        self.connection = connection
        self.client = client
        super().__init__(connection)

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        for datagram in datagrams:
            self.connection.send_datagram(datagram)

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        self.connection.send_stream(channel, data)


class Host:
    """A listener with a door on a loop of its own, and a server of one page."""

    def __init__(self, directory: Path, *, has_door: bool) -> None:
        self._directory = directory
        self._has_door = has_door
        self.book, self.offer = ClientBook(directory), PinOffer()
        self.identity = HostIdentity.load_or_create(directory)
        self.inside: list[Echo] = []
        self.pages = ThreadingHTTPServer((HOST, 0), _OnePage)
        self.page_port = self.pages.server_address[1]
        self.listener: QuicListener | None = None
        self._loop = asyncio.new_event_loop()
        self._threads = [threading.Thread(target=each) for each in (self.pages.serve_forever, self._loop.run_forever)]

    def __enter__(self) -> Host:
        for thread in self._threads:
            thread.start()
        self.do(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.listener is not None
        self.wait(self.listener.close(0, "the test is over"))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.pages.shutdown()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._loop.close()
        self.pages.server_close()

    def _listen(self) -> None:
        door = Door(bytes.fromhex(self.identity.fingerprint), self.book, self.offer, ALL_RIGHTS, self._let_in)
        admit: Callable[[QuicLink], None] = door.admit if self._has_door else self._let_in
        own = f"http://{HOST}:{self.page_port}"
        self.listener = listen(HOST, 0, self.identity, admit, allows_origin=lambda origin: origin == own)

    def _let_in(self, connection: Connection, client: PairedClient | None = None) -> None:
        if client is not None:
            connection.send_stream(Channel.CONTROL, b"inside")
        self.inside.append(Echo(connection, client))

    def do(self, act: Callable[[], T]) -> T:
        """Do something on the loop."""

        async def acting() -> T:
            return act()

        return self.wait(acting())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def open_pin(self) -> str:
        return self.do(lambda: self.offer.open(now=self._loop.time()))

    @property
    def port(self) -> int:
        assert self.listener is not None
        return int(self.listener.address[1])


class Caller:
    """A page that says what a test wants said."""

    def __init__(self, page: Page, host: Host, name: str = HOST) -> None:
        self._page, self._host = page, host
        self._decoder = MessageDecoder(MessageKinds(TO_CLIENT))
        page.goto(f"http://{name}:{host.page_port}/")

    def call(self, function: str, *arguments: object) -> Any:
        return self._page.evaluate("([name, values]) => window.peer[name](...values)", [function, list(arguments)])

    def open(self, hashes: list[str] | None = None, path: str = "/wavry") -> str:
        """Connect; return what the browser says if it can't."""
        self._decoder = MessageDecoder(MessageKinds(TO_CLIENT))
        return str(self.call("open", self._host.port, hashes or self._host.identity.certificate_hashes(), path))

    def say(self, message: Message) -> None:
        self.call("write", Channel.CONTROL, base64.b64encode(encode_message(message)).decode())

    def hear(self) -> bytes:
        return base64.b64decode(self.call("read", Channel.CONTROL))

    def hear_message(self) -> Message:
        while True:
            for message in self._decoder.receive(self.hear()):
                return message

    def knock(self) -> tuple[Challenge, bytes]:
        """Connect and knock; return the challenge, and the text to sign."""
        assert self.open() == ""
        key, nonce = base64.b64decode(self.call("publicKey")), bytes(range(32))
        self.say(Knock(public_key=key, nonce=nonce))
        challenge = self.hear_message()
        assert isinstance(challenge, Challenge)
        assert challenge.certificate is not None
        assert [challenge.certificate.hex()] == self._host.identity.certificate_hashes()
        return challenge, b"wavry browser proof 1\0" + challenge.certificate + key + challenge.nonce + nonce

    def sign(self, text: bytes) -> bytes:
        return base64.b64decode(self.call("sign", base64.b64encode(text).decode()))

    def pair(self, pin: str) -> None:
        _, text = self.knock()
        self.say(PairPin(pin=pin, signature=self.sign(text), name="a browser"))

    def prove(self) -> None:
        _, text = self.knock()
        self.say(Proof(signature=self.sign(text)))

    def is_welcome(self) -> bool:
        """Whether the door has opened, and the session behind it answers."""
        heard = b""
        while not heard.endswith(b"inside"):
            heard += self.hear()
        return MessageDecoder(MessageKinds(TO_CLIENT)).receive(heard.removesuffix(b"inside")) == [Welcome()]

    def hear_goodbye(self) -> tuple[int, str]:
        """Return what the host says last; a page leaves then."""
        bye = self.hear_message()
        assert isinstance(bye, Bye)
        self.call("leave")
        return bye.code, bye.reason


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    yield page
    context.close()


@contextmanager
def calling(page: Page, directory: Path, *, has_door: bool = True) -> Iterator[tuple[Caller, Host]]:
    with Host(directory, has_door=has_door) as host:
        yield Caller(page, host), host
        page.goto("about:blank")


def test_a_browser_sends_and_gets_datagrams_and_has_three_streams(page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path, has_door=False) as (caller, host):
        assert caller.open() == ""
        sizes = [1, 1150, 1200, 1211]
        assert caller.call("echo", sizes) == [[size, True] for size in sizes]
        for channel in reversed(Channel):
            caller.call("write", channel, base64.b64encode(b"for %d" % channel).decode())
        for channel in Channel:
            assert base64.b64decode(caller.call("read", channel)) == b"for %d" % channel
        (session,) = host.inside
        assert session.connection.door == "web"


def test_a_browser_is_paired_comes_back_with_its_key_and_is_revoked(page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path) as (caller, host):
        caller.call("makeKey")
        caller.pair(host.open_pin())
        assert caller.is_welcome()
        (known,) = host.do(host.book.clients)
        assert (known.name, known.is_browser, set(known.rights)) == ("a browser", True, set(Right))
        page.reload()
        caller.prove()
        assert caller.is_welcome()
        assert [each.client.name for each in host.inside if each.client is not None] == ["a browser"] * 2
        host.do(partial(host.book.revoke, known.key))
        caller.prove()
        code, reason = caller.hear_goodbye()
        assert code == ErrorCode.REFUSED
        assert "does not know this client" in reason


def test_three_wrong_pins_are_told_of_and_close_pairing(page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path) as (caller, host):
        caller.call("makeKey")
        pin = host.open_pin()
        told = []
        for _ in range(3):
            caller.pair(f"{(int(pin) + 1) % 1_000_000:06}")
            told.append(caller.hear_goodbye())
        assert {code for code, _ in told} == {ErrorCode.REFUSED}
        assert ["2 more tries" in told[0][1], "1 more" in told[1][1], "closed" in told[2][1]] == [True] * 3
        caller.pair(pin)
        assert "no PIN is open" in caller.hear_goodbye()[1]
        assert host.do(host.book.clients) == ()


def test_a_challenge_that_is_not_answered_expires(page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path) as (caller, _):
        caller.call("makeKey")
        caller.knock()
        assert caller.hear_goodbye() == (ErrorCode.TIMEOUT, "no proof came")


@pytest.mark.parametrize("what", ["origin", "hash", "path"])
def test_who_is_wrong_is_not_let_in(what: str, page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path, has_door=False) as (caller, host):
        if what == "origin":
            caller = Caller(page, host, "localhost")
        hashes = ["00" * 32] if what == "hash" else None
        assert "handshake failed" in caller.open(hashes, "/other" if what == "path" else "/wavry")
        host.wait(until(lambda: host.listener is not None and not host.listener.connections))
        assert not host.inside


def test_of_two_hashes_one_is_enough(page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path, has_door=False) as (caller, host):
        assert caller.open(["00" * 32, *host.identity.certificate_hashes()]) == ""


def test_forged_packets_do_nothing_to_a_browsers_session(page: Page, tmp_path: Path) -> None:
    with calling(page, tmp_path, has_door=False) as (caller, host):
        assert caller.open() == ""
        assert caller.call("echo", [100]) == [[100, True]]
        link: Any = host.inside[0].connection
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            for size in (30, 600, 1200):
                for first in (b"\x40", b"\x41", b"\x5f", b"\xc0\x00\x00\x00\x01\x08", b"\xe0\x00\x00\x00\x01\x08"):
                    forged = first + link.quic.host_cid + b"\x00" * size
                    forger.sendto(forged[:1400], (HOST, host.port))
        assert caller.call("echo", [200, 1000]) == [[200, True], [1000, True]]
        assert not host.inside[0].lost
