#!/usr/bin/env python3
"""A tone of 1 kHz from a host to a browser: how pure it is, and what is missing, in the page and at its sound card.

    python scripts/bench/browser_tone.py [--seconds N] [--network FLAGS...]

The host makes the tone (`--audio tone`), so that no sound card of its own has a part in it. Both recordings are of the
same time: in the page what its worklet gives to the sound card, and the monitor of the PulseAudio sink that Chromium
plays to. With `--network` the relay of `scripts/impair.py` is between, with its flags, for example `--network --profile
lte --loss 5%`. Prints JSON; the figures are those of `scripts/bench/tone.py`. `page` is what the page says of itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.support.chromium import chromium
from tests.support.page_sound import PageSound
from tests.support.programs import Program, host
from tests.support.sound import CLIENT_SINK, SoundServer
from tests.support.sound_quality import RATE, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 8_192 / 32_768
_SCREEN = ("--source", "testcard", "--size", "640x360", "--fps", "30")
_RELAYED_HOST = "127.0.0.2"
"""A page connects to where it comes from, at the host's UDP port: there a relay can stand before 127.0.0.1."""

_SWITCHES = ("--autoplay-policy=no-user-gesture-required",)


def quality(sound: NDArray[np.float64]) -> dict[str, object]:
    """Return what is to be said of a recording."""
    judged = judge(sound, level=_LEVEL)
    return {**asdict(judged), "longest_gap_ms": judged.longest_gap_ms}


def measure(seconds: float, settle_s: float, network: list[str]) -> dict[str, object]:
    """Return how the tone is heard."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wv")))
        server = stack.enter_context(SoundServer(home))
        web = f"{_RELAYED_HOST}:0" if network else "127.0.0.1:0"
        streaming = stack.enter_context(host(home, *_SCREEN, "--audio", "tone", "--web", web))
        site = streaming.wait_for(r"^wavry-server web (http://\S+)$")[1]
        address = streaming.ready_address()
        variables = {**server.environment, "PULSE_SINK": CLIENT_SINK}
        page = stack.enter_context(chromium(arguments=_SWITCHES, sound=variables)).new_page()
        sound = PageSound(page)
        if network:
            listen = f"{_RELAYED_HOST}:{address.rpartition(':')[2]}"
            relay = stack.enter_context(Program("scripts.impair", listen, address, *network, home=home))
            relay.wait_for("^impair ready ")
        page.goto(site)
        sound.wait()
        sound.record(settle_s)
        with record_sink(server, home / "sink.raw") as recorder:
            in_page = sound.record(seconds)[:, 0]
            recorder.kill()
        data = (home / "sink.raw").read_bytes()
        at_sink = np.frombuffer(data[: len(data) // 4 * 4], np.int16).reshape(-1, 2)[:, 0] / 32_768
        said = sound.figures()
        page.close()
    return {"in_page": quality(in_page), "at_sink": quality(at_sink), "page": said}


def record_sink(server: SoundServer, file: Path) -> subprocess.Popen[bytes]:
    """Begin to record what the sink `client` plays."""
    command = ["parec", f"--device={CLIENT_SINK}.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2"]
    return subprocess.Popen([*command, str(file)], env=server.variables())


def main() -> None:
    """Play, record and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to record (20)")
    parser.add_argument("--settle", type=float, default=5.0, help="how long to play before (5)")
    parser.add_argument("--network", nargs=argparse.REMAINDER, default=[], help="flags of scripts/impair.py, last")
    options = parser.parse_args()
    heard = measure(options.seconds, options.settle, options.network)
    print(json.dumps({"network": " ".join(options.network), "seconds": options.seconds, **heard}, indent=2))


if __name__ == "__main__":
    main()
