#!/usr/bin/env python3
"""What clipboards cost the picture: capture to decoded without them, and while texts of 1 MiB go back and forth.

    python scripts/bench/clipboard.py [--seconds 10] [--size 1280x720] [--bitrate 20M] [--rounds 1]

Host and client are the real programs over QUIC on this machine, the clipboards those of two Xvfb, copied to and pasted
from with xclip. The picture is the testcard at 60 frames a second; the client has no window. Prints a line of JSON for
each round: p50 and p95 in ms of both states, by how much the p95 rose, and the seconds that one text took each way.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.clipboard import ClipboardWatch, copy, text_of
from tests.support.programs import client, host
from tests.support.xserver import XServer

_TEXT_BYTES = 1024 * 1024


def carry(source: str, target: ClipboardWatch, text: bytes) -> float:
    """Copy on one screen, wait until the other can paste it; return the seconds between."""
    began_at = time.perf_counter()
    copy(source, text)
    target.wait_for(text)
    return time.perf_counter() - began_at


def measure(home: Path, options: argparse.Namespace, *, with_texts: bool) -> tuple[dict[str, float], list[list[float]]]:
    """Stream for a while; return the latency, and how long each text took to the host and to the client."""
    to_host: list[float] = []
    to_client: list[float] = []
    with ExitStack() as stack:
        screen, desk = (stack.enter_context(XServer()) for _ in range(2))
        picture = ["--source", "testcard", "--size", options.size, "--bitrate", options.bitrate, "--audio", "off"]
        streaming = stack.enter_context(host(home, *picture, "--clipboard", "both", DISPLAY=screen.display))
        quiet = ["--headless", "--no-audio", "--clipboard", "both", "--stats-json", "stats.json"]
        watching = stack.enter_context(client(home, streaming.ready_address(), *quiet, DISPLAY=desk.display))
        streaming.wait_for("clipboards go from and to")
        if not with_texts:
            time.sleep(options.seconds)
        else:
            at_host, at_client = (stack.enter_context(ClipboardWatch(each.display)) for each in (screen, desk))
            end_at = time.perf_counter() + options.seconds
            for number in count():
                to_host.append(carry(desk.display, at_host, text_of(_TEXT_BYTES, seed=2 * number)))
                to_client.append(carry(screen.display, at_client, text_of(_TEXT_BYTES, seed=2 * number + 1)))
                if time.perf_counter() > end_at:
                    break
        if watching.end() != 0:
            raise SystemExit(f"the client failed: {watching.lines}")
    report = json.loads((home / "stats.json").read_text(encoding="utf-8"))
    latency: dict[str, float] = report["latency_ms"]["capture_to_decoded"]
    return latency, [to_host, to_client]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="in each state, and until the last text is there")
    parser.add_argument("--size", default="1280x720", help="of the picture")
    parser.add_argument("--bitrate", default="20M", help="ceiling of the picture")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="wavry-clipboard-") as home:
            without, _ = measure(Path(home), options, with_texts=False)
            during, (to_host, to_client) = measure(Path(home), options, with_texts=True)
        print(
            json.dumps(
                {
                    "without_ms": {name: without[name] for name in ("p50", "p95")},
                    "during_ms": {name: during[name] for name in ("p50", "p95")},
                    "p95_rise_ms": round(during["p95"] - without["p95"], 2),
                    "texts": len(to_host) + len(to_client),
                    "to_host_s": round(statistics.median(to_host), 2),
                    "to_client_s": round(statistics.median(to_client), 2),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
