#!/usr/bin/env python3
"""Where every byte of a streaming host is: its mappings by owner (smaps), beside what its budget says.

Starts a host and a viewer, lets them stream, and prints Markdown. Linux only. MB are 10**6 bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from harness.processes import ProgramError, start_client, start_host

_HEAD = re.compile(r"^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+\s*(.*)$")

_OWNERS = (
    (r"/dev/zero|memfd:|/SYSV", "buffers of the pools"),
    (r"^\[heap\]$", "C heap, main arena: Python's larger objects, small native ones"),
    (r"^\[stack\]$", "stack of the main thread"),
    (r"^$", "private memory without a file: encoder, Python's small objects, thread arenas and stacks"),
    (r"/av\.libs/|/av/", "code of FFmpeg and PyAV"),
    (r"/numpy", "code of numpy and OpenBLAS"),
    (r"cryptography|libcrypto|libssl|/aioquic/", "code of QUIC and TLS"),
    (r"python", "code of Python"),
    (r"", "code of the C library and others"),
)


@dataclass(slots=True)
class Share:
    """What an owner holds, in kB."""

    rss: int = 0
    pss: int = 0


def owners_of(smaps: str) -> dict[str, Share]:
    """Add up a process's mappings by owner, from the text of its `smaps`."""
    shares = {owner: Share() for _, owner in _OWNERS}
    share = Share()
    for line in smaps.splitlines():
        head = _HEAD.match(line)
        if head is not None:
            share = shares[next(owner for pattern, owner in _OWNERS if re.search(pattern, head[2]))]
        elif line.startswith("Rss:"):
            share.rss += int(line.split()[1])
        elif line.startswith("Pss:"):
            share.pss += int(line.split()[1])
    return shares


def map_table(shares: dict[str, Share]) -> list[str]:
    """Return the mappings as a Markdown table, the largest first."""
    rows = ["| what is mapped | RSS MB | PSS MB |", "| --- | ---: | ---: |"]
    for owner, share in sorted(shares.items(), key=lambda item: -item[1].rss):
        rows.append(f"| {owner} | {share.rss * 1024 / 1e6:.1f} | {share.pss * 1024 / 1e6:.1f} |")
    rss, pss = (sum(getattr(share, kind) for share in shares.values()) for kind in ("rss", "pss"))
    return [*rows, f"| **together** | {rss * 1024 / 1e6:.1f} | {pss * 1024 / 1e6:.1f} |"]


def budget_table(report: dict[str, list[dict[str, int]]]) -> list[str]:
    """Return the budget of a report as a Markdown table."""
    rows = ["| in the budget | cap MB | now MB | most MB |", "| --- | ---: | ---: | ---: |"]
    for entry in sorted(report["budget"], key=lambda entry: -entry["cap_bytes"]):
        sizes = " | ".join(f"{entry[key] / 1e6:.2f}" for key in ("cap_bytes", "used_bytes", "high_water_bytes"))
        rows.append(f"| `{entry['name']}` | {sizes} |")
    return rows


def main() -> int:
    """Print both tables for one run."""
    parser = argparse.ArgumentParser(prog="scripts/memory_map.py", description=__doc__)
    parser.add_argument("--source", default="testcard", help="as the host's flag; screen uses DISPLAY (testcard)")
    parser.add_argument("--size", default="1920x1080", help="of the testcard (1920x1080)")
    parser.add_argument("--fps", default="60", help="as the host's flag (60)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long it streams before the look (20)")
    options = parser.parse_args()
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-map-")))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1"}
        report = out / "report.json"
        flags = ["--source", options.source, "--fps", options.fps, "--memory-report", str(report)]
        if options.source == "testcard":
            flags += ["--size", options.size]
        try:
            host, address = start_host(out, environment, *flags)
            stack.callback(host.close)
            viewer = start_client(address, out, environment)
            stack.callback(viewer.close)
            time.sleep(options.seconds)
            viewer.check()
            smaps = Path(f"/proc/{host.process.pid}/smaps").read_text(encoding="utf-8")
            host.process.send_signal(signal.SIGUSR1)
            while not report.exists():
                host.check()
                time.sleep(0.05)
            said = json.loads(report.read_text(encoding="utf-8"))
        except (ProgramError, OSError) as error:
            print(f"memory_map: {error}", file=sys.stderr)
            return 2
    print("\n".join([*map_table(owners_of(smaps)), "", *budget_table(said)]))
    memory = said["memory"]
    print(f"\nC heap in use {memory['heap_bytes'] / 1e6:.1f} MB, {memory['allocation_count']} Python blocks.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
