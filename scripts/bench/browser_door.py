#!/usr/bin/env python3
"""What a host can send to a page: datagrams over WebTransport to headless Chromium, paced as a stream of pictures.

    python scripts/bench/browser_door.py [--mbit 20 40 80] [--seconds N]

A host and a browser, programs of their own; the page reads and counts. Prints a line of JSON for each rate: what left,
what came, what the window held back, and the host's CPU time for each datagram.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.chromium import chromium
from wavry.transport import Channel
from wavry.transport.identity import HostIdentity
from wavry.transport.quic.server import listen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.errors import ConnectionLostError
    from wavry.transport import Connection

_HOST = "127.0.0.1"
_FRAMES_PER_S = 60
_WINDOW_BYTES = 1024 * 1024
"""What a session sets on a path without a queue."""

_WARM_UP_S = 1.0

_SCRIPT = """
async ([port, hash, mbit, seconds]) => {
  const value = Uint8Array.from(hash.match(/../g), (digits) => parseInt(digits, 16));
  const options = { serverCertificateHashes: [{ algorithm: "sha-256", value }] };
  const transport = new WebTransport(`https://127.0.0.1:${port}/wavry`, options);
  await transport.ready;
  transport.datagrams.incomingHighWaterMark = 2048;
  const { readable, writable } = await transport.createBidirectionalStream();
  let received = 0, bytes = 0, first = 0, last = 0;
  const datagrams = transport.datagrams.readable.getReader();
  (async () => {
    for (;;) {
      const { value, done } = await datagrams.read();
      if (done) return;
      last = performance.now();
      first ||= last;
      received += 1;
      bytes += value.length;
    }
  })().catch(() => {});
  await writable.getWriter().write(new TextEncoder().encode(JSON.stringify([mbit, seconds])));
  const { value: told } = await readable.getReader().read();
  const figures = { ...JSON.parse(new TextDecoder().decode(told)), received };
  figures.received_mbit_per_s = Math.round(bytes * 8 / (last - first) / 10) / 100;
  transport.close();
  return figures;
}
"""


class Stream:
    """A session that sends as much as its page asks for, and says what that took."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._task: asyncio.Task[None] | None = None
        connection.observe(self)

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(*json.loads(data)))

    async def _run(self, mbit: float, seconds: float) -> None:
        connection = self._connection
        connection.limit_in_flight(_WINDOW_BYTES)
        await asyncio.sleep(_WARM_UP_S)  # the search for the path's packet size
        size = connection.max_datagram_bytes
        sent = held_back = 0
        began_at, began_cpu_s = time.monotonic(), time.process_time()
        for frame in range(round(seconds * _FRAMES_PER_S)):
            due = round((frame + 1) * mbit * 1e6 / 8 / _FRAMES_PER_S / size)
            while sent + held_back < due:
                if connection.send_datagram(bytes(size)):
                    sent += 1
                else:
                    held_back += 1
            connection.flush()
            await asyncio.sleep(max(0.0, began_at + (frame + 1) / _FRAMES_PER_S - time.monotonic()))
        cpu_us = (time.process_time() - began_cpu_s) / max(1, sent) * 1e6
        await asyncio.sleep(_WARM_UP_S)  # for what is on its way
        told = {"mbit": mbit, "datagram_bytes": size, "sent": sent, "held_back": held_back}
        told["host_cpu_us_per_datagram"] = round(cpu_us, 1)
        connection.send_stream(Channel.CONTROL, json.dumps(told).encode())
        connection.flush()

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Take nothing."""

    def writable(self, *, now: float) -> None:
        """Nothing waits."""

    def connection_lost(self, error: ConnectionLostError) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()


async def be_host() -> None:
    """Listen until stdin ends."""
    with tempfile.TemporaryDirectory() as directory:
        identity = HostIdentity.load_or_create(Path(directory))
        listener = listen(_HOST, 0, identity, lambda link: _kept.append(Stream(link)), allows_origin=lambda _: True)
        print(listener.address[1], identity.certificate_hashes()[0], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await listener.close(0, "")


_kept: list[Stream] = []


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Return a page: only one with an address may use WebTransport."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Measure each rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mbit", type=float, nargs="+", default=[20.0, 40.0, 80.0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--be-host", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be_host:
        asyncio.run(be_host())
        return
    pages = ThreadingHTTPServer((_HOST, 0), _EmptyPage)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    command = [sys.executable, __file__, "--be-host"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host,
        chromium() as browser,
    ):
        assert host.stdout is not None
        port, certificate = host.stdout.readline().split()
        page = browser.new_page()
        page.goto(f"http://{_HOST}:{pages.server_address[1]}/")
        for mbit in options.mbit:
            print(json.dumps(page.evaluate(_SCRIPT, [int(port), certificate, mbit, options.seconds])), flush=True)
        assert host.stdin is not None
        host.stdin.close()
    pages.shutdown()


if __name__ == "__main__":
    main()
