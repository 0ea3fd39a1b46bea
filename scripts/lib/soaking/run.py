"""The command line of the soak: start host and viewer, look at them, judge."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import psutil

from harness.chart import draw_memory
from harness.memory import Series
from harness.processes import ProgramError, Role, start_client, start_host
from soaking.churn import Churn
from soaking.samples import ProcessSeries, Verdict
from wavry import cli

_CHURN_INTERVAL_S = 7.0
"""Longer than a viewer needs to connect, shorter than the idle timeout, so that dead ones overlap with living ones."""


def main() -> int:
    """Run a soak and return its exit code: 0 no growth above the limit, 1 growth, 2 it could not be measured."""
    options = _parse()
    options.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ExitStack() as stack:
            verdicts = _soak(options, stack)
    except (ProgramError, psutil.Error, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    for verdict in verdicts:
        print(verdict.line())
    if not all(verdict.rss is not None for verdict in verdicts):
        return 2
    return 0 if all(verdict.is_within(options.limit) for verdict in verdicts) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak.py",
        description="Stream for a long time, look at the memory of host and viewer from outside, and judge its slope.",
        epilog="Writes CSV, JSON and an SVG plot. Exit 1 when growth above the limit is certain at 95 %.",
    )
    parser.add_argument("--duration", type=cli.duration, default=600.0, help="how long, for example 10m or 24h (10m)")
    parser.add_argument("--interval", type=cli.duration, default=2.0, help="between two looks (2s)")
    parser.add_argument("--warm-up", type=float, default=0.25, help="share of the samples not judged (0.25)")
    parser.add_argument("--limit", type=float, default=0.3, help="MB per hour that are too much (0.3)")
    parser.add_argument("--churn", action="store_true", help="viewers come, go, die and stall; the screen is resized")
    parser.add_argument("--source", default="testcard", help="as the host's flag; screen uses DISPLAY (testcard)")
    parser.add_argument("--size", default="1920x1080", help="of the testcard (1920x1080)")
    parser.add_argument("--fps", default="30", help="as the host's flag (30)")
    parser.add_argument("--out", type=Path, default=Path("soak-out"), help="where the results go (soak-out)")
    return parser.parse_args()


def _soak(options: argparse.Namespace, stack: ExitStack) -> list[Verdict]:
    scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-soak-"))
    environment = os.environ | {"XDG_DATA_HOME": scratch, "PYTHONUNBUFFERED": "1"}
    source = ["--source", options.source, "--fps", options.fps]
    if options.source == "testcard":
        source += ["--size", options.size]
    report = options.out / "host.json"
    host, address = start_host(options.out, environment, *source, "--memory-report", str(report))
    stack.callback(host.close)
    viewer = start_client(address, options.out, environment, "--stats-json", str(options.out / "viewer.json"))
    stack.callback(viewer.close)
    churn = None
    if options.churn:
        display = os.environ.get("DISPLAY") if options.source == "screen" else None
        churn = Churn(address, options.out, environment, display)
        stack.callback(churn.close)
    series = [ProcessSeries("host", host.process.pid), ProcessSeries("viewer", viewer.process.pid)]
    _watch(options, [host, viewer], series, churn)
    if churn is not None:
        churn.close()
    viewer.leave()
    host.leave()
    return _write(options, series, churn)


def _watch(options: argparse.Namespace, roles: list[Role], series: list[ProcessSeries], churn: Churn | None) -> None:
    started_at = time.monotonic()
    churn_at = started_at + _CHURN_INTERVAL_S
    while (now := time.monotonic()) - started_at < options.duration:
        for role in roles:
            role.check()
        for each in series:
            each.sample(now - started_at)
        if churn is not None and now >= churn_at:
            churn_at = now + _CHURN_INTERVAL_S
            churn.step()
        time.sleep(options.interval)


def _write(options: argparse.Namespace, series: list[ProcessSeries], churn: Churn | None) -> list[Verdict]:
    verdicts = [each.verdict(warm_up_share=options.warm_up) for each in series]
    for each in series:
        each.write_csv(options.out / f"{each.name}.csv")
    lines = [
        Series(each.name, [(sample.seconds, sample.rss_bytes / 1e6) for sample in each.samples]) for each in series
    ]
    (options.out / "memory.svg").write_text(draw_memory(lines), encoding="utf-8")
    result = {
        "command": sys.argv,
        "duration_s": options.duration,
        "limit_mb_per_hour": options.limit,
        "churn": churn.counts if churn is not None else None,
        "verdicts": [asdict(verdict) for verdict in verdicts],
        "host": json.loads((options.out / "host.json").read_text(encoding="utf-8")),
        "viewer": json.loads((options.out / "viewer.json").read_text(encoding="utf-8")),
    }
    (options.out / "soak.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return verdicts
