#!/usr/bin/env python3
"""What parity costs, against zfec (C), raptorq (Rust) and reedsolo's own loops, all in one run; or what it repairs.

Costs are in µs per source packet and parity packet, the best of several turns that the codes take by turns; decoding
is with as many source packets lost as there is parity. wavry's figures are those of its encoder and decoder as a whole,
with all bookkeeping, for a block and for a window of the sliding kind. Large blocks of memory are not mapped anew each
time, as in host and client. The others are in the extra `bench` of pyproject.toml; one that is missing has no figures.

With `--verify N` runs N random patterns of losses instead (tests/support/fec_patterns.py) and counts what became of
them; exit 1 if a packet was wrong or not repaired although it could be.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.fec import parity_of, protect, sources_of
from tests.support.fec_patterns import Outcome, random_stream, run_pattern
from wavry.memory.allocator import map_large_blocks
from wavry.rift.fec import FecConfig, StreamingFecDecoder, StreamingFecEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

PACKET_BYTES = 1152
CASES = [(8, 2), (10, 3), (20, 4), (36, 8), (64, 16)]
"""Source and parity packets."""

_TURNS = 10
_CALLS = 5
"""Of a job in one turn: the first finds the caches full of other codes' tables."""

_SLOW_TURNS = 2
"""Of one call, for what takes a thousand times as long."""

_PATTERNS_PER_STREAM = 20

Jobs: TypeAlias = "tuple[Callable[[], object], Callable[[], object]]"
"""Encode; decode with all losses that parity covers. The decoder's job checks nothing: tests do."""


def wavry_jobs(payloads: list[bytes], parities: int, *, window_frames: int) -> Jobs:
    """Return wavry's: one frame as a block, or as a window that may slide."""
    config = FecConfig(200, PACKET_BYTES, parities / len(payloads), window_frames=window_frames)
    stream = protect(StreamingFecEncoder(config), [payloads])
    arrivals, parity = sources_of(stream)[parities:], parity_of(stream)

    def decode() -> object:
        decoder = StreamingFecDecoder(config)
        for packet in arrivals:
            decoder.add_source_packet(packet)
        for each in parity:
            decoder.add_parity_packet(each)
        return decoder

    packets = sources_of(stream)

    def encode() -> object:
        encoder = StreamingFecEncoder(config)
        for packet in packets:
            encoder.add_source_packet(packet)
        return encoder.end_frame()

    return encode, decode


def zfec_jobs(payloads: list[bytes], parities: int) -> Jobs:
    """Return zfec's: the same field, another matrix."""
    import zfec

    sources = len(payloads)
    encoder, decoder = zfec.Encoder(sources, sources + parities), zfec.Decoder(sources, sources + parities)
    ids = list(range(sources, sources + parities))
    blocks = [*encoder.encode(payloads, ids), *payloads[parities:]]
    all_ids = [*ids, *range(parities, sources)]
    return lambda: encoder.encode(payloads, ids), lambda: decoder.decode(blocks, all_ids)


def raptorq_jobs(payloads: list[bytes], parities: int) -> Jobs:
    """Return RaptorQ's, RFC 6330: needs no fixed number of parity packets, and now and then one more."""
    import raptorq

    data = b"".join(payloads)
    packets = raptorq.Encoder.with_defaults(data, PACKET_BYTES).get_encoded_packets(parities)

    def decode() -> object:
        decoder = raptorq.Decoder.with_defaults(len(data), PACKET_BYTES)
        return [decoder.decode(packet) for packet in packets[parities:]]

    return lambda: raptorq.Encoder.with_defaults(data, PACKET_BYTES).get_encoded_packets(parities), decode


def reedsolo_jobs(payloads: list[bytes], parities: int) -> Jobs:
    """Return reedsolo's: a codeword for each column of bytes."""
    import reedsolo

    codec = reedsolo.RSCodec(parities)
    columns = [bytes(column) for column in zip(*payloads, strict=True)]
    received = [bytes(parities) + bytes(codec.encode(column))[parities:] for column in columns]
    lost = list(range(parities))
    return (
        lambda: [codec.encode(column) for column in columns],
        lambda: [codec.decode(column, erase_pos=lost) for column in received],
    )


def measure(sources: int, parities: int) -> dict[str, dict[str, float]]:
    """Return the costs of all codes, in µs per source and parity packet."""
    dice = random.Random(sources)
    payloads = [dice.randbytes(PACKET_BYTES) for _ in range(sources)]
    jobs = {
        "wavry, sliding": wavry_jobs(payloads, parities, window_frames=3),
        "wavry, block": wavry_jobs(payloads, parities, window_frames=1),
    }
    for name, make in (("zfec", zfec_jobs), ("raptorq", raptorq_jobs), ("reedsolo", reedsolo_jobs)):
        if find_spec(name):
            jobs[name] = make(payloads, parities)
    best = {name: [float("inf")] * 2 for name in jobs}
    for turn in range(_TURNS):
        for name, pair in jobs.items():
            if name == "reedsolo" and turn >= _SLOW_TURNS:
                continue
            for way, job in enumerate(pair):
                calls = 1 if name == "reedsolo" else _CALLS
                best[name][way] = min(best[name][way], *(seconds_of(job) for _ in range(calls)))
    scale = 1e6 / (sources * parities)
    return {name: {"encode": pair[0] * scale, "decode": pair[1] * scale} for name, pair in best.items()}


def seconds_of(job: Callable[[], object]) -> float:
    """Time one call."""
    began_at = time.perf_counter()
    job()
    return time.perf_counter() - began_at


def show_costs() -> None:
    """Print a table, then JSON."""
    map_large_blocks()
    results = []
    print(f"{'k, r':>7}  {'code':15} {'encode':>9} {'decode':>9}   speed, zfec's is 1")
    for sources, parities in CASES:
        costs = measure(sources, parities)
        for name, cost in costs.items():
            zfec = costs.get("zfec", {})
            ratios = ", ".join(f"{zfec[way] / cost[way]:.3g}" for way in zfec) or "unknown"
            print(f"{sources:4},{parities:2}  {name:15} {cost['encode']:9.2f} {cost['decode']:9.2f}   {ratios}")
        results.append({"sources": sources, "parities": parities, "us_per_packet_and_parity": costs})
    print(json.dumps({"packet_bytes": PACKET_BYTES, "cases": results}))


def verify(count: int, seed: int) -> bool:
    """Run so many patterns, print what became of them, and return whether no fault was among them."""
    outcomes = Counter(dict.fromkeys(Outcome, 0))
    for number in range(-(-count // _PATTERNS_PER_STREAM)):
        dice = random.Random(seed + number)
        stream = random_stream(dice)
        for _ in range(min(_PATTERNS_PER_STREAM, count - number * _PATTERNS_PER_STREAM)):
            outcome = run_pattern(dice, stream)
            outcomes[outcome] += 1
            if outcome in (Outcome.MISSED, Outcome.WRONG):
                print(f"seed {seed + number}: {outcome.value}", file=sys.stderr)
    print(json.dumps({"patterns": count, "seed": seed} | {each.value: outcomes[each] for each in Outcome}))
    return not outcomes[Outcome.MISSED] + outcomes[Outcome.WRONG]


def main() -> None:
    """Measure, or verify."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", type=int, metavar="N", help="patterns")
    parser.add_argument("--seed", type=int, default=1, help="of the first stream of patterns")
    options = parser.parse_args()
    if options.verify:
        sys.exit(not verify(options.verify, options.seed))
    show_costs()


if __name__ == "__main__":
    main()
