#!/usr/bin/env python3
"""Lip-sync seen from outside: a white flash and a click at once on the host, and when each is there at the client.

    python scripts/bench/clapper.py [--seconds N] [--skew PPM]

Two screens (Xvfb) and two sinks of a PulseAudio; host and client are real programs, and the client records. The flash
is looked for on the client's screen 500 times a second, the click in what both sinks play. Prints JSON: how many
milliseconds the sound came later than the picture, compared with the host, for each quarter of the time; and the same
from the recording.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import av
import numpy as np
from Xlib import X
from Xlib.display import Display

from tests.support.programs import Program, host
from tests.support.sound import CLIENT_SINK, HOST_SINK, SoundServer
from tests.support.xserver import Pencil, XServer
from wavry.client.sound.pulse import PulseOutput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from wavry.client.sound.player import SoundPlayer

SIZE = (640, 360)
_RATE = 48_000
_CLAP_EVERY_S = 0.8
_FLASH_S = 0.25
_SETTLE_S = 6.0
_TOGETHER_S = 0.35
"""Flash and click of one clap are nearer than this, and those of two claps further apart."""

_LEVEL = 16_000
_LOOK_EVERY_S = 0.002


class Click:
    """What a `PulseOutput` asks for samples: silence, and a click when one is wanted."""

    block_samples = 240

    def __init__(self) -> None:
        self.is_wanted = False

    def read(self, into: NDArray[np.int16], *, now: float, latency_s: float) -> None:
        """Fill a block of 5 ms."""
        into.fill(0)
        if self.is_wanted:
            self.is_wanted = False
            into[:96] = _LEVEL


def note_clicks(server: SoundServer, sink: str, heard: list[float], stack: ExitStack) -> None:
    """Write down when clicks are played by a sink, until the stack closes."""
    command = ["parec", f"--device={sink}.monitor", "--raw", "--format=s16le", f"--rate={_RATE}", "--channels=2",
               "--latency-msec=5"]  # fmt: skip
    recorder = subprocess.Popen(command, env=server.variables(), stdout=subprocess.PIPE)

    def listen() -> None:
        last = 0.0
        pipe = cast("Any", recorder.stdout)
        while data := pipe.read(48 * 4):
            if np.abs(np.frombuffer(data, np.int16)).max(initial=0) > _LEVEL // 4:
                now = time.monotonic()
                if now - last > _TOGETHER_S:
                    heard.append(now)
                last = now

    thread = threading.Thread(target=listen)
    thread.start()
    stack.callback(thread.join)
    stack.callback(recorder.wait)
    stack.callback(recorder.kill)


def note_flashes(display_name: str, seen: list[float], stop: threading.Event) -> None:
    """Write down when the middle of the client's window becomes white."""
    display = Display(display_name)
    root = display.screen().root
    was_white = False
    while not stop.is_set():
        pixel = root.get_image(SIZE[0] // 2, SIZE[1] // 2, 1, 1, X.ZPixmap, 0xFFFFFF).data
        is_white = pixel[0] > 128
        if is_white and not was_white:
            seen.append(time.monotonic())
        was_white = is_white
        time.sleep(_LOOK_EVERY_S)
    display.close()


def clap(pencil: Pencil, click: Click, seconds: float) -> list[float]:
    """Clap for so long; return when each flash was on the host's screen."""
    drawn: list[float] = []
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        click.is_wanted = True
        pencil.fill(0xFFFFFF, 0, 0, *SIZE)
        drawn.append(time.monotonic())
        time.sleep(_FLASH_S)
        pencil.fill(0, 0, 0, *SIZE)
        time.sleep(_CLAP_EVERY_S - _FLASH_S)
    return drawn


def lags_ms(
    drawn: Sequence[float], host_heard: Sequence[float], seen: Sequence[float], heard: Sequence[float]
) -> list[float]:
    """Return how much later the sound of each clap came than its picture, beside what it did on the host."""
    lags: list[float] = []
    for at in drawn:
        kinds = host_heard, seen, heard
        times = [next((each for each in kind if at < each < at + _TOGETHER_S), None) for kind in kinds]
        if None not in times:
            host_click, flash, ear = cast("list[float]", times)
            lags.append(((ear - flash) - (host_click - at)) * 1000)
    return lags


def recorded_lags_ms(path: Path) -> list[float]:
    """Return how much later than its flash each click of a recording is."""
    flashes, clicks = list(_recorded_flashes(path)), list(_recorded_clicks(path))
    pairs = ((flash, min(clicks, key=lambda each: abs(each - flash), default=None)) for flash in flashes)
    return [(ear - flash) * 1000 for flash, ear in pairs if ear is not None and abs(ear - flash) < _TOGETHER_S]


def _recorded_flashes(path: Path) -> Iterator[float]:
    was_white = False
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            is_white = bool(np.frombuffer(memoryview(frame.planes[0]), np.uint8).mean() > 128)
            if is_white and not was_white:
                yield frame.time
            was_white = is_white


def _recorded_clicks(path: Path) -> Iterator[float]:
    last = -1.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray()[0])  # Opus decodes to floats
            loud = np.flatnonzero(samples > _LEVEL / 4 / 32_768)
            if loud.size:
                now = cast("float", frame.time) + float(loud[0]) / frame.sample_rate
                if now - last > _TOGETHER_S:
                    yield now
                last = now


