"""Sound: what a frame of 5 ms costs on its way, and how long it takes from one sound card to another.

    python scripts/bench/sound.py [--frames N] [--clicks N]

Prints one JSON object. Costs are microseconds at p50 and p95: Opus, with each libopus that is here; the protocol, its
parity included; the client's player, as it is and stretched. With PulseAudio here, clicks go from one of its sinks to
another, in turns through a host and a client, through a host and a browser where there is one, and through PulseAudio's
own `module-loopback`: milliseconds from writing a click to recording it, so all have the same way before and after.
`--clicks 0` leaves that out.
"""

from __future__ import annotations

import argparse
import array
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.support.chromium import PROGRAM as CHROMIUM
from tests.support.chromium import chromium
from tests.support.page_sound import PageSound
from tests.support.programs import client, host
from tests.support.sound import CLIENT_SINK, HOST_SINK, SoundServer
from wavry.client.sound.player import SoundPlayer
from wavry.client.sound.pulse import PulseOutput
from wavry.errors import BackendUnavailableError
from wavry.opus import SAMPLE_RATE, OpusConfig, OpusDecoder, OpusEncoder
from wavry.opus import library as opus_library
from wavry.rift.sound import SoundPacket, SoundPlayout, SoundReceiver, SoundSender

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

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


def measure_protocol(packets: list[bytes]) -> dict[str, object]:
    """Return what a packet costs the host to send, and the client to receive and to play out."""
    sender, receiver, playout = SoundSender(), SoundReceiver(), SoundPlayout()
    sent: list[list[bytes]] = []

    def send(index: int) -> None:
        sender.send_packet(packets[index], index * 5_000, now=0.0)
        sent.append(sender.datagrams_to_send(now=0.0))

    def receive(index: int) -> None:
        now = index * 0.005 + 0.010
        for datagram in sent[index]:
            for packet in receiver.receive_datagram(datagram):
                playout.add(packet, now=now)
        playout.pull(now=now)

    return {"send_us": microseconds(send, len(packets)), "receive_us": microseconds(receive, len(packets))}


