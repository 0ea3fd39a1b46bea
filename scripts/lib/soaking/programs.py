"""The soak in real time: host and viewer as processes, looked at from outside and asked for their counts."""

from __future__ import annotations

import json
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

from harness.processes import start_client, start_host, start_relay
from soaking.churn import Churn
from soaking.counts import HostCounts
from soaking.samples import ProcessSeries

if TYPE_CHECKING:
    import argparse
    from contextlib import ExitStack

    from harness.processes import Role
    from soaking.counts import CountSeries

_CHURN_INTERVAL_S = 5.0
"""Longer than a viewer needs to connect, shorter than the idle timeout, so that dead ones overlap with living ones."""

_BAD_LINK = ("--profile", "intercontinental", "--rate", "4M")
"""Bursts of three are lost, 2 % in all, and it carries less than is sent: queues fill, keyframes are asked for."""

_COUNT_INTERVAL_S = 20.0
"""At the least. Counting stops the host for 10 to 30 ms. With churn it is once a round."""

_REHEARSAL_S = 5.0
"""During the warm-up of a quiet soak reports come as often: the first twenty touch a page each, later ones none."""

_COUNTS = 30
"""In a longer soak there are so many: each report is some hundred kB that come and go, and the first ones are seen in
RSS themselves."""


def soak(options: argparse.Namespace, stack: ExitStack) -> tuple[list[ProcessSeries], CountSeries, dict[str, Any]]:
    """Stream as long as asked; return what host and viewer held, what the host counted, and what else is to be told.

    Raises:
        ProgramError: A program did not do its part.
        psutil.Error: A process can't be read.
    """
    scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-soak-"))
    environment = os.environ | {"XDG_DATA_HOME": scratch, "PYTHONUNBUFFERED": "1"}
    report, stats = options.out / "host.json", options.out / "viewer.json"
    screen, source = None, options.source
    if source == "busy-screen":
        from soaking.screen import busy_screen

        screen, source = stack.enter_context(busy_screen()), "screen"
        environment["DISPLAY"] = screen.display
    flags = ["--source", source, "--fps", options.fps, "--audio", options.audio, "--memory-report", str(report)]
    if source == "testcard":
        flags += ["--size", options.size]
    host, address = start_host(options.out, environment, *flags)
    stack.callback(host.close)
    viewer = start_client(address, options.out, environment, "--stats-json", str(stats))
    stack.callback(viewer.close)
    churn = None
    if options.churn:
        relay, bad_address = start_relay(address, options.out, environment, *_BAD_LINK)
        stack.callback(relay.close)
        churn = Churn(address, bad_address, options.out, environment, screen)
        stack.callback(churn.close)
    watch = _Watch(host, viewer, HostCounts(host, report), churn)
    watch.run(options.duration, options.interval, warm_up_s=options.warm_up * options.duration)
    if churn is not None:
        churn.close()
    viewer.leave()
    host.leave()
    result = {
        "churn": churn.counts if churn is not None else None,
        "host": json.loads(report.read_text(encoding="utf-8")),
        "viewer": json.loads(stats.read_text(encoding="utf-8")),
    }
    return watch.series, watch.counts.series, result


class _Watch:
    """Looks at everything in turn, and lets the churn have its way."""

    def __init__(self, host: Role, viewer: Role, counts: HostCounts, churn: Churn | None) -> None:
        self.series = [ProcessSeries("host", host.process.pid), ProcessSeries("viewer", viewer.process.pid)]
        self.counts = counts
        self._roles = host, viewer
        self._churn = churn

    def run(self, duration_s: float, interval_s: float, *, warm_up_s: float) -> None:
        started_at = time.monotonic()
        turn_s = max(_COUNT_INTERVAL_S, duration_s / _COUNTS) if self._churn is None else _CHURN_INTERVAL_S
        turn_at, rehearsal_at = started_at + turn_s, started_at + _REHEARSAL_S
        while (now := time.monotonic()) - started_at < duration_s:
            for role in self._roles:
                role.check()
            for each in self.series:
                each.sample(now - started_at)
            if now >= turn_at:
                turn_at = now + turn_s
                self._turn(now - started_at)
            elif self._churn is None and rehearsal_at <= now < started_at + warm_up_s:
                rehearsal_at = now + _REHEARSAL_S
                self.counts.rehearse()
            time.sleep(interval_s)

    def _turn(self, seconds: float) -> None:
        if self._churn is None or self._churn.is_between_rounds:
            self.counts.sample(seconds)
        if self._churn is not None:
            self._churn.step()
