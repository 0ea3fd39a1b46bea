#!/usr/bin/env python3
"""How many datagrams a second cross loopback, and what one costs: wavry's QUIC against the usual ways to have it.

The others are aioquic with its own asyncio glue, the same on uvloop, and qh3 with its glue; all in one run, by turns. A
host and a client, a process each: the host always has more to send and sends whenever it may, the client counts. CPU
time is that of both processes, from the system. uvloop and qh3 are in the extra `bench` of pyproject.toml; one that is
missing has no figures. `--steps` shows instead what each part of wavry's shell is worth, one added to the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from carrying.sides import be_other_client, be_other_host, be_wavry_client, be_wavry_host, configuration_of
from carrying.steps import STEPS, be_side
from wavry.transport.identity import HostIdentity
from wavry.transport.quic.settings import QuicSettings

CONTESTANTS = ("wavry", "aioquic", "uvloop", "qh3")

_WARM_UP_S = 1.0
_SAMPLE_S = 0.25
"""Length of what a p95 is of."""


class Figures(NamedTuple):
    """Of one turn, or of a part of it."""

    per_second: float
    cpu_us: float
    """Of host and client together, a datagram."""

    host_cpu_us: float
    client_cpu_us: float
    cpu_us_per_kb: float
    """Of both, for each 1000 bytes carried."""


class Told(NamedTuple):
    """How a side stands."""

    at: float
    cpu_s: float
    datagrams: int
    datagram_bytes: int


def be_process(name: str, scratch: Path, port: int | None) -> None:
    """Be host (without a port) or client of a contestant or step."""
    if name in STEPS:
        asyncio.run(be_side(name, scratch, port))
        return
    if name == "wavry":
        settings = QuicSettings()
        host = be_wavry_host(scratch, settings=settings, fills=False)
        asyncio.run(host if port is None else be_wavry_client(port, settings=settings))
        return
    library = "qh3" if name == "qh3" else "aioquic"
    configuration = configuration_of(library, scratch, is_client=port is not None)
    if port is None:
        role = be_other_host(library, configuration, None)
    else:
        role = be_other_client(library, configuration, port, None)
    if name == "uvloop":
        import_module("uvloop").run(role)
    else:
        asyncio.run(role)


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


def ask(*processes: subprocess.Popen[str]) -> list[Told]:
    """Have sides tell their clock, their CPU time and their counts."""
    told: list[Told] = []
    for process in processes:
        assert process.stdin is not None  # it was asked for
        process.stdin.write("\n")
        process.stdin.flush()
        told.append(Told(*line_of(process)))
    return told


def figures_of(name: str, before: list[Told], after: list[Told]) -> Figures:
    """Return what host and client did between two moments."""
    received = after[1].datagrams - before[1].datagrams
    if not received:
        raise SystemExit(f"{name}: nothing arrived")
    received_bytes = after[1].datagram_bytes - before[1].datagram_bytes
    elapsed_s = after[1].at - before[1].at
    costs = [(later.cpu_s - earlier.cpu_s) * 1e6 for earlier, later in zip(before, after, strict=True)]
    host, client = (cost / received for cost in costs)
    return Figures(received / elapsed_s, host + client, host, client, sum(costs) / received_bytes * 1000)


def measure(name: str, scratch: Path, seconds: float, sample_s: float) -> list[Figures]:
    """Let one contestant send for a while; return the figures of each part of that time."""
    with ExitStack() as stack:
        host = start(stack, name, scratch)
        client = start(stack, name, scratch, "--port", str(line_of(host)))
        time.sleep(_WARM_UP_S)
        told = [ask(host, client)]
        for _ in range(round(seconds / sample_s)):
            time.sleep(sample_s)
            told.append(ask(host, client))
    return [figures_of(name, before, after) for before, after in pairwise(told)]


def write_certificate(scratch: Path) -> None:
    """Write a host's key for the others."""
    from cryptography.hazmat.primitives import serialization

    identity = HostIdentity.load_or_create(scratch)
    encoding = serialization.Encoding.PEM
    (scratch / "cert.pem").write_bytes(identity.certificate().public_bytes(encoding))
    key = identity.key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (scratch / "key.pem").write_bytes(key)


def print_contestants(turns: dict[str, list[Figures]]) -> None:
    """Print medians of the turns, beside aioquic's."""
    figures = {name: Figures(*(median(each) for each in zip(*turns[name], strict=True))) for name in turns}
    stock = figures["aioquic"]
    print("| | datagrams/s | of aioquic's | host + client, us of CPU | of aioquic's | host | client |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, each in figures.items():
        ratios = f"{each.per_second / stock.per_second:.2f}", f"{each.cpu_us / stock.cpu_us:.2f}"
        costs = f"{each.cpu_us:.1f} | {ratios[1]} | {each.host_cpu_us:.1f} | {each.client_cpu_us:.1f}"
        print(f"| {name} | {each.per_second:.0f} | {ratios[0]} | {costs} |")


def print_steps(samples: dict[str, list[Figures]]) -> None:
    """Print p50 and p95 of all samples of each step."""
    print("| | host, p50 / p95 | client, p50 / p95 | both, p50 | of the glue's | per kB, p50 | datagrams/s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    stock = median(each.cpu_us for each in samples["glue"])
    for name, some in samples.items():
        per_second, both, host, client, per_kb = zip(*some, strict=True)
        sides = " | ".join(f"{median(side):.1f} / {quantiles(side, n=20)[-1]:.1f}" for side in (host, client))
        rest = f"{median(both):.1f} | {median(both) / stock:.2f} | {median(per_kb):.1f} | {median(per_second):.0f}"
        print(f"| {STEPS[name]} | {sides} | {rest} |")


def main() -> None:
    """Compare, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn (3)")
    parser.add_argument("--turns", type=int, default=3, help="of each contestant (3)")
    parser.add_argument("--steps", action="store_true", help="show the steps from aioquic's glue to wavry's shell")
    parser.add_argument("--be", choices=(*CONTESTANTS, *STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be is not None:
        be_process(options.be, options.scratch, options.port)
        return
    present = [name for name in CONTESTANTS if name in ("wavry", "aioquic") or find_spec(name) is not None]
    names = list(STEPS) if options.steps else present
    turns: dict[str, list[Figures]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="wavry-transport-") as scratch:
        write_certificate(Path(scratch))
        for _ in range(options.turns):
            for name in names:
                sample_s = _SAMPLE_S if options.steps else options.seconds
                turns[name] += measure(name, Path(scratch), options.seconds, sample_s)
    if options.steps:
        print_steps(turns)
    else:
        print_contestants(turns)


if __name__ == "__main__":
    main()
