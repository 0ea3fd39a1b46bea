"""A host's parts without threads, screen or network, its figures, and viewers over connections in memory."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import structs

from tests.support.aio import until
from tests.support.rift import make_unit
from tests.support.transport import Listener
from wavry.capture import CaptureConfig, open_source
from wavry.encode.config import EncoderConfig
from wavry.encode.stage import EncodeOutput, EncodeStage, EncodeStageConfig, StreamOpened, output_bytes
from wavry.errors import ErrorCode
from wavry.media import Frame, Size
from wavry.memory import MemoryBudget
from wavry.observe.sampler import new_history
from wavry.pipeline import BoundedQueue, Overflow
from wavry.rift import Hello, Receiver, encode_message
from wavry.server.broadcast import Broadcast
from wavry.server.capture_stage import CaptureStage
from wavry.server.figures import Figures
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wavry.rift import Message
    from wavry.server.viewer import ViewerSession
    from wavry.transport import Connection

SIZE = Size(64, 64)


class FiguredHost:
    """What `Host` wires, as far as figures see it."""

    def __init__(self) -> None:
        self.budget = MemoryBudget()
        source = open_source(CaptureConfig(source="testcard", size=SIZE)).backend
        frames: BoundedQueue[Frame] = BoundedQueue(
            "frames", max_items=1, max_bytes=1 << 20, overflow=Overflow.LATEST_WINS, size_of=lambda _: 1
        )
        self.outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
            "encode.outputs", max_items=2, max_bytes=1 << 20, overflow=Overflow.BLOCK, size_of=output_bytes
        )
        self.capture = CaptureStage(source, lambda: source, frames, lambda *_: None)
        self.encode = EncodeStage(EncodeStageConfig(), SIZE, frames, self.outputs, self.budget)
        self.broadcast = Broadcast(self.outputs, lambda: None, lambda _: None, lambda *_: None)
        for name, holder in self.broadcast.holders.items():
            self.budget.register(name, holder, policy=holder.policy)
        self.budget.register("capture.pool", self.capture, policy=source.pool.policy)
        self.figures = Figures(self.budget, new_history(), self.capture, self.encode, self.broadcast)
        self._frame_id = 0

    async def send(self, count: int = 1) -> None:
        """Let the encoder make some keyframes of 1000 bytes, which the viewers get."""
        for _ in range(count):
            self.outputs.put_nowait(make_unit(self._frame_id, keyframe=True))
            self._frame_id += 1
            await until(lambda: self.outputs.used_bytes == 0 and not self.broadcast.send_buffer_bytes)

    async def join(self, name: str = "a viewer") -> JoinedViewer:
        """Let somebody come and watch."""
        before = self.broadcast.viewers
        viewer = self._come(name)
        await until(lambda: len(self.broadcast.viewers) > len(before))
        viewer.session = self.broadcast.viewers[-1]
        return viewer

    async def refuse(self, name: str) -> None:
        """Let somebody come who is not let in."""
        stranger = self._come(name)
        await until(lambda: stranger.listener.lost)

    def _come(self, name: str) -> JoinedViewer:
        client, host = loopback_pair()
        viewer = JoinedViewer(client, Listener(client))
        self.broadcast.admit(host)
        viewer.say(Hello(codecs=("h264",), name=name))
        return viewer


class JoinedViewer:
    """A client that says what it is told to."""

    session: ViewerSession

    def __init__(self, connection: Connection, listener: Listener) -> None:
        self._connection = connection
        self.listener = listener
        self.receiver = Receiver()

    def say(self, message: Message) -> None:
        self._connection.send_stream(Channel.CONTROL, encode_message(message))
        self._connection.flush()

    async def report(self, **fields: object) -> None:
        """Send feedback with some fields set; wait until the host has it."""
        report = structs.replace(self.receiver.make_feedback(0.0), **fields)
        self.say(report)
        await until(lambda: self.session.sender.latest_feedback == report)

    async def leave(self) -> None:
        self._connection.close(ErrorCode.NO_ERROR, "")
        await until(lambda: self.listener.lost)


@asynccontextmanager
async def figured_host() -> AsyncIterator[FiguredHost]:
    """A host whose broadcast runs; its figures are not opened."""
    host = FiguredHost()
    running = asyncio.create_task(host.broadcast.run())
    host.outputs.put_nowait(StreamOpened(0, EncoderConfig(size=SIZE), "test", 3_700_000))
    await until(lambda: host.broadcast.stream is not None)
    yield host
    await host.broadcast.close()
    await until(lambda: not host.broadcast.viewers)
    host.outputs.close()
    await running
    host.figures.close()
    host.capture.source.close()
