"""The program that the leak hunters look into: a host and a client that stream to each other, doing as they are told.

    python -m leaking.pipeline [--memray FILE] [--plant] STEP...

A STEP is `frames=N` (wait until so many more pictures were decoded), `sessions=N` (so many times the host shows its
viewer the door, which comes back and decodes three more) or `pause` (collect garbage, say so, wait for a line).

Both are in one process and on one loop: a tool that makes everything thirty times slower is then loaded once, sees
both ends of a session at the same moment, and slows both alike, so that no timeout of one runs out on the other.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import socket
import sys
import time
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from wavry.capture import CaptureConfig
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.encode.stage import EncodeStageConfig
from wavry.errors import ErrorCode
from wavry.media import Size
from wavry.server.config import HostConfig
from wavry.server.host import Host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wavry.decode import Picture

_SIZE = Size(160, 96)
_FPS = 60
_PICTURES_PER_SESSION = 3
_PICTURES_PER_COLLECTION = 5
"""Garbage that waits for the collector and what is in CPython's free lists is not lost: away with it, often."""

_PLANTED_BYTES = 100
DONE = "done"
"""Begins the line after each step: its name, its number, and the time in ms since 1970, as memray counts."""
PAUSED = "paused"


class Pipeline:
    """A host, a client that watches it, and how many pictures it has seen. On the loop.

    Args:
        host: Running.
        plant: Leak on purpose, to see that it is found: Python memory with each frame, native with each session.
    """

    def __init__(self, host: Host, *, plant: bool) -> None:
        self._host = host
        self._plant = plant
        self._planted: list[bytes] = []
        self._pictures = 0
        self._came = asyncio.Event()

    def on_picture(self) -> None:
        """Count."""
        self._pictures += 1
        if self._plant:
            self._planted.append(bytes(_PLANTED_BYTES))
        self._came.set()

    async def frames(self, number: int) -> None:
        """Wait until so many more pictures were decoded."""
        end = self._pictures + number
        while self._pictures < end:
            self._came.clear()
            await self._came.wait()
            if self._pictures % _PICTURES_PER_COLLECTION == 0:
                gc.collect()

    async def sessions(self, number: int) -> None:
        """End the session so many times; the client comes back each time."""
        for _ in range(number):
            for viewer in self._host._broadcast.viewers:  # nothing of a host's outside ends just a session
                viewer.close(ErrorCode.TIMEOUT, "a session of the leak hunt is over")
            if self._plant:
                ctypes.CDLL(None).malloc(_PLANTED_BYTES)
            await self.frames(_PICTURES_PER_SESSION)
            gc.collect()

    async def pause(self) -> None:
        """Collect garbage, say that now is the time to look, and wait until somebody has."""
        gc.collect()
        print(PAUSED, flush=True)
        await asyncio.to_thread(sys.stdin.readline)


@asynccontextmanager
async def _streaming(*, plant: bool) -> AsyncIterator[Pipeline]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    address = "127.0.0.1", _free_port()
    capture = CaptureConfig(source="testcard", size=_SIZE, fps=_FPS)
    host = Host(HostConfig(capture=capture, encode=EncodeStageConfig(fps=_FPS), listen=address, no_auth=True))
    pipeline = Pipeline(host, plant=plant)

    def on_picture(_: Picture) -> None:
        loop.call_soon_threadsafe(pipeline.on_picture)

    client = ClientApp(ClientConfig(address=address, headless=True, no_auth=True), on_picture=on_picture)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(host.run(stop))
        tasks.create_task(client.run(stop))
        try:
            await pipeline.frames(1)
            yield pipeline
        finally:
            stop.set()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _run(steps: list[tuple[str, int]], tracking: ExitStack, *, plant: bool) -> None:
    """Do the steps; the tracking ends with the last of them, while everything is still there."""
    async with _streaming(plant=plant) as pipeline:
        for name, number in steps:
            match name:
                case "frames":
                    await pipeline.frames(number)
                case "sessions":
                    await pipeline.sessions(number)
                case "pause":
                    await pipeline.pause()
            print(DONE, name, number, time.time_ns() // 1_000_000, flush=True)
        gc.collect()
        tracking.close()


def _step(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in ("frames", "sessions", "pause"):
        raise argparse.ArgumentTypeError("frames=N, sessions=N or pause")
    return name, int(number or 0)


def main() -> None:
    """Do one step after the other."""
    parser = argparse.ArgumentParser(prog="leaking.pipeline", description=__doc__)
    parser.add_argument("--memray", metavar="FILE", help="track with memray until the last step is done")
    parser.add_argument("--plant", action="store_true", help="leak on purpose")
    parser.add_argument("steps", nargs="+", type=_step)
    options = parser.parse_args()
    with ExitStack() as tracking:
        if options.memray is not None:
            from memray import Tracker

            tracking.enter_context(
                Tracker(options.memray, native_traces=True, trace_python_allocators=True, memory_interval_ms=250)
            )
        asyncio.run(_run(options.steps, tracking, plant=options.plant))


if __name__ == "__main__":
    main()
