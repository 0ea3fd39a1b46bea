#!/usr/bin/env python3
"""A flood of strangers at a host's port while a paired client watches.

    python scripts/bench/flood.py [--seconds N] [--initials N] [--half-open N]

First the client streams in peace, then while forged Initials of QUIC and handshakes that are begun and not ended come
in, evenly over the time; in the middle of it another paired client comes in. Prints JSON: frames of both runs, the
host's RSS before, at most and after, and what the second client got. All are programs of their own; the flood is this
one, so it has to share two cores with those it troubles.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil
from aioquic.quic.connection import QuicConnection

from tests.support.programs import Program
from wavry.transport.quic.settings import QuicSettings

_HOST = ("--source", "testcard", "--size", "640x360", "--fps", "60", "--audio", "off", "--no-discovery")
_ADDRESS = "127.0.0.1"
_BURSTS_PER_S = 100
_PATIENCE_S = 300.0
_CALM_S = 15.0
"""After the flood: QUIC's idle timeout of 10 s, and some."""


class Watch(threading.Thread):
    """Reads a process's resident memory ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.most_mb = self.rss_mb()

    def rss_mb(self) -> float:
        """Return it now."""
        return float(self._process.memory_info().rss) / 1e6

    def run(self) -> None:
        """Look until the process ends."""
        while self._process.is_running():
            try:
                self.most_mb = max(self.most_mb, self.rss_mb())
            except psutil.Error:
                return
            time.sleep(0.1)


def forged_initial(dice: random.Random, sample: bytes) -> bytes:
    """Return an Initial that looks right up to its ciphertext: ids of its own, and half of them with a token."""
    version = sample[1:5]
    header = bytes([0xC3]) + version + b"\x08" + dice.randbytes(8) + b"\x08" + dice.randbytes(8)
    token = dice.randbytes(60) if dice.random() < 0.5 else b""
    length = 1200 - len(header) - 1 - len(token) - 2
    packet = header + bytes([len(token)]) + token + (0x4000 | length).to_bytes(2, "big")
    return packet + dice.randbytes(1200 - len(packet))


def begin_handshake(port: int) -> None:
    """Prove an address, begin a handshake, and never end it."""
    stranger = QuicConnection(configuration=QuicSettings().configuration(is_client=True))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.connect((_ADDRESS, port))
        stranger.connect((_ADDRESS, port), now=0.0)
        for data, _ in stranger.datagrams_to_send(now=0.0):
            sock.send(data)
        try:
            stranger.receive_datagram(sock.recv(2048), (_ADDRESS, port), now=0.0)
        except OSError:
            return
        for data, _ in stranger.datagrams_to_send(now=0.0):
            sock.send(data)


def flood(port: int, seconds: float, initials: int, half_open: int) -> dict[str, int]:
    """Send it all, evenly; return how much it was."""
    dice = random.Random(1)
    sample = QuicConnection(configuration=QuicSettings().configuration(is_client=True))
    sample.connect((_ADDRESS, port), now=0.0)
    packet = sample.datagrams_to_send(now=0.0)[0][0]
    sent = begun = 0
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    for each in sockets:
        each.setblocking(False)
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        while sent < initials * passed / seconds:
            try:
                dice.choice(sockets).sendto(forged_initial(dice, packet), (_ADDRESS, port))
            except BlockingIOError:
                break
            sent += 1
        while begun < half_open * passed / seconds:
            begin_handshake(port)
            begun += 1
        time.sleep(1 / _BURSTS_PER_S)
    for each in sockets:
        each.close()
    return {"initials": sent, "half_open": begun}


def watch_stream(address: str, home: Path, seconds: float, *flags: str) -> Program:
    """Start a paired client."""
    arguments = (address, "--headless", "--duration", f"{seconds}s", "--stats-json", f"{home}/stats.json", *flags)
    return Program("wavry.client", *arguments, home=home)


def frames_of(program: Program, home: Path) -> int:
    """Wait for a client and return how many frames it decoded."""
    program.wait(_PATIENCE_S)
    return int(json.loads((home / "stats.json").read_text(encoding="utf-8"))["video"]["frames_decoded"])


def main() -> None:
    """Flood and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--initials", type=int, default=20_000)
    parser.add_argument("--half-open", type=int, default=1_000)
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-flood-")))
        homes = [directory / name for name in ("host", "first", "second")]
        for home in homes:
            home.mkdir()
        host = stack.enter_context(Program("wavry.server", "--listen", f"{_ADDRESS}:0", *_HOST, home=homes[0]))
        address = host.ready_address()
        for home in homes[1:]:
            with Program("wavry.server", "pair", home=homes[0]) as command:
                pin = command.wait_for(r"PIN (\d{6})")[1]
            with watch_stream(address, home, 2.0, "--pin", pin) as client:
                client.wait()
        with watch_stream(address, homes[1], options.seconds) as client:
            in_peace = frames_of(client, homes[1])
        watch = Watch(host.pid)
        before_mb = watch.rss_mb()
        watch.start()
        with watch_stream(address, homes[1], options.seconds) as client:
            second: list[int] = []

            def come_in() -> None:
                time.sleep(options.seconds / 2)
                with watch_stream(address, homes[2], 5.0) as late:
                    second.append(frames_of(late, homes[2]))

            late_comer = threading.Thread(target=come_in)
            late_comer.start()
            sent = flood(int(address.rpartition(":")[2]), options.seconds, options.initials, options.half_open)
            in_flood = frames_of(client, homes[1])
            late_comer.join()
        time.sleep(_CALM_S)
        after_mb = watch.rss_mb()
        host.end()
    result = {
        "sent": sent,
        "seconds": options.seconds,
        "frames_in_peace": in_peace,
        "frames_in_flood": in_flood,
        "kept": round(in_flood / in_peace, 3),
        "second_client_frames": second[0] if second else 0,
        "host_rss_mb": {"before": round(before_mb, 1), "most": round(watch.most_mb, 1), "after": round(after_mb, 1)},
        "cores": os.cpu_count(),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
