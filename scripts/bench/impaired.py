#!/usr/bin/env python3
"""What bad networks cost: a real host and a real client, `scripts/impair.py` between them, every picture checked.

Host (testcard with grain, 60 fps) and relay are processes of their own; the client is `wavry.client` in this one, so
that `proof.witness` sees each picture it decodes. Prints a line and keeps JSON per scenario. Exit 1 if a corrupted
picture was shown or something was above its cap.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import start_host, start_relay
from network.profiles import DESCRIPTIONS
from proof import host as proof_host
from proof.witness import SeenPicture, Witness
from wavry import cli
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.media import Codec, Size
from wavry.runtime import run_until_stopped

_HOST = str(Path(proof_host.__file__))

_LEAD_S = 1.0
"""Time at either end of a run that is not counted: connecting, and what is under way when the client leaves."""


class Scenario(NamedTuple):
    """A network by its flags."""

    name: str
    flags: tuple[str, ...]
    returns_after_s: float | None = None
    """When a blackout in it ends, counted from the first datagram."""

    shows_rate: bool = False
    """Whether to tell second by second what the client got."""


SCENARIOS = {
    **{name: Scenario(name, ("--profile", name)) for name in DESCRIPTIONS},
    "loss-5": Scenario("loss-5", ("--rtt", "20ms", "--loss", "5%")),
    "steps": Scenario(
        "steps", ("--rtt", "30ms", "--rate-steps", "0s:20M,8s:3M,16s:1M,30s:20M"), shows_rate=True
    ),  # all in a minute: 45 and 30 frames, 900 and 720 lines, and back
    "narrow": Scenario("narrow", ("--rtt", "30ms", "--size-steps", "0s:1420,10s:1250,20s:1500")),
    "blackout": Scenario("blackout", ("--rtt", "30ms", "--blackout", "10s+3s"), returns_after_s=13.0),
}
TARGETED = ("wifi", "lte", "intercontinental", "loss-5", "blackout")


def run(scenario: Scenario, options: argparse.Namespace) -> dict[str, Any]:
    """Stream over a network and return what came of it."""
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-impaired-")))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1"}
        sent_log, memory_report = out / "sent.log", out / "memory.json"
        stream = ["--source", "testcard", "--size", str(options.size), "--bitrate", str(options.bitrate)]
        host, address = start_host(
            out,
            environment,
            *(*stream, "--memory-report", str(memory_report)),
            program=(_HOST, str(sent_log)),
        )
        stack.callback(host.close)
        relay, address = start_relay(address, out, environment, *scenario.flags, "--seed", options.seed)
        stack.callback(relay.close)
        witness = Witness(options.size)
        config = ClientConfig(address=cli.address(address), headless=True, no_auth=True, duration_s=options.seconds)
        app = ClientApp(config, on_picture=witness.see)
        asyncio.run(run_until_stopped(partial(watch, app)))
        relay.process.send_signal(signal.SIGINT)
        network = json.loads(relay.next_line())
        relay.process.wait()
        host.leave()
        client = app.statistics.report(app.budget)
        server = json.loads(memory_report.read_text(encoding="utf-8"))
        result = summarize(witness, sent_log, client, network, options.seconds)
    over = [each["name"] for each in client["budget"] + server["budget"] if not is_within_cap(each)]
    result |= {"scenario": scenario.name, "flags": scenario.flags, "above_cap": over, "relay": network}
    if scenario.returns_after_s is not None:
        returned_at = network["begun_at"] + scenario.returns_after_s
        result["back_after_ms"] = back_after_ms(witness, returned_at)
    if scenario.shows_rate:
        result["seconds"] = seconds_of(witness, network["begun_at"])
    return result


async def watch(app: ClientApp, stop: asyncio.Event) -> None:
    """Be the client. What ends it early ends us."""
    await app.run(stop)
    if stop.is_set():
        raise KeyboardInterrupt


def summarize(
    witness: Witness, sent_log: Path, client: dict[str, Any], network: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """Return the figures of a run."""
    sent_us = [unit.capture_us for unit in proof_host.read_log(sent_log)]
    first_us = sent_us[0]
    begin_us, end_us = first_us + _LEAD_S * 1e6, first_us + (seconds - 2 * _LEAD_S) * 1e6
    frames_sent = sum(begin_us <= capture_us < end_us for capture_us in sent_us)
    frames_decoded = sum(begin_us <= each.capture_us < end_us for each in witness.seen)
    verdict = witness.judge(proof_host.read_log(sent_log), Codec.H264)
    freezes, forward = witness.freezes(), network["forward"]
    latency = client["latency_ms"]["capture_to_decoded"]
    return {
        "frames_sent": frames_sent,
        "frames_decoded": frames_decoded,
        "fps": round(frames_decoded * 1e6 / (end_us - begin_us), 1),
        "decoded_percent": round(100 * frames_decoded / max(1, frames_sent), 2),
        "freezes": len(freezes),
        "longest_freeze_ms": round(max(freezes, default=0.0)),
        "network_loss_percent": round(100 * (1 - forward["delivered"] / max(1, forward["sent"])), 3),
        "loss_percent": percent(client["network"]["loss"]),
        "loss_after_repair_percent": percent(client["network"]["loss_after_repair"]),
        "latency_ms": latency,
        "keyframe_requests": client["video"]["keyframe_requests"],
        "bitrate_bps": client["video"]["bitrate_bps"],
        "verdict": verdict._asdict(),
        "is_clean": verdict.is_clean and bool(witness.seen),
    }


def percent(share: float | None) -> float | None:
    """Return a share in percent."""
    return None if share is None else round(100 * share, 3)


def is_within_cap(entry: dict[str, Any]) -> bool:
    """Whether a holder of the budget never had more than it may."""
    return bool(max(entry["used_bytes"], entry["high_water_bytes"]) <= entry["cap_bytes"])


def back_after_ms(witness: Witness, returned_at: float) -> float | None:
    """Return how long after the link's return the first picture was decoded that was drawn after its death."""
    times = [each.decoded_us / 1000 - returned_at * 1000 for each in witness.seen]
    return next((round(time, 1) for time in times if time > 0), None)


