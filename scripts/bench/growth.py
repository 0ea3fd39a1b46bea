#!/usr/bin/env python3
"""What a host grows by when viewers come and go, sizes change, encoders are swapped, and a viewer stalls.

Prints JSON, a line per disturbance. Growth is that of the host's RSS from the tenth time to the last, seen from
outside (encoders are swapped in this process, in the host's own pool). A stalled viewer's is the highest RSS while it
stalls over the highest before, held for a second at least; its host is that of `proof.host`, whose testcard has grain
and needs all of 20 Mbit/s. Needs Xvfb and xrandr.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import av
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness.processes import ask_for_report, start_client, start_host
from proof import host as proof_host
from tests.support.xserver import Pencil, XServer
from wavry.client.clock_sync import ClockSync
from wavry.client.session import HostSession
from wavry.client.statistics import Statistics
from wavry.encode import EncoderConfig, EncoderPool
from wavry.errors import ErrorCode
from wavry.media import Codec, Size
from wavry.memory import MemoryBudget
from wavry.rift import Hello
from wavry.transport.quic.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from wavry.decode import StreamFormat

WARM_UP = 10
_PATIENCE_S = 30.0
_SETTLE_S = 3.0
_FPS = 60


class Viewer:
    """A client without a decoder, in this process: quick to connect and to leave."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = host, int(port)
        self.streams: asyncio.Queue[StreamFormat] = asyncio.Queue(64)
        self.units = 0
        self.got_unit = asyncio.Event()

    async def __aenter__(self) -> Viewer:
        self._dialer = await connect(*self._address)
        self._session = HostSession(
            self._dialer.link,
            Hello(name="growth", codecs=("h264",)),
            Statistics(ClockSync()),
            MemoryBudget(),
            on_stream=self.streams.put_nowait,
            on_unit=lambda _: self.got_unit.set(),
            on_source_state=lambda *_: None,
            is_behind=lambda: False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._session.leave(ErrorCode.NO_ERROR, "")
        await asyncio.wait({self._session.ended}, timeout=5)
        self._session.release()
        self._dialer.close()


def rss_mb(pid: int) -> float:
    """Return what a program holds now."""
    return float(psutil.Process(pid).memory_info().rss / 1e6)


def held_mb(pid: int, seconds: float, each_second: Callable[[], None] = lambda: None) -> float:
    """Return the most that a program holds for a second on end within a time."""
    until = time.monotonic() + seconds
    lowest: list[float] = []
    while (now := time.monotonic()) < until:
        each_second()
        samples = [rss_mb(pid)]
        while time.monotonic() < now + 1:
            time.sleep(0.05)
            samples.append(rss_mb(pid))
        lowest.append(min(samples))
    return max(lowest)


async def grow(pid: int, name: str, times: int, disturb: AsyncIterator[None]) -> None:
    """Disturb a program so often and print what it grew by after the tenth time."""
    done, base = 0, 0.0
    async for _ in disturb:
        done += 1
        if done == WARM_UP:
            base = await settled_mb(pid)
        if done == times:
            break
    end = await settled_mb(pid)
    print(json.dumps({"what": name, "times": done, "growth_mb": round(end - base, 3), "rss_mb": end}), flush=True)


async def settled_mb(pid: int) -> float:
    """Return what a program holds when the last disturbance is over: refinement ends a second after it."""
    await asyncio.sleep(_SETTLE_S)
    return rss_mb(pid)


async def connects(address: str) -> AsyncIterator[None]:
    """Come, wait for a picture, leave."""
    while True:
        async with Viewer(address) as viewer, asyncio.timeout(_PATIENCE_S):
            await viewer.got_unit.wait()
        yield


async def size_changes(address: str, screen: XServer) -> AsyncIterator[None]:
    """Resize the screen, wait until the stream has followed."""
    sizes = [(1280, 720), (1920, 1080), (1024, 768), (1600, 900)]
    async with AsyncExitStack() as stack:
        viewer = await stack.enter_async_context(Viewer(address))
        pencil = stack.enter_context(Pencil(screen.display))
        for turn in itertools.count():
            width, height = sizes[turn % len(sizes)]
            await asyncio.to_thread(screen.resize, width, height)
            pencil.fill(0x336699 + turn, 0, 0, 64, 64)
            async with asyncio.timeout(_PATIENCE_S):
                while (await viewer.streams.get()).size != (width, height):
                    pass
            yield


async def encoder_swaps() -> AsyncIterator[None]:
    """Go from one encoder to another of another codec or size, and code a few pictures with it."""
    pool = EncoderPool()
    configs = [
        EncoderConfig(codec=codec, size=size, fps=30)
        for size in (Size(1280, 720), Size(1920, 1080), Size(640, 360))
        for codec in (Codec.H264, Codec.HEVC)
    ]
    for turn in itertools.count():
        encoder = pool.acquire(configs[turn % len(configs)])
        picture = av.VideoFrame(*encoder.config.size, encoder.layout.value)
        for brightness in range(5):
            for plane in picture.planes:
                plane.update(bytes([40 * brightness]) * plane.buffer_size)
            encoder.encode(picture)
        pool.release(encoder.encoder_id)
        yield


def stall(out: Path, environment: dict[str, str], seconds: float) -> None:
    """Stop a viewer at 20 Mbit/s in its tracks, and see whether a stream goes on afterwards."""
    with ExitStack() as stack:
        report, waiting = out / "host.json", [0]
        flags = ("--source", "testcard", "--size", "1280x720", "--bitrate", "20M", "--memory-report", str(report))
        host, address = start_host(out, environment, *flags, program=(proof_host.__file__, os.devnull))
        stack.callback(host.close)
        viewer = start_client(address, out, environment, "--stats-json", str(out / "viewer.json"))
        stack.callback(viewer.close)

        def look() -> None:
            waiting.append(ask_for_report(host, report)["memory"]["quic_send_buffer_bytes"])

        held_mb(host.process.pid, 5, look)
        viewer.process.send_signal(signal.SIGSTOP)
        before = held_mb(host.process.pid, 3, look)
        viewer.process.send_signal(signal.SIGCONT)
        before = max(before, held_mb(host.process.pid, 10, look))
        viewer.process.send_signal(signal.SIGSTOP)
        growth = max(0.0, held_mb(host.process.pid, seconds, look) - before)
        viewer.process.send_signal(signal.SIGCONT)
        time.sleep(15)  # the kernel kept 10 s of old packets for it, so it notices late that the host gave it up
        viewer.leave()
        stats = json.loads((out / "viewer.json").read_text(encoding="utf-8"))
        video = stats["video"]
        result = {"what": "stalled viewer", "seconds": seconds, "growth_mb": round(growth, 3), "rss_mb": before}
        result |= {"bitrate_bps": round(video["bitrate_bps"] / video["fps"] * _FPS), "most_waiting": max(waiting)}
        print(json.dumps(result | {"reconnects": stats["network"]["reconnects"], "decoded": video["frames_decoded"]}))


def main() -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connects", type=int, default=100)
    parser.add_argument("--size-changes", type=int, default=50)
    parser.add_argument("--encoder-swaps", type=int, default=50)
    parser.add_argument("--stall", type=float, default=60.0, help="seconds")
    options = parser.parse_args()
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavry-growth-")))
        environment = os.environ | {"XDG_DATA_HOME": str(out), "PYTHONUNBUFFERED": "1"}
        screen = stack.enter_context(XServer(1920, 1080))
        host, address = start_host(out, environment | {"DISPLAY": screen.display})
        stack.callback(host.close)
        asyncio.run(grow(os.getpid(), "encoder swaps", options.encoder_swaps, encoder_swaps()))
        asyncio.run(grow(host.process.pid, "connects", options.connects, connects(address)))
        asyncio.run(grow(host.process.pid, "size changes", options.size_changes, size_changes(address, screen)))
        host.leave()
        stall(out, environment, options.stall)


if __name__ == "__main__":
    main()
