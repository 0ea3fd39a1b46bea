#!/usr/bin/env python3
"""Failed frames, added delay and overhead of codes against loss, on the same channels; writes docs/loss.md.

Ours is the encoder and the decoder of `wavry.rift.fec`, on packets of 8 bytes; each packet that it gives back is
compared. The others are judged by rank, which is what perfect codes of their shape would do. About ten minutes.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from erasure.codes import Code, FrameBlocks, SlidingWindow, Streaming, XorGroups
from erasure.experiment import Outcome, Stream, run
from network.loss import GilbertElliott, RandomLoss
from wavry.report.plot import Line, draw_lines
from wavry.rift import SenderConfig
from wavry.rift.protection import Protection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from network.loss import LossModel

DOCS = Path(__file__).resolve().parents[2] / "docs"
REDUNDANCY = 0.2
OURS = "ours, as a host has it"
BLOCKS = "RS per frame"

_AS_HOST = Protection(SenderConfig().max_datagram_bytes, REDUNDANCY).encoder

as_host = partial(Streaming, frames=_AS_HOST.window_frames, window=_AS_HOST.config.window_size)
"""The window of a host that sends packets of the usual size."""

CODES: dict[str, Callable[[], Code[Any]]] = {
    OURS: partial(as_host, REDUNDANCY),
    "the same, parity 1 apart": partial(as_host, REDUNDANCY, spacing=1),
    "ours, 4 whole frames": partial(Streaming, REDUNDANCY, frames=4),
    "ours, 3 frames": partial(Streaming, REDUNDANCY, frames=3),
    "ours, 2 frames": partial(Streaming, REDUNDANCY, frames=2),
    BLOCKS: partial(FrameBlocks, REDUNDANCY),
    "XOR 16+2": partial(XorGroups, 16, 2),
    "XOR 10+2": partial(XorGroups, 10, 2),
    "window of 10, 1 per 5": partial(SlidingWindow, 10, 5),
}

CHANNELS: dict[str, tuple[str, LossModel]] = {
    "bursts": ("GE .005 .2 0 .6", GilbertElliott(0.005, 0.2, 0, 0.6)),
    "long bursts": ("GE .004 .1 .002 .7", GilbertElliott(0.004, 0.1, 0.002, 0.7)),
    "Tambur": ("GE .068 .852 .04 .5", GilbertElliott(0.068, 0.852, 0.04, 0.5)),
    "random": ("1 %", RandomLoss(0.01)),
}

SWEEP = [
    GilbertElliott(*values) for values in itertools.product((0.01, 0.03, 0.05), (0.75, 0.9), (0, 0.05), (0.05, 0.5, 1))
]
"""The corners and the middle of what Tambur (NSDI'23) sweeps."""

_EXPLANATION = """\
The times are p50 / p99 of how much later frames are whole, and lost packets known, than if everything had come and no
parity had been sent. GE is Gilbert-Elliott: good to bad, bad to good, loss in good, loss in bad. Ours runs on bytes,
and every packet it gave back was right; the others are judged by rank, as perfect codes of their shape. All have 20 %
parity but XOR 16+2. The parity of ours leaves behind its frame, unless it says apart. A host has the last 4 frames
under its parity, but at most {window} packets, so that both ends together stay under 300 kB."""

_WIDTH = 120

_REDUNDANCIES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)

_NOISE_SIGMAS = 3.0
"""Two counts of failed frames differ when it is by more than so many standard deviations of their difference. Failed
frames come in clusters, so the deviation is taken twice that of independent ones."""


def compare(stream: Stream) -> Iterator[str]:
    """Yield a table of all codes for each channel."""
    for name, (values, channel) in CHANNELS.items():
        yield f"### {name}: {values}, {100 * channel.mean:.1f} % lost\n"
        yield "| code | failed | of frames hit | overhead | clean frame | repaired frame | lost packet |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for title, make in CODES.items():
            code = make()
            outcome = run(code, channel, stream, seed=1)
            if isinstance(code, Streaming) and code.wrong:
                raise AssertionError(f"{title} on {name}: {code.wrong} packets came back with other bytes")
            yield row(title, outcome)
        yield ""


def row(title: str, outcome: Outcome) -> str:
    """Return a line of a table."""
    frame, packet = outcome.repaired_delay_ms, outcome.packet_delay_ms
    return (
        f"| {title} | {outcome.failed_percent:.2f} % | {100 * outcome.failed / max(1, outcome.hit):.1f} % "
        f"| {100 * outcome.overhead:.1f} % | {outcome.clean_delay_ms:.1f} ms "
        f"| {frame[0]:.1f} / {frame[1]:.1f} ms | {packet[0]:.1f} / {packet[1]:.1f} ms |"
    )


