#!/usr/bin/env python3
"""Feeds mutated packets to the JavaScript that reads them in a browser, under node.

    python scripts/fuzz_browser.py [--count N] [--seed N]

Every other packet is the next one of a real sender's stream, with parity and some that are sent again; the others are
mutated from what is near it or from the corpus of the Python targets. They go by turns to a receiver with usual
settings, to one with a small window, to a FEC decoder, and sound to its receiver and playout. Prints JSON; exit 1 if
anything but RemoteProtocolError was thrown, a holder held more than its cap, the slowest input took more than 50 ms of
processor time, or the heap grew by more than the caps and 2 MB. The heap is looked at after a collection, every 20,000
inputs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.media import PacketTarget, ParityTarget
from tests.fuzz.registry import corpus_of
from tests.fuzz.sound import SoundTarget

_SCRIPT = Path(__file__).with_suffix(".mjs")
_SLOWEST_MS = 50.0
_CODE_BYTES = 2_000_000
"""What compiled code, caches and the runner's own objects may add to the heap."""


def main() -> None:
    """Fuzz, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="inputs (1000000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    picture, sound = PacketTarget(dice).seeds, SoundTarget(dice).seeds
    others = [*ParityTarget(dice).seeds, *corpus_of("packet"), *corpus_of("parity"), *corpus_of("sound")]
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(len(each).to_bytes(4, "big") + each for each in [*picture, *sound, *others]))
        file.flush()
        numbers = map(str, (len(picture), len(sound), options.count, options.seed))
        command = ["node", "--expose-gc", str(_SCRIPT), file.name, *numbers]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    sys.stdout.buffer.write(done.stdout)
    if done.returncode:
        sys.exit(1)
    report = json.loads(done.stdout)
    grown_bytes = report["mostHeapBytes"] - report["heapBytes"]
    sys.exit(int(report["slowestMs"] > _SLOWEST_MS or grown_bytes > report["capBytes"] + _CODE_BYTES))


if __name__ == "__main__":
    main()
