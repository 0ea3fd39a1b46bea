#!/usr/bin/env python3
"""What sending costs a host that streams: packetizing, parity, pace and QUIC, in CPU time of its event loop.

Starts a host (testcard with grain, which fills the bit rate) and a viewer, and prints JSON: percent of a core, for each
part and together, and the whole loop with the viewer's reports and all timers. The host is the real one, with a clock
around the parts; the clock itself, 0.5 µs a call, is in the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import start_client, start_host
from proof.testcard import GrainyTestcard
from wavry.capture import testcard
from wavry.rift import Sender
from wavry.server.__main__ import run
from wavry.transport.quic.connection import QuicLink

if TYPE_CHECKING:
    from collections.abc import Callable

_AS_HOST = "--as-host"
_WARM_UP_S = 5.0

PARTS = {
    "packetize_and_fec": (Sender, "send_access_unit"),
    "pace": (Sender, "datagrams_to_send"),
    "queue": (QuicLink, "send_datagram"),
    "quic": (QuicLink, "flush"),
}
"""Disjoint: none calls another."""


class Clocks:
    """CPU time of this thread in each part, from the end of the warm-up on."""

    def __init__(self) -> None:
        self.began_at = time.monotonic() + _WARM_UP_S
        self.began_cpu: float | None = None
        self.seconds = dict.fromkeys(PARTS, 0.0)

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function with a clock around it."""

        @wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            begin = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                self._add(name, begin)

        return timed

    def _add(self, name: str, begin: float) -> None:
        now = time.thread_time()
        if self.began_cpu is not None:
            self.seconds[name] += now - begin
        elif time.monotonic() >= self.began_at:
            self.began_cpu, self.began_at = now, time.monotonic()

    def summary(self) -> dict[str, object]:
        """Return percents of a core."""
        if self.began_cpu is None:
            raise SystemExit("sending: nothing was sent")
        elapsed_s = time.monotonic() - self.began_at
        percents = {name: round(100 * seconds / elapsed_s, 2) for name, seconds in self.seconds.items()}
        loop = round(100 * (time.thread_time() - self.began_cpu) / elapsed_s, 2)
        return {"sending_percent": round(sum(percents.values()), 2), "parts": percents, "loop_percent": loop}


def be_host(result: Path, arguments: list[str]) -> None:
    """Be a host with clocks."""
    clocks = Clocks()
    for name, (owner, method) in PARTS.items():
        setattr(owner, method, clocks.around(name, getattr(owner, method)))
    testcard.open_testcard = GrainyTestcard
    run(arguments)
    result.write_text(json.dumps(clocks.summary()), encoding="utf-8")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long it streams (20)")
    parser.add_argument("--size", default="1280x720", help="of the testcard (1280x720)")
    parser.add_argument("--bitrate", default="20M", help="as the host's flag (20M)")
    parser.add_argument("--fec", default="0.2", help="as the host's flag (0.2)")
    options = parser.parse_args()
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-sending-")))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1"}
        result, stats = out / "sending.json", out / "viewer.json"
        flags = ["--source", "testcard", "--size", options.size, "--bitrate", options.bitrate, "--fec", options.fec]
        host, address = start_host(out, environment, *flags, program=(__file__, _AS_HOST, str(result)))
        stack.callback(host.close)
        viewer = start_client(address, out, environment, "--stats-json", str(stats))
        stack.callback(viewer.close)
        time.sleep(options.seconds)
        viewer.leave()
        host.leave()
        video = json.loads(stats.read_text(encoding="utf-8"))["video"]
        said = {"fps": video["fps"], "received_bps": video["bitrate_bps"]}
        print(json.dumps(said | json.loads(result.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    if sys.argv[1:2] == [_AS_HOST]:
        be_host(Path(sys.argv[2]), sys.argv[3:])
    else:
        main()