def summary(values: Sequence[float]) -> dict[str, object]:
    """Return percentiles."""
    ordered = sorted(values)
    if not ordered:
        return {"claps": 0}
    shares = {"least": 0.0, "p5": 0.05, "p50": 0.5, "p95": 0.95, "most": 1.0}
    return {"claps": len(ordered)} | {
        name: round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1) for name, share in shares.items()
    }


def main() -> None:
    """Clap and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long (600)")
    parser.add_argument("--skew", type=float, default=200.0, help="ppm that the client's clock is too fast (200)")
    options = parser.parse_args()
    host_heard: list[float] = []
    seen: list[float] = []
    heard: list[float] = []
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wv")))
        server = stack.enter_context(SoundServer(home))
        os.environ.update(server.environment)  # where this process plays its clicks
        host_screen = stack.enter_context(XServer(*SIZE))
        client_screen = stack.enter_context(XServer(*SIZE))
        pencil = stack.enter_context(Pencil(host_screen.display))
        pencil.fill(0, 0, 0, *SIZE)
        streaming = stack.enter_context(host(home, DISPLAY=host_screen.display, **server.environment))
        flags = ["--no-auth", "--audio-device", CLIENT_SINK, "--record", "clapper.mkv", "--stats-json", "stats.json"]
        command = ["scripts.lib.harness.skewed", str(options.skew), streaming.ready_address(), *flags]
        variables = {**server.environment, "DISPLAY": client_screen.display}
        viewer = stack.enter_context(Program(*command, home=home, **variables))
        viewer.wait_for("sound: ")
        note_clicks(server, HOST_SINK, host_heard, stack)
        note_clicks(server, CLIENT_SINK, heard, stack)
        stop, click = threading.Event(), Click()
        player = threading.Thread(target=_play, args=(click, stop))
        watcher = threading.Thread(target=note_flashes, args=(client_screen.display, seen, stop))
        player.start()
        watcher.start()
        time.sleep(_SETTLE_S)
        drawn = clap(pencil, click, options.seconds)
        stop.set()
        player.join()
        watcher.join()
        viewer.end()
        streaming.end()
        stats = json.loads((home / "stats.json").read_text(encoding="utf-8"))
        recorded = recorded_lags_ms(home / "clapper.mkv")
    on_host = [next((each - at for each in host_heard if at < each < at + _TOGETHER_S), None) for at in drawn]
    click_after_flash_ms = sorted(each * 1000 for each in on_host if each is not None)
    middle = click_after_flash_ms[len(click_after_flash_ms) // 2]
    quarter = max(1, len(drawn) // 4)
    live = [lags_ms(drawn[at : at + quarter], host_heard, seen, heard) for at in range(0, 4 * quarter, quarter)]
    result = {
        "seconds": options.seconds,
        "skew_ppm": options.skew,
        "click_after_flash_on_host_ms": round(middle, 1),
        "live_ms": [summary(each) for each in live],
        "recorded_ms": summary([each - middle for each in recorded]),
        "said_offset_ms": stats["audio"]["offset_ms"],
    }
    print(json.dumps(result, indent=2))


def _play(click: Click, stop: threading.Event) -> None:
    output = PulseOutput(2, HOST_SINK)
    output.play(cast("SoundPlayer", click), stop)
    output.close()


if __name__ == "__main__":
    main()
