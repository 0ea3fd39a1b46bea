"""What capturing costs: x11 beside mss in one run, and whether memory stays flat.

    python scripts/bench/capture.py [--turns 6] [--json FILE]

Starts its own Xvfb for each size and plays three scenes to both sources:

- refresh: a whole frame is asked for while the screen stands still, as for a keyframe.
- typing: a 12x20 rectangle changes.
- repaint: every pixel changes. x11 is bound by the memory's bandwidth here, since the server copies every byte once.

Timed is the call of `next_frame` up to the frame in a pooled buffer. `alone` is a bare `mss.MSS().grab` after a
repaint, without the comparison and the copy that a source needs. The sources take turns, so that what else runs on the
machine hits both. Prints one readable line per size, then everything as JSON. Exit code 1 when x11 is less than 2.5
times as fast as mss at whole frames (refresh), or when memory grows over 600 frames.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
import tracemalloc
from collections import defaultdict
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import mss  # noqa: E402
import psutil  # noqa: E402

from tests.support.xserver import Pencil, XServer  # noqa: E402
from wavry.capture import CaptureConfig, open_source  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.capture import FrameSource
    from wavry.media import Frame

SCENES = ("refresh", "typing", "repaint")
SIZES = ((1920, 1080), (3840, 2160))
MIN_RATIO = 2.5
MEMORY_FRAMES = 600
MAX_TRACED_GROWTH_BYTES = 4096
"""A few objects of the measurement itself; one frame is 8.3 MB, one Python object per frame would be 34 kB."""
MAX_RSS_GROWTH_BYTES = 512 * 1024
PAUSE_S = 0.005
"""Between frames, so that the limit of 240 frames a second never waits inside a measurement."""
TURN_FRAMES = 50
WARM_UP_FRAMES = 5
"""Left out at the start of each turn."""


def summarize(samples_ms: list[float]) -> dict[str, float]:
    """Return p50 and p95 in milliseconds."""
    cuts = statistics.quantiles(samples_ms, n=20)
    return {"p50": round(statistics.median(samples_ms), 3), "p95": round(cuts[-1], 3)}


def take(source: FrameSource) -> Frame:
    """Return the next frame, which must come."""
    frame = source.next_frame(5.0)
    if frame is None:
        raise RuntimeError(f"{source.name} gave no frame")
    return frame


def pause() -> None:
    """Spin: a core that slept wakes with cold caches, and that would be measured instead."""
    until = time.perf_counter() + PAUSE_S
    while time.perf_counter() < until:
        pass


def settle(source: FrameSource) -> None:
    """Take what is left from the other source's turn."""
    while (frame := source.next_frame(PAUSE_S)) is not None:
        frame.release()


def request_full_frame(source: FrameSource, _: int) -> None:
    """Ask for a whole frame."""
    source.request_full_frame()


def time_turn(before: Callable[[int], None], grab: Callable[[], Frame | None]) -> list[float]:
    """Return how many milliseconds each `grab` took, `before` and a pause going ahead of it."""
    samples = []
    for index in range(TURN_FRAMES + WARM_UP_FRAMES):
        before(index)
        pause()
        start = time.perf_counter()
        frame = grab()
        samples.append((time.perf_counter() - start) * 1000)
        if frame is not None:
            frame.release()
    return samples[WARM_UP_FRAMES:]


def measure_memory(source: FrameSource, pencil: Pencil) -> dict[str, int]:
    """Take 600 frames, small and whole ones, and return by how many bytes traced and resident memory grew."""

    def take_frames(count: int) -> None:
        for index in range(count):
            pencil.fill(977 * index & 0xFFFFFF, index % 500, index % 300, 12, 20)
            if index % 10 == 0:
                source.request_full_frame()
            take(source).release()

    process = psutil.Process()
    take_frames(MEMORY_FRAMES)
    gc.collect()
    resident = process.memory_info().rss
    take_frames(MEMORY_FRAMES)
    resident_growth = process.memory_info().rss - resident
    tracemalloc.start()
    take_frames(50)
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    take_frames(MEMORY_FRAMES)
    gc.collect()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "frames": MEMORY_FRAMES,
        "rss_growth_bytes": resident_growth,
        "traced_growth_bytes": now - traced,
        "traced_peak_bytes": peak - traced,
    }


def bench(width: int, height: int, turns: int) -> dict[str, Any]:
    """Measure everything at one size."""

    def open_screen(name: str) -> FrameSource:
        config = CaptureConfig(backend=name, display=server.display, fps=240, refresh_interval_s=60)
        return open_source(config).backend

    def type_letter(index: int) -> None:
        pencil.fill(0x102030 + 977 * index, 12 * (index % 100), 20 * (index % 40), 12, 20)

    def repaint(index: int) -> None:
        pencil.fill(977 * index & 0xFFFFFF, 0, 0, width, height)

    def grab_alone() -> None:
        alone.grab(alone.monitors[0])

    samples: defaultdict[str, list[float]] = defaultdict(list)
    with (
        XServer(width, height) as server,
        Pencil(server.display) as pencil,
        closing(open_screen("x11")) as x11,
        closing(open_screen("mss")) as other,
        mss.MSS(display=server.display) as alone,
    ):
        for _ in range(turns):
            for source in (x11, other):
                for scene, before in (("typing", type_letter), ("repaint", repaint)):
                    settle(source)
                    samples[f"{source.name} {scene}"] += time_turn(before, partial(take, source))
                settle(source)
                ask = partial(request_full_frame, source)
                samples[f"{source.name} refresh"] += time_turn(ask, partial(take, source))
            samples["mss alone"] += time_turn(repaint, grab_alone)
        memory = measure_memory(x11, pencil)
    times = {name: summarize(values) for name, values in samples.items()}
    ratio = {scene: round(times[f"mss {scene}"]["p50"] / times[f"x11 {scene}"]["p50"], 2) for scene in SCENES}
    return {
        "size": f"{width}x{height}",
        "times_ms": times,
        "ratio": ratio,
        "memory": memory,
        "passed": ratio["refresh"] >= MIN_RATIO
        and memory["rss_growth_bytes"] <= MAX_RSS_GROWTH_BYTES
        and memory["traced_growth_bytes"] <= MAX_TRACED_GROWTH_BYTES,
    }


def describe(result: dict[str, Any]) -> str:
    """Return one line for people."""
    times, memory = result["times_ms"], result["memory"]
    scenes = ", ".join(
        f"{scene} {times[f'x11 {scene}']['p50']} ms, p95 {times[f'x11 {scene}']['p95']} (mss {ratio} times as long)"
        for scene, ratio in result["ratio"].items()
    )
    return (
        f"{result['size']}: x11 {scenes}; mss alone {times['mss alone']['p50']} ms; {memory['frames']} frames: "
        f"RSS {memory['rss_growth_bytes']:+} B, traced {memory['traced_growth_bytes']:+} B"
    )


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=6, help=f"of {TURN_FRAMES} frames per scene and source, default 6")
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    arguments = parser.parse_args()
    results = [bench(width, height, arguments.turns) for width, height in SIZES]
    for result in results:
        print(describe(result))
    text = json.dumps({"benchmark": "capture", "results": results}, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    return 0 if all(result["passed"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