def measure_player(packets: list[bytes]) -> dict[str, object]:
    """Return what a block costs the client's sound thread."""
    block = np.zeros((240, 2), np.int16)
    costs: dict[str, object] = {}
    for name, is_stretched in (("as_it_is_us", False), ("stretched_us", True)):
        player = SoundPlayer(OpusDecoder(OpusConfig()), channels=2, frame_us=5_000)

        def play(index: int, player: SoundPlayer = player, is_stretched: bool = is_stretched) -> None:
            now = index * 0.005 + 0.020
            if is_stretched:
                player.read(block, now=now)
            else:
                player.next_block(now=now)

        taken = []
        for index, packet in enumerate(packets):
            player.add([SoundPacket(index, index * 5_000, packet)], now=index * 0.005 + 0.010)
            start = perf_counter_ns()
            play(index)
            taken.append((perf_counter_ns() - start) / 1000)
        ordered = sorted(taken[_WARM_UP:])
        costs[name] = {"p50": round(ordered[len(ordered) // 2], 1), "p95": round(ordered[len(ordered) * 95 // 100], 1)}
    return costs


_CLICK_EVERY_S = 0.25
_CLICK_LEVEL = 16_000
_SAMPLE_BYTES = 4


_SCREEN = ("--source", "testcard", "--size", "640x360", "--fps", "30")


class Clicks:
    """What a `PulseOutput` asks for samples: silence with clicks in it; and what is heard of them at the other sink.

    Args:
        server: Where the sinks are.
        count: How many clicks.
    """

    block_samples = 240

    def __init__(self, server: SoundServer, count: int) -> None:
        self._server = server
        self._count = count
        self._blocks = 0
        self._done = threading.Event()
        self._written: list[float] = []
        self._heard: list[float] = []

    def run(self) -> list[float]:
        """Return the milliseconds from a click's being written to its being recorded, of each that was heard."""
        command = ["parec", f"--device={CLIENT_SINK}.monitor", "--raw", "--format=s16le", f"--rate={SAMPLE_RATE}",
                   "--channels=2", "--latency-msec=5"]  # fmt: skip
        with subprocess.Popen(command, env=self._server.variables(), stdout=subprocess.PIPE) as recorder:
            listening = threading.Thread(target=self._listen, args=(recorder.stdout,))
            listening.start()
            output = PulseOutput(2, HOST_SINK)
            output.play(cast("SoundPlayer", self), self._done)
            output.close()
            recorder.kill()
            listening.join()
        return [
            (heard - at) * 1000
            for at in self._written
            if (heard := next((each for each in self._heard if at < each < at + _CLICK_EVERY_S), None)) is not None
        ]

    def read(self, into: NDArray[np.int16], *, now: float, latency_s: float) -> None:
        """Fill a block of 5 ms; the first second is silent, so that everything on the way has settled."""
        between = round(_CLICK_EVERY_S * 200)
        block, self._blocks = self._blocks, self._blocks + 1
        into.fill(0)
        if block % between == 0 and block >= 4 * between:
            if len(self._written) == self._count:
                self._done.set()
                return
            into[:96] = _CLICK_LEVEL
            self._written.append(now)

    def _listen(self, pipe: Any) -> None:
        quiet_since = 0.0
        while data := pipe.read(48 * _SAMPLE_BYTES):
            now = monotonic()
            if np.abs(np.frombuffer(data, np.int16)).max(initial=0) > _CLICK_LEVEL // 4:
                if now - quiet_since > _CLICK_EVERY_S / 2:
                    self._heard.append(now)
                quiet_since = now


def summary(latencies_ms: list[float], played: int) -> dict[str, object]:
    """Return percentiles of what was heard, and how many were."""
    ordered = sorted(latencies_ms)
    if not ordered:
        return {"clicks": played, "heard": 0}
    return {
        "clicks": played,
        "heard": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[len(ordered) * 95 // 100], 1),
    }


def measure_mouth_to_ear(clicks: int) -> dict[str, object]:
    """Return how long clicks take through wavry and through `module-loopback`, twice each, by turns."""
    ways: dict[str, Callable[[SoundServer, Path, int], list[float]]] = {
        "module_loopback": _through_loopback,
        "wavry": _through_wavry,
    }
    if Path(CHROMIUM).exists():
        ways["browser"] = _through_browser
    heard_ms: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory(prefix="wv") as directory, SoundServer(Path(directory)) as server:
        os.environ.update(server.environment)  # where this process plays its clicks
        for _ in range(2):
            for name, through in ways.items():
                heard_ms[name] += through(server, Path(directory), clicks // 2)
    return {name: summary(each, clicks // 2 * 2) for name, each in heard_ms.items()}


def _through_loopback(server: SoundServer, _: Path, clicks: int) -> list[float]:
    number = server.pactl(
        "load-module", "module-loopback", f"source={HOST_SINK}.monitor", f"sink={CLIENT_SINK}", "latency_msec=20"
    )
    try:
        return Clicks(server, clicks).run()
    finally:
        server.pull_out(number)


def _through_wavry(server: SoundServer, home: Path, clicks: int) -> list[float]:
    variables = {**server.environment, "SDL_VIDEODRIVER": "dummy"}
    with host(home, *_SCREEN, **variables) as streaming:
        with client(home, streaming.ready_address(), "--audio-device", CLIENT_SINK, **variables) as viewer:
            viewer.wait_for("sound: ")
            latencies_ms = Clicks(server, clicks).run()
            viewer.end()
        streaming.end()
    return latencies_ms


def _through_browser(server: SoundServer, home: Path, clicks: int) -> list[float]:
    with host(home, *_SCREEN, "--web", "127.0.0.1:0", **server.environment) as streaming:
        site = streaming.wait_for(r"^wavry-server web (http://\S+)$")[1]
        switches = ("--autoplay-policy=no-user-gesture-required",)
        with chromium(arguments=switches, sound={**server.environment, "PULSE_SINK": CLIENT_SINK}) as browser:
            page = browser.new_page()
            sound = PageSound(page)
            page.goto(site)
            sound.wait()
            return Clicks(server, clicks).run()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=4_000, help="frames to time, 4000 unless told")
    parser.add_argument("--clicks", type=int, default=80, help="clicks to play each way, 80 unless told")
    options = parser.parse_args()
    frames = _WARM_UP + options.frames
    costs = []
    for find in (opus_library.of_the_system, opus_library.of_the_wheel):
        try:
            costs.append(measure_opus(find(), frames))
        except BackendUnavailableError as refusal:
            costs.append({"refused": str(refusal)})
    encoder = OpusEncoder(OpusConfig())
    packets = [encoder.encode(frame) for frame in chord(OpusConfig(), frames)]
    result = {"opus": costs, "protocol": measure_protocol(packets), "player": measure_player(packets)}
    if options.clicks and shutil.which("pulseaudio") is not None:
        result["mouth_to_ear"] = measure_mouth_to_ear(options.clicks)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
