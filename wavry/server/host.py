"""The wiring of a host: screen, encoder, viewers, listener, in one TaskGroup."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.capture import open_source
from wavry.clock import monotonic
from wavry.encode.config import EncoderConfig
from wavry.encode.registry import open_encoder
from wavry.encode.stage import EncodeOutput, EncodeStage, output_bytes
from wavry.errors import ErrorCode
from wavry.files import write_whole
from wavry.media import Size
from wavry.memory import MemoryBudget, Registration
from wavry.memory.metrics import measure_memory
from wavry.observe.sampler import keep_history, new_history
from wavry.pipeline import BoundedQueue, Overflow, run_in_worker
from wavry.server.broadcast import Broadcast
from wavry.server.capture_stage import CaptureStage
from wavry.transport.identity import HostIdentity, data_directory
from wavry.transport.quic.connection import format_address
from wavry.transport.quic.server import QuicListener, listen

if TYPE_CHECKING:
    from wavry.backends import Opened
    from wavry.capture import FrameSource
    from wavry.media import Frame
    from wavry.server.config import HostConfig

logger = logging.getLogger(__name__)

_PROBE_SIZE = Size(640, 360)
_MAX_FRAME_BYTES = 8192 * 8192 * 4
_MAX_OUTPUTS = 2
"""Access units between the encoder and the loop: one on its way, one more while the loop is busy."""
_MAX_OUTPUT_BYTES = 4 * 1024 * 1024


class Host:
    """Streams a source to whoever connects, until told to stop."""

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self._started_at = monotonic()
        self.budget = MemoryBudget()
        self._history = new_history()
        self._registrations: list[Registration] = []
        self._broadcast: Broadcast | None = None
        self._capture: CaptureStage | None = None
        self._encode: EncodeStage | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Stream until `stop` is set or the time is up.

        Raises:
            ConfigError: The address can't be used, the region is off the screen, the file can't be read.
            NoBackendError: No capture or encoder back end works.
        """
        opened = await asyncio.to_thread(open_source, self._config.capture)
        _log_source(opened)
        try:
            if self._config.encode.encoder != AUTO:
                await asyncio.to_thread(self._check_encoder)
            listener = self._listen()
        except BaseException:
            opened.backend.close()
            raise
        try:
            await self._stream(opened.backend, listener, stop)
        finally:
            for registration in self._registrations:
                registration.close()

    def _check_encoder(self) -> None:
        """Fail now, not when the first viewer comes, if the only encoder to be used does not work here."""
        encode = self._config.encode
        probe = EncoderConfig(codec=encode.codec, size=_PROBE_SIZE, fps=encode.fps, bitrate_bps=encode.bitrate_bps)
        open_encoder(probe, wanted=encode.encoder).backend.close()

    def _listen(self) -> QuicListener:
        identity = HostIdentity.load_or_create(data_directory())
        host, port = self._config.listen
        listener = listen(host, port, identity, self._admit)
        address = format_address(listener.address)
        print(f"wavry-server ready udp://{address} sha256:{identity.fingerprint}", flush=True)  # noqa: T201
        return listener

    def _admit(self, connection: object) -> None:
        if self._broadcast is not None:
            self._broadcast.admit(connection)  # type: ignore[arg-type] # a QuicLink is a Connection

    async def _stream(self, source: FrameSource, listener: QuicListener, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        frames: BoundedQueue[Frame] = BoundedQueue(
            "capture.frames",
            max_items=1,
            max_bytes=_MAX_FRAME_BYTES,
            overflow=Overflow.LATEST_WINS,
            size_of=lambda frame: frame.stride * frame.size.height,
            discard=lambda frame: frame.release(),
            supersede=lambda newer, older: newer.supersede(older),
        )
        outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
            "encode.outputs",
            max_items=_MAX_OUTPUTS,
            max_bytes=_MAX_OUTPUT_BYTES,
            overflow=Overflow.BLOCK,
            size_of=output_bytes,
        )
        self._register(outputs)
        encode = self._encode = EncodeStage(self._config.encode, source.size(), frames, outputs, self.budget)
        broadcast = self._broadcast = Broadcast(outputs, encode.request_keyframe, self._watched)

        def source_state(available: bool, reason: str) -> None:
            loop.call_soon_threadsafe(broadcast.tell_source_state, available, reason)

        capture = self._capture = CaptureStage(source, self._reopen, frames, source_state)
        self._registrations.append(self.budget.register("capture.pool", capture, policy=source.pool.policy))
        if self._config.stream_for_s is not None:
            capture.watch(True)
        try:
            async with asyncio.TaskGroup() as tasks:
                stages = [
                    tasks.create_task(run_in_worker("wavry-capture", capture.run, stop=capture.stop)),
                    tasks.create_task(run_in_worker("wavry-encode", encode.run, stop=encode.stop)),
                    tasks.create_task(broadcast.run()),
                ]
                stages.append(tasks.create_task(keep_history(self._history)))
                self._report_on_signal(loop)
                await self._wait(stop)
                report = self.report()
                for stage in stages:
                    stage.cancel()
        finally:
            await broadcast.close()
            await listener.close(ErrorCode.SHUTTING_DOWN, "the host is being stopped")
        self._write(report)

    def _watched(self, watched: bool) -> None:
        if self._capture is not None and self._config.stream_for_s is None:
            self._capture.watch(watched)

    def _reopen(self) -> FrameSource:
        return open_source(self._config.capture).backend

    def _register(self, queue: BoundedQueue[EncodeOutput]) -> None:
        self._registrations.append(self.budget.register(queue.name, queue, policy=queue.overflow.value))

    async def _wait(self, stop: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._config.stream_for_s):
                await stop.wait()
        except TimeoutError:
            pass

    def report(self) -> dict[str, object]:
        """Return what `--memory-report` holds."""
        pool = self._capture.source.pool.memory_usage() if self._capture is not None else None
        buffers = pool.in_use_buffers + pool.available_buffers if pool is not None else 0
        metrics = measure_memory(
            buffer_pool_utilization=pool.in_use_buffers / buffers if pool is not None and buffers else None,
            quic_send_buffer_bytes=self._broadcast.send_buffer_bytes if self._broadcast is not None else None,
        )
        return {
            "version": 1,
            "duration_s": round(monotonic() - self._started_at, 3),
            "frames_captured": self._capture.captured if self._capture is not None else 0,
            "frames_encoded": self._encode.encoded if self._encode is not None else 0,
            "memory": metrics.as_dict(),
            "budget": [entry.as_dict() for entry in self.budget.entries()],
            "profile": self._history.profile().as_dict(),
        }

    def _report_on_signal(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write a report at each SIGUSR1, where the system has it."""
        number = getattr(signal, "SIGUSR1", None)
        if number is not None and self._config.memory_report is not None:
            loop.add_signal_handler(number, lambda: self._write(self.report()))

    def _write(self, report: dict[str, object]) -> None:
        if self._config.memory_report is not None:
            data = json.dumps(report, indent=2).encode() + b"\n"
            write_whole(self._config.memory_report, data, flag="--memory-report")


def _log_source(opened: Opened[FrameSource]) -> None:
    refused = "; ".join(map(str, opened.refusals))
    logger.info(
        "capture: %s %s%s%s",
        opened.name,
        opened.backend.size(),
        f" (refused {refused})" if refused else "",
        "".join(f"; {note}" for note in opened.backend.notes),
    )
