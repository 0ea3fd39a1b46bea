#!/usr/bin/env python3
"""How many datagrams a second cross loopback, and what one costs: wavry's QUIC against the usual ways to have it.

The others are aioquic with its own asyncio glue, the same on uvloop, and qh3 with its glue; all in one run, by turns. A
host and a client, a process each: the host always has more to send and sends whenever it may, the client counts. Each
has its own congestion control; wavry's window is set to 256 kB, as its session would do. CPU time is that of both
processes, from the system. uvloop and qh3 are in the extra `bench` of pyproject.toml; one that is missing has no
figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from wavry.transport.identity import HostIdentity
from wavry.transport.quic.client import connect as connect_wavry
from wavry.transport.quic.server import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.errors import ConnectionLostError
    from wavry.transport.quic.connection import QuicLink

CONTESTANTS = ("wavry", "aioquic", "uvloop", "qh3")
PAYLOAD = bytes(range(256)) * 4 + bytes(126)
"""1150 bytes, which fit into the 1200-byte packets of all."""

_WINDOW_BYTES = 256 * 1024
_PENDING = 64
"""Datagrams that wait in the others at the most: enough for a burst, and no more to copy."""

_WARM_UP_S = 1.0


class Figures(NamedTuple):
    """Of one turn."""

    per_second: float
    cpu_us: float
    """Of host and client together, a datagram."""

    host_cpu_us: float
    client_cpu_us: float


# The processes.


class Counter:
    """Counts on one side, and tells at each line on stdin how it stands."""

    def __init__(self) -> None:
        self.count = 0
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._tell)

    def _tell(self) -> None:
        if not sys.stdin.readline():
            sys.exit(0)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps([time.monotonic(), usage.ru_utime + usage.ru_stime, self.count]), flush=True)


class WavrySide:
    """A `ConnectionObserver` that sends whenever it may, or counts."""

    def __init__(self, link: QuicLink, counter: Counter, *, sends: bool) -> None:
        self._link, self._counter, self._sends = link, counter, sends
        link.observe(self)
        if sends:
            link.limit_in_flight(_WINDOW_BYTES)
            self.writable(now=0.0)
            link.flush()

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Count."""
        self._counter.count += len(datagrams)

    def writable(self, *, now: float) -> None:
        """Send what may be sent."""
        while self._sends and self._link.send_datagram(PAYLOAD):
            self._counter.count += 1

    def control_received(self, data: bytes, *, now: float) -> None:
        """Nobody says anything."""

    def connection_lost(self, error: ConnectionLostError) -> None:
        """End with it."""
        asyncio.get_running_loop().stop()


async def be_wavry_host(scratch: Path) -> None:
    """Listen, and send to whoever comes."""
    counter = Counter()
    identity = HostIdentity.load_or_create(scratch)
    listener = listen("127.0.0.1", 0, identity, lambda link: _keep(WavrySide(link, counter, sends=True)))
    print(listener.address[1], flush=True)
    await asyncio.Event().wait()


async def be_wavry_client(port: int) -> None:
    """Connect and count."""
    dialer = await connect_wavry("127.0.0.1", port)
    WavrySide(dialer.link, Counter(), sends=False)
    await asyncio.Event().wait()


def _keep(_: object) -> None:
    """The link holds its observer."""


class CountingTransport:
    """A transport that counts packets, each of which carries one of our datagrams: qh3 does not say what waits."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.packets = 0

    def sendto(self, data: bytes, address: object = None) -> None:
        """Send a packet."""
        self.packets += 1
        self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def protocol_of(library: str, counter: Counter, *, sends: bool) -> Callable[..., Any]:
    """Return a protocol for a library's own asyncio glue that sends whenever it may, or counts."""
    base: type = import_module(f"{library}.asyncio.protocol").QuicConnectionProtocol
    events = import_module(f"{library}.quic.events")

    class Side(base):  # type: ignore[misc]
        is_connected = False

        def connection_made(self, transport: Any) -> None:
            self.sent = CountingTransport(transport)
            super().connection_made(self.sent)

        def quic_event_received(self, event: object) -> None:
            if isinstance(event, events.DatagramFrameReceived):
                counter.count += 1
            elif isinstance(event, events.HandshakeCompleted):
                self.is_connected = True

        def transmit(self) -> None:
            if sends and self.is_connected:
                while counter.count - self.sent.packets < _PENDING:
                    self._quic.send_datagram_frame(PAYLOAD)
                    counter.count += 1
            super().transmit()

    return Side


def configuration_of(library: str, scratch: Path, *, is_client: bool) -> Any:
    """Return a library's configuration, as for wavry: no authority, datagrams."""
    made = import_module(f"{library}.quic.configuration").QuicConfiguration(
        is_client=is_client, alpn_protocols=["bench"], max_datagram_frame_size=65536
    )
    if is_client:
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_cert_chain(scratch / "cert.pem", scratch / "key.pem")
    return made


