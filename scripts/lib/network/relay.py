"""The links of `link` between real processes: a UDP relay on the running loop.

Each client has a socket of its own towards the target, so that the target can tell them apart, and two links of its
own. Every link begins when the first datagram of any client comes: a blackout that a client outlives by connecting
again is the same blackout.

How exact it is depends on the loop: see `new_loop`. A datagram leaves at most `GRAIN_S` early, and as late as the
machine makes it, which `Relay.report` tells. Measured: 20 to 30 µs of CPU a datagram, 5 % of a core at 20 Mbit/s.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from network.link import Link, LinkCounters
from wavry.errors import ConfigError
from wavry.observe.histogram import Histogram
from wavry.transport.quic.socket import Address, UdpSocket, ignore

if TYPE_CHECKING:
    from collections.abc import Callable

    from network.conditions import LinkConditions, PathConditions

GRAIN_S = 0.0005
"""What is due within this time leaves together: a wake-up costs several times what a datagram does."""

MAX_CLIENTS = 16
IDLE_S = 60.0
"""Six times what QUIC waits in silence."""

_BUFFER_BYTES = 2_000_000


def new_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that wakes up on time.

    asyncio's usual selector, epoll, waits whole milliseconds, so that it is up to 1.1 ms late; select waits
    microseconds. It looks at every socket each time, but here there are few.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


class _Direction:
    """A link and its timer: what comes is sent on when it has arrived.

    Args:
        link: Empty.
        send: Takes what has arrived.
        lateness: Where it notes by how much more than it should a delivery was delayed, in ms.
    """

    def __init__(self, link: Link, send: Callable[[bytes], None], lateness: Histogram) -> None:
        self.link = link
        self._send = send
        self._lateness = lateness
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, datagrams: list[tuple[bytes, Address]], now: float) -> None:
        """Put datagrams on the link."""
        for datagram, _ in datagrams:
            self.link.send(datagram, now)
        self._deliver_due(now)

    def _deliver_due(self, now: float) -> None:
        due = self.link.next_delivery_at
        if due is not None and due <= now + GRAIN_S:
            self._lateness.add(max(0.0, now - due) * 1000)
            for datagram in self.link.deliver(now + GRAIN_S):
                self._send(datagram)
            due = self.link.next_delivery_at
        self._arm(due)

    def _arm(self, due: float | None) -> None:
        if self._timer is not None:
            if self._timer.when() == due:
                return
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._deliver_due(self._loop.time())

    def close(self) -> None:
        """Forget what is under way."""
        self._arm(None)


class _Client:
    """Its socket towards the target, and its two links."""

    def __init__(
        self, sock: socket.socket, forward: Link, backward: Link, answer: Callable[[bytes], None], lateness: Histogram
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.upstream = UdpSocket(sock, self._target_said, ignore, buffer_bytes=_BUFFER_BYTES)
        self.forward = _Direction(forward, answer, lateness)
        self.backward = _Direction(backward, lambda datagram: self.upstream.send(datagram, None), lateness)
        self.active_at = self._loop.time()

    def said(self, datagrams: list[tuple[bytes, Address]], now: float) -> None:
        """Take what it sends to the target."""
        self.active_at = now
        self.backward.take(datagrams, now)

    def _target_said(self, datagrams: list[tuple[bytes, Address]]) -> None:
        self.active_at = now = self._loop.time()
        self.forward.take(datagrams, now)

    def close(self) -> None:
        """Send nothing any more."""
        self.forward.close()
        self.backward.close()
        self.upstream.close()


class Relay:
    """Stands between clients and a target. Bounded: clients by their number, each link by its own limits.

    Args:
        listen: Host and port for the clients; port 0 is any free one.
        target: Where their datagrams go.
        path: What each client's two links are like; forward is from the target.
        seed: Of all dice. The n-th client of two relays with the same seed has the same luck.
        max_clients: At most so many at a time; the datagrams of others are counted and dropped.
        idle_s: A client of which nothing is heard in either direction for so long is ended.

    Raises:
        ConfigError: The address is not one of this machine or in use, or the target is unknown.
    """

    def __init__(
        self,
        listen: tuple[str, int],
        target: tuple[str, int],
        path: PathConditions,
        *,
        seed: int | str,
        max_clients: int = MAX_CLIENTS,
        idle_s: float = IDLE_S,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._family, self._target = _resolve("TARGET", target)
        family, address = _resolve("LISTEN", listen)
        self._path = path
        self._seed = seed
        self._max_clients = max_clients
        self._idle_s = idle_s
        self._clients: dict[Address, _Client] = {}
        self._admitted = 0
        self._refused = 0
        self._ended_forward, self._ended_backward = LinkCounters(), LinkCounters()
        self._ended_unsent = 0
        self._lateness = Histogram()
        self._begun_at: float | None = None
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind(address)
        except OSError as error:
            sock.close()
            raise ConfigError("LISTEN", f"{listen[0]}:{listen[1]}", f"a free port here ({error.strerror})") from error
        self._socket = UdpSocket(sock, self._clients_said, ignore, buffer_bytes=_BUFFER_BYTES)
        self._idle_timer = self._loop.call_later(idle_s, self._end_idle)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, with the port the system chose."""
        host, port, *_ = self._socket.address
        return host, port

    @property
    def clients(self) -> int:
        """How many there are now."""
        return len(self._clients)

    def report(self) -> dict[str, Any]:
        """Return everything that was counted, the clients that have ended included."""
        clients = self._clients.values()
        forward = sum((client.forward.link.counters for client in clients), self._ended_forward)
        backward = sum((client.backward.link.counters for client in clients), self._ended_backward)
        unsent = self._ended_unsent + sum(client.upstream.send_failures for client in clients)
        return {
            "begun_at": self._begun_at,  # monotonic seconds
            "clients": self.clients,
            "clients_ever": self._admitted,
            "refused": self._refused,  # datagrams of clients above the limit
            "unsent": unsent + self._socket.send_failures,  # datagrams that the kernel did not take
            "lateness_ms": self._lateness.summary(),
            "cpu_s": round(time.process_time(), 3),  # of this process, start included
            "forward": asdict(forward),
            "backward": asdict(backward),
        }

    def close(self) -> None:
        """Stop. What is under way is lost."""
        self._idle_timer.cancel()
        for address in list(self._clients):
            self._end(address)
        self._socket.close()

    def _clients_said(self, packets: list[tuple[bytes, Address]]) -> None:
        now = self._loop.time()
        by_client: dict[Address, list[tuple[bytes, Address]]] = {}
        for packet in packets:
            by_client.setdefault(packet[1], []).append(packet)
        for address, theirs in by_client.items():
            client = self._clients.get(address) or self._admit(address, now)
            if client is None:
                self._refused += len(theirs)
            else:
                client.said(theirs, now)

    def _admit(self, address: Address, now: float) -> _Client | None:
        if len(self._clients) >= self._max_clients:
            return None
        if self._begun_at is None:
            self._begun_at = now
        self._admitted += 1
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.connect(self._target)  # sends nothing, so it can't fail for what the target does
        client = self._clients[address] = _Client(
            sock,
            self._link(self._path.forward, "forward", self._begun_at),
            self._link(self._path.backward, "backward", self._begun_at),
            partial(self._socket.send, address=address),
            self._lateness,
        )
        return client

    def _link(self, conditions: LinkConditions, name: str, begun_at: float) -> Link:
        return Link(conditions, seed=f"{self._seed} client {self._admitted} {name}", begins_at=begun_at)

    def _end_idle(self) -> None:
        idle_since = self._loop.time() - self._idle_s
        for address in [each for each, client in self._clients.items() if client.active_at <= idle_since]:
            self._end(address)
        self._idle_timer = self._loop.call_later(self._idle_s / 4, self._end_idle)

    def _end(self, address: Address) -> None:
        client = self._clients.pop(address)
        client.close()
        self._ended_forward += client.forward.link.counters
        self._ended_backward += client.backward.link.counters
        self._ended_unsent += client.upstream.send_failures


def _resolve(field: str, address: tuple[str, int]) -> tuple[int, Address]:
    """Return the family and the socket address."""
    try:
        family, _, _, _, found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:  # the latter for what can't be a name at all
        reason = getattr(error, "strerror", None) or "it can't be one"
        raise ConfigError(field, f"{address[0]}:{address[1]}", f"a known name ({reason})") from error
    return family, found
