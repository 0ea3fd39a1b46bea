"""Sends what the host knows to every page that is open: server-sent events, two samples a second at most.

A sample is made once for all, and only while somebody reads. Nothing is queued for anybody: a page that is slow gets
the newest sample when it has taken the one before, and log lines from the one log there is. What a page does not take
stays in its transport, which holds one message; a page that takes nothing for three seconds is left.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

import msgspec
from aiohttp.web_response import StreamResponse

from wavry.web.site import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.server.figures import Figures
    from wavry.web.site import Asked, Site

logger = logging.getLogger(__name__)

MAX_READERS = 16

BEAT_S = 0.5
"""Between two samples."""

STALL_S = 3.0
"""For a reader to take anything of what waits for it. Before it waits here, the system's buffers take 200 kB: 4 s."""

_SEND_BUFFER_BYTES = 8 * 1024
"""Of the socket: what is in it is not seen here, so it should be little. The system takes it twice."""

MAX_MESSAGE_BYTES = 64 * 1024
"""A sample of 16 sessions and 60 holders has 20 kB; with log lines it may be twice as large."""

_LEAST_MESSAGE_BYTES = 24 * 1024
"""A sample is filled up to so much, so that a reader who takes nothing is noticed soon enough: `STALL_S`."""

_NEVER = -1


class Readers:
    """The pages that read. A `Holder`. On the loop.

    Args:
        figures: Its log is sent; opened.
        sample: And what this returns, ready for JSON.
    """

    policy = "a reader that takes nothing is left; a further one is refused"
    cap_bytes = (MAX_READERS + 1) * MAX_MESSAGE_BYTES

    def __init__(self, figures: Figures, sample: Callable[[], dict[str, object]]) -> None:
        self._figures = figures
        self._make_sample = sample
        self._readers: set[_Reader] = set()
        self._sample = b""
        self._beats = 0
        self._beat = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._most_bytes = 0
        self.drops = 0
        """Readers that were left or refused."""

    def __len__(self) -> int:
        return len(self._readers)

    @property
    def used_bytes(self) -> int:
        """The sample, and what waits for readers."""
        return len(self._sample) + sum(reader.waiting_bytes for reader in self._readers)

    @property
    def high_water_bytes(self) -> int:
        """Most of that at any beat."""
        return max(self._most_bytes, self.used_bytes)

    async def answer(self, asked: Asked, site: Site) -> StreamResponse:
        """Send events until the reader goes, or has to.

        Raises:
            Refused: There are too many.
        """
        if len(self._readers) >= MAX_READERS:
            self.drops += 1
            raise Refused(503, f"{MAX_READERS} pages read already", Retry_After="5")
        request = asked.request
        answer = StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the reader has gone")
        _keep_little(transport)
        reader = _Reader(transport, _last_event(request.headers.get("Last-Event-ID")))
        self._add(reader)
        try:
            site.dress(request, answer)
            await answer.prepare(request)
            await answer.write(b"retry: 1000\n\n")
            seen = _NEVER
            while True:
                if seen == self._beats:
                    await self._beat.wait()
                seen = self._beats
                if reader.waiting_bytes == 0:
                    await answer.write(self._sample + self._log_lines(reader))
        finally:
            self._remove(reader)

    def close(self) -> None:
        """Send no more; those who read are ended with their connections."""
        if self._timer is not None:
            self._timer.cancel()

    def _add(self, reader: _Reader) -> None:
        self._readers.add(reader)
        if self._timer is None:
            self._pulse()

    def _remove(self, reader: _Reader) -> None:
        self._readers.discard(reader)

    def _pulse(self) -> None:
        """Make a sample and wake those who read it; nothing more once the last has gone."""
        self._timer = None
        if not self._readers:
            self._sample = b""
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = loop.call_at(now + BEAT_S, self._pulse)
        for reader in [each for each in self._readers if each.is_stalled(now)]:
            self.drops += 1
            logger.info("a page that takes nothing was left")
            reader.transport.abort()
        sample = msgspec.json.encode(self._make_sample())
        if len(sample) > MAX_MESSAGE_BYTES // 2:
            sample = b'{"error":"too much to show"}'
        self._sample = b"event: sample\ndata: " + sample + b"\n\n"
        self._sample += b":" + b" " * (_LEAST_MESSAGE_BYTES - len(self._sample)) + b"\n\n"
        self._beats += 1
        self._most_bytes = self.high_water_bytes
        self._beat.set()
        self._beat = asyncio.Event()

    def _log_lines(self, reader: _Reader) -> bytes:
        """Return what happened since the reader was told."""
        log = self._figures.events
        if log.newest_number == reader.told:
            return b""
        if log.newest_number < reader.told:
            reader.told = 0  # the page was open before this host was started
        lines = log.since(reader.told)
        encoded = msgspec.json.encode(lines)
        while len(encoded) > MAX_MESSAGE_BYTES // 2:
            lines = lines[len(lines) // 2 :]
            encoded = msgspec.json.encode(lines)
        reader.told = log.newest_number
        return b"id: %d\nevent: log\ndata: %b\n\n" % (reader.told, encoded)


class _Reader:
    """One page."""

    def __init__(self, transport: asyncio.Transport, told: int) -> None:
        self.transport = transport
        self.told = told
        """Number of the last event it knows."""
        self._stalled_since: float | None = None

    @property
    def waiting_bytes(self) -> int:
        """What it has not taken."""
        return self.transport.get_write_buffer_size()

    def is_stalled(self, now: float) -> bool:
        """Whether something waits for too long by now. Ask at each beat."""
        if self.waiting_bytes == 0:
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = now
        return self._stalled_since is not None and now - self._stalled_since >= STALL_S


def _keep_little(transport: asyncio.Transport) -> None:
    """Have the system hold little of what is written, so that a reader who takes nothing is noticed."""
    held: socket.socket | None = transport.get_extra_info("socket")
    if held is not None:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)


def _last_event(header: str | None) -> int:
    """Return the number of the last event that a page says it has; it says so when it comes back."""
    return int(header) if header is not None and header.isascii() and header.isdecimal() and len(header) < 10 else 0
