#!/usr/bin/env python3
"""What repairs cost in JavaScript (node, which compiles as Chromium does), and in Python, in one run.

Microseconds per source packet and parity packet at 1152 bytes, with as many source packets lost as there is parity and
with all bookkeeping: the median, and for JavaScript also the 95th percentile. One window of each size, as a block and
as the sliding kind.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.fec import Protected, deliver, parity_of, protect, sources_of
from wavry.rift.fec import FecConfig, StreamingFecDecoder, StreamingFecEncoder

PACKET_BYTES = 1152
CASES = [(8, 2), (20, 4), (36, 8), (108, 11), (200, 20)]
"""Source and parity packets."""

_TURNS = 20
_NODE_SCRIPT = Path(__file__).with_suffix(".mjs")


def arrivals_of(sources: int, parities: int, *, window_frames: int) -> list[Protected]:
    """Return what comes of one frame: as many source packets are lost, spread over it, as there is parity."""
    payloads = [random.Random(place).randbytes(PACKET_BYTES) for place in range(sources)]
    config = FecConfig(200, PACKET_BYTES, parities / sources, window_frames=window_frames)
    stream = protect(StreamingFecEncoder(config), [payloads])
    parity = parity_of(stream)
    step = sources // len(parity)
    lost = {place * step for place in range(len(parity))}
    return [*(packet for packet in sources_of(stream) if packet.packet_id not in lost), *parity]


def python_us(arrivals: list[Protected]) -> float:
    """Return the median of what the decoder in Python takes for all."""
    times = []
    for _ in range(_TURNS):
        decoder = StreamingFecDecoder(FecConfig(200, PACKET_BYTES))
        began_ns = time.perf_counter_ns()
        for packet in arrivals:
            deliver(decoder, packet)
        times.append((time.perf_counter_ns() - began_ns) / 1000)
        assert decoder.recovered == len(parity_of(arrivals))  # else it would measure something else
    return statistics.median(times)


def node_costs(cases: list[list[Protected]]) -> dict[str, Any]:
    """Return what the script in JavaScript measures."""
    described = [
        {
            "sources": [(packet.packet_id, packet.payload.hex()) for packet in sources_of(arrivals)],
            "parities": [parity.to_bytes().hex() for parity in parity_of(arrivals)],
        }
        for arrivals in cases
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"symbolBytes": PACKET_BYTES, "cases": described}, file)
        file.flush()
        done = subprocess.run(["node", str(_NODE_SCRIPT), file.name], stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Measure and print a table."""
    shapes = [(case, frames) for case in CASES for frames in (1, 2)]
    streams = [arrivals_of(*case, window_frames=frames) for case, frames in shapes]
    measured = node_costs(streams)
    print(f"µs per packet and parity at {PACKET_BYTES} bytes; JavaScript in node {measured['node']}")
    print(f"{'window':16} {'JavaScript p50':>16} {'p95':>8} {'Python p50':>12}")
    for ((sources, _), frames), arrivals, cost in zip(shapes, streams, measured["costs"], strict=True):
        parities = len(parity_of(arrivals))
        python = python_us(arrivals) / (sources * parities)
        name = f"{sources} + {parities} {'block' if frames == 1 else 'sliding'}"
        print(f"{name:16} {cost['p50']:16.2f} {cost['p95']:8.2f} {python:12.2f}")


if __name__ == "__main__":
    main()