async def be_other_host(library: str, scratch: Path) -> None:
    """Listen with a library's glue, and send to whoever comes."""
    side = protocol_of(library, Counter(), sends=True)
    configuration = configuration_of(library, scratch, is_client=False)
    server = await import_module(f"{library}.asyncio").serve(
        "127.0.0.1", 0, configuration=configuration, create_protocol=side
    )
    print(server._transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


async def be_other_client(library: str, scratch: Path, port: int) -> None:
    """Connect with a library's glue and count."""
    side = protocol_of(library, Counter(), sends=False)
    configuration = configuration_of(library, scratch, is_client=True)
    connect = import_module(f"{library}.asyncio").connect
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=side):
        await asyncio.Event().wait()


def be_process(name: str, scratch: Path, port: int | None) -> None:
    """Be host (without a port) or client of a contestant."""
    if name == "wavry":
        asyncio.run(be_wavry_host(scratch) if port is None else be_wavry_client(port))
        return
    library = "qh3" if name == "qh3" else "aioquic"
    role = be_other_host(library, scratch) if port is None else be_other_client(library, scratch, port)
    if name == "uvloop":
        import_module("uvloop").run(role)
    else:
        asyncio.run(role)


# The run.


def start(stack: ExitStack, name: str, scratch: Path, *more: str) -> subprocess.Popen[str]:
    """Start one side."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--be", name, "--scratch", str(scratch), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.wait, 5)
    stack.callback(process.terminate)
    return process


def line_of(process: subprocess.Popen[str]) -> Any:
    """Return what a side says next."""
    assert process.stdout is not None  # it was asked for
    line = process.stdout.readline()
    if not line:
        raise SystemExit("a side has ended early")
    return json.loads(line)


def ask(process: subprocess.Popen[str]) -> tuple[float, float, int]:
    """Have a side tell its clock, its CPU time and its count."""
    assert process.stdin is not None  # it was asked for
    process.stdin.write("\n")
    process.stdin.flush()
    now, cpu, count = line_of(process)
    return now, cpu, count


def measure(name: str, scratch: Path, seconds: float) -> Figures:
    """Let one contestant send for a while."""
    with ExitStack() as stack:
        host = start(stack, name, scratch)
        client = start(stack, name, scratch, "--port", str(line_of(host)))
        time.sleep(_WARM_UP_S)
        before = ask(host), ask(client)
        time.sleep(seconds)
        after = ask(host), ask(client)
    received = after[1][2] - before[1][2]
    if not received:
        raise SystemExit(f"{name}: nothing arrived")
    elapsed_s = after[1][0] - before[1][0]
    costs = [(later[1] - earlier[1]) / received * 1e6 for earlier, later in zip(before, after, strict=True)]
    return Figures(received / elapsed_s, sum(costs), *costs)


def write_certificate(scratch: Path) -> None:
    """Write a host's key for the others."""
    from cryptography.hazmat.primitives import serialization

    identity = HostIdentity.load_or_create(scratch)
    encoding = serialization.Encoding.PEM
    (scratch / "cert.pem").write_bytes(identity.certificate().public_bytes(encoding))
    key = identity.key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (scratch / "key.pem").write_bytes(key)


def main() -> None:
    """Compare, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn (3)")
    parser.add_argument("--turns", type=int, default=3, help="of each contestant (3)")
    parser.add_argument("--be", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be is not None:
        be_process(options.be, options.scratch, options.port)
        return
    present = [name for name in CONTESTANTS if name in ("wavry", "aioquic") or find_spec(name) is not None]
    turns: dict[str, list[Figures]] = {name: [] for name in present}
    with tempfile.TemporaryDirectory(prefix="wavry-transport-") as scratch:
        write_certificate(Path(scratch))
        for _ in range(options.turns):
            for name in present:
                turns[name].append(measure(name, Path(scratch), options.seconds))
    figures = {name: Figures(*(median(each) for each in zip(*turns[name], strict=True))) for name in present}
    stock = figures["aioquic"]
    print("| | datagrams/s | of aioquic's | host + client, us of CPU | of aioquic's | host | client |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, each in figures.items():
        ratios = f"{each.per_second / stock.per_second:.2f}", f"{each.cpu_us / stock.cpu_us:.2f}"
        costs = f"{each.cpu_us:.1f} | {ratios[1]} | {each.host_cpu_us:.1f} | {each.client_cpu_us:.1f}"
        print(f"| {name} | {each.per_second:.0f} | {ratios[0]} | {costs} |")


if __name__ == "__main__":
    main()