def sweep(stream: Stream) -> tuple[str, str]:
    """Compare ours with a block per frame on many channels; return what came of it and a chart."""
    pairs = []
    worse = []
    for channel in SWEEP:
        ours = run(as_host(REDUNDANCY), channel, stream, seed=1).failed
        blocks = run(FrameBlocks(REDUNDANCY), channel, stream, seed=1).failed
        pairs.append((blocks, ours))
        if ours - blocks > _NOISE_SIGMAS * 2 * math.sqrt(ours + blocks):
            worse.append(f"{channel}: {ours} against {blocks}")
    pairs.sort()
    percent = 100 / stream.frames
    chart = draw_lines(
        [
            Line(BLOCKS, [(number, blocks * percent) for number, (blocks, _) in enumerate(pairs, 1)]),
            Line(OURS, [(number, ours * percent) for number, (_, ours) in enumerate(pairs, 1)]),
        ],
        title="Failed frames (%) on the channels of the Tambur sweep",
        x_label="channels, by what a block per frame loses",
    )
    better = sum(ours < blocks for blocks, ours in pairs)
    equal = sum(ours == blocks for blocks, ours in pairs)
    text = (
        f"{len(pairs)} channels, {stream.frames} frames each: fewer failed frames on {better}, as many on {equal}, "
        f"more on {len(pairs) - better - equal}. In all {sum(ours for _, ours in pairs)} frames failed against "
        f"{sum(blocks for blocks, _ in pairs)}. Worse by more than noise on {len(worse)}"
        f"{': ' + '; '.join(worse) if worse else ''}."
    )
    return fill(text, _WIDTH), chart


def draw_redundancy(stream: Stream) -> str:
    """Return a chart of failed frames over redundancy, on the channel with long bursts."""
    channel = CHANNELS["long bursts"][1]
    codes: dict[str, Callable[[float], Code[Any]]] = {
        BLOCKS: FrameBlocks,
        "ours, 2 frames": partial(Streaming, frames=2),
        OURS: as_host,
        "ours, 4 whole frames": partial(Streaming, frames=4),
    }
    lines = [
        Line(name, [(100 * each, run(make(each), channel, stream, seed=1).failed_percent) for each in _REDUNDANCIES])
        for name, make in codes.items()
    ]
    return draw_lines(lines, title="Failed frames (%), long bursts", x_label="redundancy (%)")


def write(stream: Stream, command: str) -> None:
    """Run everything and write the page and its charts."""
    tables = list(compare(stream))
    swept, sweep_chart = sweep(replace(stream, frames=stream.frames // 4))
    redundancy_chart = draw_redundancy(replace(stream, frames=stream.frames // 2))
    (DOCS / "loss-sweep.svg").write_text(sweep_chart, encoding="utf-8")
    (DOCS / "loss-redundancy.svg").write_text(redundancy_chart, encoding="utf-8")
    lines = [
        "# Loss",
        "",
        fill(
            f"Made by `{command}` at commit {commit()}, {time.strftime('%Y-%m-%d')}, on {machine()}. Seeded: the same "
            "command gives the same figures on any machine.",
            _WIDTH,
        ),
        "",
        fill(
            f"{stream.fps:g} frames a second of {stream.frame_packets} packets (20 Mbit/s), paced over "
            f"{stream.pacing_s * 1000:g} ms, {stream.frames} frames on each channel. A frame has failed when a packet "
            f"of it is missing {stream.deadline_s * 1000:g} ms after its first was sent. "
            f"{_EXPLANATION.format(window=_AS_HOST.config.window_size)}",
            _WIDTH,
        ),
        "",
        "## At the same overhead",
        "",
        *tables,
        "## The Tambur sweep",
        "",
        swept,
        "",
        "![Failed frames on the channels of the Tambur sweep](loss-sweep.svg)",
        "",
        "## What redundancy buys",
        "",
        "![Failed frames over redundancy](loss-redundancy.svg)",
    ]
    (DOCS / "loss.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def commit() -> str:
    """Return the commit this is."""
    command = ["git", "-C", str(DOCS), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def machine() -> str:
    """Return what this runs on."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000, help="on each channel (20000)")
    parser.add_argument("--write", action="store_true", help="write docs/loss.md and its charts")
    options = parser.parse_args()
    stream = Stream(frames=options.frames)
    if options.write:
        write(stream, " ".join(["scripts/bench/loss.py", *sys.argv[1:]]))
        return
    for line in compare(stream):
        print(line, flush=True)


if __name__ == "__main__":
    main()
