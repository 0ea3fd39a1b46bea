"""Sound: what one frame of Opus costs, with each libopus that is here.

    python scripts/bench/sound.py [--frames N]

Prints one JSON object: microseconds at p50 and p95 to encode, to decode and to make up a frame of 5 ms of stereo.
"""

from __future__ import annotations

import argparse
import array
import json
import math
import sys
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from wavry.errors import BackendUnavailableError
from wavry.opus import SAMPLE_RATE, OpusConfig, OpusDecoder, OpusEncoder
from wavry.opus import library as opus_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.opus.library import OpusLibrary

_WARM_UP = 200
_CHORD_HZ = (220.0, 330.0, 440.0, 1_000.0, 3_000.0)


def chord(config: OpusConfig, frames: int) -> list[bytes]:
    """Return frames of music of a kind: a chord, with other phases in each channel."""
    samples = array.array("h")
    for index in range(frames * config.frame_samples):
        for channel in range(config.channels):
            angle = 2 * math.pi * index / SAMPLE_RATE
            samples.append(round(sum(3_000 * math.sin(angle * hertz + channel) for hertz in _CHORD_HZ)))
    data = samples.tobytes()
    return [data[start : start + config.frame_bytes] for start in range(0, len(data), config.frame_bytes)]


def microseconds(call: Callable[[int], object], count: int) -> dict[str, float]:
    """Time a call for each index; the first are warm-up."""
    taken = []
    for index in range(count):
        start = perf_counter_ns()
        call(index)
        taken.append((perf_counter_ns() - start) / 1000)
    ordered = sorted(taken[_WARM_UP:])
    return {"p50": round(ordered[len(ordered) // 2], 1), "p95": round(ordered[len(ordered) * 95 // 100], 1)}


def measure_opus(library: OpusLibrary, frames: int) -> dict[str, object]:
    """Return what a frame costs with one libopus."""
    config = OpusConfig()
    encoder, decoder = OpusEncoder(config, library=library), OpusDecoder(config, library=library)
    sound = chord(config, frames)
    packets = [encoder.encode(frame) for frame in sound]
    buffer = bytearray(config.frame_bytes)
    return {
        "library": library.name,
        "encode_us": microseconds(lambda index: encoder.encode(sound[index]), frames),
        "decode_us": microseconds(lambda index: decoder.decode(packets[index], buffer), frames),
        "conceal_us": microseconds(lambda index: decoder.decode_lost(buffer), frames),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=4_000, help="frames to time, 4000 unless told")
    frames = _WARM_UP + parser.parse_args().frames
    results = []
    for find in (opus_library.of_the_system, opus_library.of_the_wheel):
        try:
            results.append(measure_opus(find(), frames))
        except BackendUnavailableError as refusal:
            results.append({"refused": str(refusal)})
    print(json.dumps({"opus": results}, indent=2))


if __name__ == "__main__":
    main()
