#!/usr/bin/env python3
"""Feeds inputs to a parser of a peer's bytes: each gives a value or RemoteProtocolError, and nothing grows.

    python scripts/fuzz.py PARSER [--count N] [--seed N]   # mutated from valid ones and the corpus, the same each time
    python scripts/fuzz.py PARSER --minutes N              # guided by coverage (pip install .[fuzz])
    python scripts/fuzz.py PARSER --keep DIRECTORY         # add what such a run has left there to the corpus

The targets are in `tests/fuzz`: behind `parity` is a decoder, behind `packet` a receiver and behind `input` all of a
host's hands, which get what was parsed. The first prints JSON; exit 1 on the first input that raises something else,
takes longer than 50 ms of this process's own time, or leaves more memory held than the parser's caps allow.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import logging
import random
import sys
import tempfile
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.mutation import mutate
from wavry.errors import RemoteProtocolError

if TYPE_CHECKING:
    from random import Random

    from tests.fuzz.target import Target

_CHECK_EVERY = 1000
"""Inputs between two looks at the memory."""

_PARSING_BYTES = 64_000
"""WIRE.md allows this besides what is returned and held."""

_SLOWEST_MS = 50.0
_MAX_INPUT_BYTES = 4096
_MAX_CORPUS = 60
"""Files kept for each target."""


def feed(target: Target, data: bytes) -> bool:
    """Feed one input; say whether it had a value. Raises what the target should not have raised."""
    try:
        target.feed(data)
    except RemoteProtocolError:
        return False
    except Exception:
        print(f"input: {data.hex()}", file=sys.stderr)
        raise
    return True


def fuzz(target: Target, dice: Random, inputs: list[bytes], count: int) -> dict[str, float]:
    """Feed so many inputs and return what was seen of values and memory."""
    values = most_bytes = 0
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        values += feed(target, mutate(dice, dice.choice(inputs)))
        if number % _CHECK_EVERY == 0:
            gc.collect()  # of exceptions and their tracebacks
            most_bytes = max(most_bytes, tracemalloc.get_traced_memory()[0] - base)
    tracemalloc.stop()
    return {
        "inputs": count,
        "values": values,
        "refused": count - values,
        "most_held_bytes": most_bytes,
        "allowed_bytes": target.cap_bytes + _PARSING_BYTES,
    }


def slowest_ms(target: Target, dice: Random, inputs: list[bytes], count: int) -> float:
    """Feed more inputs, without looking at the memory, which takes time; return what the slowest took."""
    slowest_ns = 0
    for _ in range(count):
        data = mutate(dice, dice.choice(inputs))
        began_ns = time.thread_time_ns()
        feed(target, data)
        slowest_ns = max(slowest_ns, time.thread_time_ns() - began_ns)
    return round(slowest_ns / 1e6, 1)


def run_mutations(name: str, count: int, seed: int) -> int:
    """Mutate, feed, print; return the exit code."""
    from tests.fuzz.registry import TARGETS, corpus_of

    dice = random.Random(seed)
    target = TARGETS[name](dice)
    inputs = target.seeds + corpus_of(name)
    for data in inputs:  # what is made once, tables and caches, is no growth
        with suppress(RemoteProtocolError):  # a valid input may come at the wrong time
            target.feed(data)
    began_at = time.perf_counter()
    result = fuzz(target, dice, inputs, count)
    result["slowest_ms"] = slowest_ms(target, dice, inputs, max(1, count // 10))
    seconds = round(time.perf_counter() - began_at, 1)
    print(json.dumps({"parser": name, "seed": seed, **result, "seconds": seconds}))
    return int(result["most_held_bytes"] > result["allowed_bytes"] or result["slowest_ms"] > _SLOWEST_MS)


def run_guided(name: str, minutes: float, seed: int) -> None:
    """Let libFuzzer look for new ways through the code; it ends the process. What it finds goes into the corpus."""
    import atheris

    with atheris.instrument_imports(include=["wavry"]):
        from tests.fuzz.registry import CORPUS, TARGETS

    target = TARGETS[name](random.Random(seed))
    kept = CORPUS / name
    found = Path(tempfile.mkdtemp(prefix="wavry-fuzz-"))
    for data in target.seeds:
        (found / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data[:_MAX_INPUT_BYTES])
    kept.mkdir(parents=True, exist_ok=True)
    before = len(list(kept.iterdir()))

    def take(data: bytes) -> None:
        feed(target, data)

    limits = [f"-max_total_time={round(minutes * 60)}", f"-max_len={_MAX_INPUT_BYTES}", "-timeout=1", f"-seed={seed}"]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", str(found), str(kept)], take)
    print(f"{name}: {before} inputs kept; new ones in {found}, `--keep {found}` adds them", file=sys.stderr)
    atheris.Fuzz()


def keep(name: str, found: Path) -> None:
    """Add inputs to the corpus, the shortest first, as far as there is room."""
    from tests.fuzz.registry import CORPUS

    directory = CORPUS / name
    directory.mkdir(parents=True, exist_ok=True)
    room = _MAX_CORPUS - len(list(directory.iterdir()))
    for path in sorted(found.iterdir(), key=lambda each: each.stat().st_size)[: max(0, room)]:
        data = path.read_bytes()
        (directory / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def main() -> None:
    """Fuzz one parser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = (
        *("parity", "packet", "viewer", "sound", "control", "pairing", "http3", "browser", "input", "cursor"),
        "clipboard",
    )
    parser.add_argument("parser", choices=names)
    parser.add_argument("--count", type=int, default=100_000, help="inputs (100000)")
    parser.add_argument("--minutes", type=float, help="guided by coverage, for so long")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="add its files to the corpus")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    if options.keep is not None:
        keep(options.parser, options.keep)
    elif options.minutes is not None:
        run_guided(options.parser, options.minutes, options.seed)
    else:
        sys.exit(run_mutations(options.parser, options.count, options.seed))


if __name__ == "__main__":
    main()
