#!/usr/bin/env python3
"""Two ways to record what a sink plays, in one run: libpulse beside sounddevice.

    python scripts/bench/sound_capture.py [--clicks 40]

Starts a PulseAudio of its own. Both record the same sink, each in a process of its own, while clicks are played into
it; a click that one has later than the other is later by what its way costs. Prints one JSON object: by how many
milliseconds sounddevice has each click after libpulse (p50, p95), and what each process holds more than before it
opened the source, MB of 10**6 bytes. Needs pulseaudio and pacat.
"""

from __future__ import annotations

import argparse
import array
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.sound import SoundServer
from wavry.capture.sound import SoundCaptureConfig
from wavry.capture.sound.devices import open_sounddevice
from wavry.capture.sound.pulse import open_pulse
from wavry.clock import monotonic_us
from wavry.memory.metrics import resident_bytes

_PERIOD_SAMPLES = 12_000
_LOUD = 8_000
_OPENERS = {"pulse": open_pulse, "sounddevice": open_sounddevice}


def record(way: str, clicks: int) -> None:
    """Print when each click was there, and what the source holds. Runs in a process of its own."""
    before = resident_bytes()
    source = _OPENERS[way](SoundCaptureConfig())
    heard: list[int] = []
    last_us = 0
    while len(heard) < clicks:
        block = source.next_block(10.0)
        if block is None:
            raise SystemExit(f"{way}: nothing was heard")
        now_us = monotonic_us()
        if max(block.samples.cast("h")) > _LOUD and now_us - last_us > 100_000:
            heard.append(now_us)
            last_us = now_us
    held = resident_bytes() - before
    source.close()
    print(json.dumps({"heard_us": heard, "mb": round(held / 1e6, 1)}))


def compare(clicks: int) -> dict[str, object]:
    """Return what the two ways cost beside each other."""
    samples = array.array("h", bytes(_PERIOD_SAMPLES * 4))
    samples[:480] = array.array("h", [20_000] * 480)
    with tempfile.TemporaryDirectory(prefix="wavry-") as directory, SoundServer(Path(directory)) as server:
        environment = server.variables() | {"PULSE_SOURCE": "@DEFAULT_MONITOR@", "PATH": os.environ["PATH"]}
        recorders = {
            way: subprocess.Popen(
                [sys.executable, __file__, "--record", way, "--clicks", str(clicks)],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            for way in _OPENERS
        }
        with server.play(samples.tobytes()):
            found = {way: json.loads(process.communicate(timeout=120)[0]) for way, process in recorders.items()}
    later_us = []
    for at_us in found["sounddevice"]["heard_us"]:
        nearest_us = min(found["pulse"]["heard_us"], key=lambda each: abs(each - at_us))
        if abs(at_us - nearest_us) < _PERIOD_SAMPLES * 1_000_000 // 48_000 // 2:
            later_us.append(at_us - nearest_us)
    later_us.sort()
    return {
        "sounddevice_later_ms": {
            "p50": later_us[len(later_us) // 2] / 1000,
            "p95": later_us[len(later_us) * 95 // 100] / 1000,
            "clicks": len(later_us),
        },
        "holds_mb": {way: each["mb"] for way, each in found.items()},
    }


def main() -> None:
    """Compare, or be one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=40, help="how many (40)")
    parser.add_argument("--record", choices=_OPENERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        record(options.record, options.clicks)
    else:
        print(json.dumps(compare(options.clicks), indent=2))


if __name__ == "__main__":
    main()
