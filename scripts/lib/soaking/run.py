"""The command line of the soak: what is run, what is judged, what is written."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from harness.memory import Series, draw_memory
from harness.processes import ProgramError
from wavry import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soaking.counts import CountSeries, CountVerdict

_EPILOG = """
What grows for certain (95 %) fails: RSS by more than --limit, or a count of objects, blocks, threads, tasks,
descriptors or buffers. Writes soak.json, a CSV file for each series and memory.svg.
Exit 0: nothing grows; 1: something does; 2: it could not be measured.
"""


def main() -> int:
    """Run a soak and return its exit code."""
    options = _parse()
    options.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return _soak_in_virtual_time(options) if options.virtual else _soak_programs(options)
    except (ProgramError, psutil.Error, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak.py",
        description="Stream for a long time, look at what host and viewer hold, and judge its slope.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--duration", type=cli.duration, default=600.0, help="how long, for example 10m or 24h (10m)")
    parser.add_argument("--interval", type=cli.duration, default=2.0, help="between two looks (2s)")
    parser.add_argument("--warm-up", type=float, default=0.25, help="share of the samples not judged (0.25)")
    parser.add_argument("--limit", type=float, default=0.3, help="MB per hour that are too much (0.3)")
    parser.add_argument(
        "--churn", action="store_true", help="viewers come, go, die, stall and lose packets; the screen is resized"
    )
    parser.add_argument(
        "--source",
        help="as the host's flag, or busy-screen: an Xvfb of our own (testcard; with --churn busy-screen)",
    )
    parser.add_argument("--size", default="1920x1080", help="of the testcard (1920x1080)")
    parser.add_argument("--fps", default="30", help="as the host's flag (30)")
    parser.add_argument("--audio", default="off", help="as the host's flag; the viewer decodes it (off)")
    parser.add_argument(
        "--virtual",
        action="store_true",
        help="as fast as it goes: the protocol alone, without QUIC, pictures and processes, in virtual time",
    )
    parser.add_argument("--out", type=Path, default=Path("soak-out"), help="where the results go (soak-out)")
    options = parser.parse_args()
    options.source = options.source or ("busy-screen" if options.churn else "testcard")
    return options


def _soak_programs(options: argparse.Namespace) -> int:
    from soaking.programs import soak

    with ExitStack() as stack:
        series, counts, result = soak(options, stack)
    verdicts = [each.verdict(warm_up_share=options.warm_up) for each in series]
    for each in series:
        each.write_csv(options.out / f"{each.name}.csv")
    lines = [
        Series(each.name, [(sample.seconds, sample.rss_bytes / 1e6) for sample in each.samples]) for each in series
    ]
    result |= {"limit_mb_per_hour": options.limit, "verdicts": [asdict(verdict) for verdict in verdicts]}
    counted = _write(options, counts, lines, result)
    for verdict in verdicts:
        print(verdict.line())
    if not all(verdict.rss is not None for verdict in verdicts):
        return 2
    return max(_say_counts(counted), *(int(not verdict.is_within(options.limit)) for verdict in verdicts))


def _soak_in_virtual_time(options: argparse.Namespace) -> int:
    from soaking.virtual import soak

    counts, result = soak(options.duration, churn=options.churn)
    heap = Series("heap", [(sample.seconds, (sample.heap_bytes or 0) / 1e6) for sample in counts.samples])
    return _say_counts(_write(options, counts, [heap], result, title="C heap (MB) over virtual time"))


def _write(
    options: argparse.Namespace,
    counts: CountSeries,
    lines: Sequence[Series],
    result: dict[str, Any],
    title: str = "Resident memory (MB)",
) -> list[CountVerdict]:
    """Write everything; return what the counts say."""
    counted = counts.verdicts(warm_up_share=options.warm_up)
    counts.write_csv(options.out / "counts.csv")
    (options.out / "memory.svg").write_text(draw_memory(lines, title=title), encoding="utf-8")
    result = {"command": sys.argv, "duration_s": options.duration} | result
    result["counts"] = [asdict(verdict) | {"is_growth": verdict.is_growth} for verdict in counted]
    result["grown_types"] = counts.grown_types(warm_up_share=options.warm_up)
    (options.out / "soak.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return counted


def _say_counts(verdicts: list[CountVerdict]) -> int:
    """Say what the counts came to; return the exit code that they ask for."""
    if not verdicts:
        print("too few samples for a verdict on the counts")
        return 2
    for verdict in verdicts:
        print(verdict.line())
    return int(any(verdict.is_growth for verdict in verdicts))