def seconds_of(witness: Witness, begun_at: float) -> list[dict[str, Any]]:
    """Return for each second since the first datagram what was decoded in it, and the longest gap before a picture."""
    rows: dict[int, list[SeenPicture]] = {}
    gaps: dict[int, int] = {}
    before_us = witness.seen[0].decoded_us if witness.seen else 0
    for each in witness.seen:
        second = int(each.decoded_us / 1e6 - begun_at)
        rows.setdefault(second, []).append(each)
        gaps[second] = max(gaps.get(second, 0), each.decoded_us - before_us)
        before_us = each.decoded_us
    return [
        {
            "second": second,
            "fps": len(seen),
            "longest_gap_ms": round(gaps[second] / 1000),
            "lines": seen[-1].size.height,
            "mbps": round(sum(each.size_bytes for each in seen) * 8 / 1e6, 2),
        }
        for second, seen in sorted(rows.items())
    ]


def line(result: dict[str, Any]) -> str:
    """Return the figures for people."""
    latency = result["latency_ms"]
    text = (
        f"{result['scenario']:17}{result['decoded_percent']:7.2f} % of {result['frames_sent']:5} decoded, "
        f"{result['fps']:4} fps, "
        f"{result['freezes']:3} freezes (longest {result['longest_freeze_ms']} ms), "
        f"lost {result['network_loss_percent']} %, after repair {result['loss_after_repair_percent']} %, "
        f"p50 {latency['p50']} p95 {latency['p95']} ms, {result['keyframe_requests']} keyframe requests, "
        f"{result['bitrate_bps'] / 1e6:.1f} Mbit/s, relay late by p99 {result['relay']['lateness_ms']['p99']} ms, "
    )
    if "back_after_ms" in result:
        text += f"back after {result['back_after_ms']} ms, "
    for row in result.get("seconds", ()):
        pictures = f"{row['fps']:2} pictures of {row['lines']:4} lines, {row['mbps']:5.2f} Mbit/s"
        text += f"\n  {row['second']:3} s: {pictures}, longest gap {row['longest_gap_ms']} ms"
    text += "\n" if "seconds" in result else ""
    coarse = result["verdict"]["coarse"]
    text += f"every picture right ({coarse} coarse)" if result["is_clean"] else f"CORRUPTED {result['verdict']}"
    if result["above_cap"]:
        text += f", ABOVE CAP {' '.join(result['above_cap'])}"
    return text


def main() -> int:
    """Run the scenarios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--scenarios", default=",".join(TARGETED), help=f"of {', '.join(SCENARIOS)} ({','.join(TARGETED)})"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="of each (60)")
    parser.add_argument("--size", type=cli.size, default=Size(1920, 1080), help="of the picture (1920x1080)")
    parser.add_argument("--bitrate", type=cli.amount, default=15_000_000, help="as the host's flag (15M)")
    parser.add_argument("--seed", default="1", help="of the network (1)")
    parser.add_argument("--json", type=Path, help="write everything there")
    options = parser.parse_args()
    results = []
    for name in options.scenarios.split(","):
        results.append(run(SCENARIOS[name], options))
        print(line(results[-1]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0 if all(each["is_clean"] and not each["above_cap"] for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
