#!/usr/bin/env python3
"""A tone of 1 kHz through host and client, from one sound card to another: how pure it is, and what is missing of it.

    python scripts/bench/tone.py [--seconds N] [--network FLAGS...]

The tone is played to one sink of a PulseAudio and recorded from the monitor of the other one; what is between are real
programs, and with `--network` the relay of `scripts/impair.py` with its flags, for example `--network --profile lte
--loss 5%`. Prints JSON: the peak of the spectrum, how far all else is below it (further than 100 Hz away), the level
against what was played, and every gap longer than a millisecond. A gap is where the tone's envelope, over a
millisecond, is less than half of the whole recording's.
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

from tests.support import sound_quality
from tests.support.programs import Program, client, host
from tests.support.sound import CLIENT_SINK, SoundServer, tone

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RATE = 48_000
_HERTZ = 1_000
_LEVEL = 8_192
_SCREEN = ("--source", "testcard", "--size", "640x360", "--fps", "30")
_AUDIBLE_MS = 20.0


def record(server: SoundServer, seconds: float) -> NDArray[np.float64]:
    """Return what the client's sink plays for so long: the left channel."""
    command = ["parec", f"--device={CLIENT_SINK}.monitor", "--raw", "--format=s16le", f"--rate={_RATE}", "--channels=2"]
    with subprocess.Popen(command, env=server.variables(), stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        data = recorder.stdout.read(round(seconds * _RATE) * 4)
        recorder.kill()
    return np.frombuffer(data, np.int16).reshape(-1, 2)[:, 0].astype(np.float64)


def judge(sound: NDArray[np.float64]) -> dict[str, object]:
    """Return what is to be said of a recording."""
    quality = sound_quality.judge(sound, level=_LEVEL, hertz=_HERTZ)
    return {
        **asdict(quality),
        "longest_gap_ms": quality.longest_gap_ms,
        "audible_gaps": sum(gap > _AUDIBLE_MS for gap in quality.gaps_ms),
    }


def main() -> None:
    """Play, record and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to record (20)")
    parser.add_argument("--settle", type=float, default=5.0, help="how long to play before (5)")
    parser.add_argument("--network", nargs=argparse.REMAINDER, default=[], help="flags of scripts/impair.py, last")
    options = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wv")))
        server = stack.enter_context(SoundServer(home))
        variables = {**server.environment, "SDL_VIDEODRIVER": "dummy"}
        streaming = stack.enter_context(host(home, *_SCREEN, **server.environment))
        address = streaming.ready_address()
        if options.network:
            relay = stack.enter_context(Program("scripts.impair", "127.0.0.1:0", address, *options.network, home=home))
            address = relay.wait_for(r"^impair ready udp://(127\.0\.0\.1:\d+)$")[1]
        flags = ("--audio-device", CLIENT_SINK, "--stats-json", "stats.json")
        viewer = stack.enter_context(client(home, address, *flags, **variables))
        viewer.wait_for("sound: pulse")
        with server.play(tone(_HERTZ, 1.0, level=_LEVEL), latency_ms=500):
            record(server, options.settle)
            sound = record(server, options.seconds)
        viewer.end()
        streaming.end()
        audio = json.loads((home / "stats.json").read_text(encoding="utf-8"))["audio"]
    said = {
        name: audio[name] for name in ("packets_received", "packets_repaired", "packets_lost", "concealed", "buffer_ms")
    }
    print(
        json.dumps(
            {"network": " ".join(options.network), "seconds": options.seconds, **judge(sound), "client": said}, indent=2
        )
    )


if __name__ == "__main__":
    main()
