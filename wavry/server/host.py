"""The wiring of a host: screen, encoder, viewers, listener, in one TaskGroup."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.capture import open_source
from wavry.capture.config import SCREEN
from wavry.capture.sound import OFF
from wavry.encode.config import EncoderConfig
from wavry.encode.registry import open_encoder
from wavry.encode.stage import EncodeOutput, EncodeStage, output_bytes
from wavry.errors import ConfigError, ErrorCode
from wavry.files import write_whole
from wavry.input import OFF as NO_INPUT
from wavry.keyfile import data_directory
from wavry.media import Frame, Size
from wavry.memory import HolderGroup, MemoryBudget, Registration, format_table
from wavry.memory.collector import exempt_survivors
from wavry.memory.metrics import resident_bytes
from wavry.observe.sampler import keep_history, new_history
from wavry.pipeline import BoundedQueue, Overflow, run_in_worker
from wavry.rift import Hello
from wavry.rift.cursor.sender import CursorSender
from wavry.server.broadcast import Broadcast
from wavry.server.capture_stage import CaptureStage
from wavry.server.cursor.part import CursorHub, ViewerCursor
from wavry.server.cursor.stage import CursorStage
from wavry.server.door import MAX_WAITING
from wavry.server.figures import Figures
from wavry.server.guard import Guard
from wavry.server.hands import HANDS_RIGHTS, Hands, HandsPart, HandsStage
from wavry.server.hands.stage import open_keys
from wavry.server.monitors import Monitors
from wavry.server.sound_stage import SoundStage, new_sound_queue
from wavry.server.viewer import PLAIN_HELLO
from wavry.transport.identity import HostIdentity
from wavry.transport.quic.connection import format_address
from wavry.transport.quic.server import QuicListener, listen
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from wavry.backends import Opened
    from wavry.capture import FrameSource
    from wavry.capture.layout import Layout
    from wavry.memory.budget import Bounded
    from wavry.rift import Right
    from wavry.server.clipboard import HostClipboard
    from wavry.server.config import HostConfig
    from wavry.server.pages import Pages
    from wavry.server.sound_stage import SoundState
    from wavry.server.viewer import ViewerSession
    from wavry.transport import Connection

logger = logging.getLogger(__name__)

_PROBE_SIZE = Size(640, 360)
_MAX_FRAME_BYTES = 8192 * 8192 * 4
_MAX_OUTPUTS = 2
"""Access units between the encoder and the loop: one on its way, one more while the loop is busy."""
_MAX_OUTPUT_BYTES = 3_000_000


class Host:
    """Streams a source to whoever connects, until told to stop."""

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self._history = new_history()
        self._registrations: list[Registration] = []
        self._clipboard: HostClipboard | None = None
        self.budget = MemoryBudget()
        self._guard: Guard | None = None
        """Lets in those who were paired; None where everybody may come."""
        self._pages: Pages | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Stream until `stop` is set or the time is up.

        Raises:
            ConfigError: The address can't be used, the region is off the screen, the file can't be read, or the
                memory limit is too low.
            NoBackendError: No capture or encoder back end works.
        """
        opened = await asyncio.to_thread(open_source, self._config.capture)
        _log_source(opened)
        try:
            if self._config.encode.encoder != AUTO:
                await asyncio.to_thread(self._check_encoder)
            if self._config.input not in (AUTO, NO_INPUT):
                await asyncio.to_thread(self._check_input)
            await self._open_clipboard()
            self._build(opened.backend)
            identity = HostIdentity.load_or_create(data_directory())
            if not self._config.no_auth:
                self._guard = Guard(data_directory(), identity, self._config.rights, self._broadcast)
                self._register("server.door", self._guard.door, self._guard.door.policy)
            if self._config.has_pages:
                from wavry.server.pages import Pages

                self._pages = Pages(self._config, identity, self.figures)
            listener = listen(
                *self._config.listen,
                identity,
                self._admit,
                settings=self._quic_settings(),
                allows_origin=None if self._pages is None else self._pages.allows_origin,
            )
        except BaseException:
            opened.backend.close()
            self._close_clipboard()
            raise
        self._register("transport.quic", listener.memory, listener.memory.policy)
        try:
            if self._pages is not None:
                await self._pages.open(listener.address[1], self._register)
            self._check_memory_limit()
            if self._guard is not None:
                await self._guard.open(listener.address[1])
        except ConfigError:
            if self._pages is not None:
                await self._pages.close()
            await listener.close(ErrorCode.SHUTTING_DOWN, "")
            opened.backend.close()
            self._close_clipboard()
            raise
        exempt_survivors()
        self._loop = asyncio.get_running_loop()
        self._report_on_signal()  # before anybody can know that we are here
        address = format_address(listener.address)
        print(f"wavry-server ready udp://{address} sha256:{identity.fingerprint}", flush=True)  # noqa: T201
        report = await self._stream(listener, stop)
        for registration in self._registrations:
            registration.close()
        self._close_clipboard()
        self._write(report)

    def _quic_settings(self) -> QuicSettings:
        return QuicSettings(max_connections=MAX_WAITING + self._config.max_viewers)

    def _check_encoder(self) -> None:
        """Fail now, not when the first viewer comes, if the only encoder to be used does not work here."""
        encode = self._config.encode
        probe = EncoderConfig(codec=encode.codec, size=_PROBE_SIZE, fps=encode.fps, bitrate_bps=encode.bitrate_bps)
        open_encoder(probe, wanted=encode.encoder).backend.close()

    def _check_input(self) -> None:
        """Fail now, not when the first client comes, if the only way to hands does not work here."""
        open_keys(self._config.input, self._config.capture.display).close()

    # Building.

    def _build(self, source: FrameSource) -> None:
        """Make the stages and what joins them; nothing runs yet, and no buffer is allocated."""
        frames: BoundedQueue[Frame] = BoundedQueue(
            "capture.frames",
            max_items=1,
            max_bytes=_MAX_FRAME_BYTES,
            overflow=Overflow.LATEST_WINS,
            size_of=lambda frame: frame.stride * frame.size.height,
            discard=lambda frame: frame.release(),
            supersede=lambda newer, older: newer.supersede(older),
        )  # not in the budget: what waits in it is in the pool's account
        outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
            "encode.outputs",
            max_items=_MAX_OUTPUTS,
            max_bytes=_MAX_OUTPUT_BYTES,
            overflow=Overflow.BLOCK,
            size_of=output_bytes,
        )
        self._encode = EncodeStage(self._config.encode, source.size(), frames, outputs, self.budget)
        self._broadcast = Broadcast(
            outputs,
            self._encode.request_keyframe,
            self._watched,
            self._encode.aim_at,
            redundancy=self._config.redundancy,
            ceiling_bps=self._config.encode.bitrate_bps,
            fps=self._config.encode.fps,
            max_viewers=self._config.max_viewers,
            rights=self._rights(),
            introduction=self._introduction(),
            add_parts=self._add_parts,
        )
        self._capture = CaptureStage(source, self._reopen, frames, self._source_changed, self._layout_changed)
        self._monitors = Monitors(self._capture.layout, self._capture.choose_monitor)
        self._sound = self._build_sound()
        self._hands_stage = self._build_hands()
        self._build_cursor()
        self._register("capture.pool", self._capture, source.pool.policy)
        self._register(outputs.name, outputs, outputs.overflow.value)
        for name, holder in self._broadcast.holders.items():
            self._register(name, holder, holder.policy)
        self.figures = Figures(self.budget, self._history, self._capture, self._encode, self._broadcast)

    def _build_sound(self) -> SoundStage | None:
        if self._config.sound.source == OFF:
            return None
        packets = new_sound_queue()
        stage = SoundStage(self._config.sound, packets, self._sound_changed)
        self._broadcast.add_sound(packets, stage.want)
        self._register("sound.capture", stage, stage.policy)
        self._register(packets.name, packets, packets.overflow.value)
        return stage

    def _rights(self) -> frozenset[Right]:
        """Return what clients may do: nobody has hands where only pictures of something else are shown."""
        has_hands = self._config.input != NO_INPUT and self._config.capture.source == SCREEN
        return self._config.rights if has_hands else self._config.rights - HANDS_RIGHTS

    def _build_hands(self) -> HandsStage | None:
        """Make what takes clients' input; the thread is there only if anybody may send some."""
        self._hands = hands = Hands(self._config.max_viewers, lambda wanted: stage.want(wanted))
        stage = HandsStage(
            hands.queue,
            lambda: self._capture.source.area,
            self._rumbled,
            open_keys=partial(open_keys, self._config.input, self._config.capture.display),
        )
        self._register(hands.queue.name, hands.queue, hands.queue.policy)
        self._register("rift.input", hands.receivers, hands.receivers.policy)
        return stage if self._rights() & HANDS_RIGHTS else None

    def _build_cursor(self) -> None:
        self._cursor: CursorStage | None = None
        if self._config.capture.source != SCREEN:
            return
        pending = HolderGroup(self._config.max_viewers, CursorSender.cap_bytes, CursorSender.policy)
        self._cursors = CursorHub(lambda wanted: stage.want(wanted), pending)
        stage = self._cursor = CursorStage(
            self._cursors, lambda: self._capture.source.area, self._config.capture.display
        )
        self._register("cursor.latest", self._cursors, self._cursors.policy)
        self._register("rift.cursors", pending, pending.policy)

    async def _open_clipboard(self) -> None:
        if not self._config.clipboard:
            return
        from wavry.server.clipboard import HostClipboard

        clipboard = HostClipboard(self._config.clipboard, self.budget, self._config.max_viewers)
        if await clipboard.open():
            self._clipboard = clipboard

    def _close_clipboard(self) -> None:
        if self._clipboard is not None:
            self._clipboard.close()

    def _introduction(self) -> Hello:
        """Return what this host says of itself."""
        if self._clipboard is None:
            return PLAIN_HELLO
        return Hello(clipboard_send=self._config.clipboard.send, clipboard_receive=self._config.clipboard.receive)

    def _register(self, name: str, holder: Bounded, policy: str) -> None:
        self._registrations.append(self.budget.register(name, holder, policy=policy))

    def _check_memory_limit(self) -> None:
        """Refuse to start when the caps and what is here already come to more than allowed."""
        limit = self._config.memory_limit_bytes
        if limit is None:
            return
        baseline = resident_bytes()
        needed = baseline + self.budget.cap_bytes
        if needed > limit:
            print(format_table(self.budget.entries(), baseline_bytes=baseline), file=sys.stderr)  # noqa: T201
            allowed = f"{-(-needed // 1_000_000)}M or more for this source, see the table above"
            raise ConfigError("--memory-limit", f"{limit / 1e6:g}M", allowed)

    # Running.

    async def _stream(self, listener: QuicListener, stop: asyncio.Event) -> dict[str, object]:
        """Run the stages until it is time to stop; return the report of that moment."""
        if self._config.stream_for_s is not None:
            self._capture.watch(True)
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(run_in_worker("wavry-capture", self._capture.run, stop=self._capture.stop)),
                    tasks.create_task(run_in_worker("wavry-encode", self._encode.run, stop=self._encode.stop)),
                    tasks.create_task(self._broadcast.run()),
                    *self._sound_tasks(tasks),
                    *self._hands_tasks(tasks),
                    *self._cursor_tasks(tasks),
                    *([tasks.create_task(self._clipboard.run())] if self._clipboard is not None else []),
                    tasks.create_task(keep_history(self._history)),
                    *self._guard_tasks(tasks, listener),
                    *([tasks.create_task(self._pages.run())] if self._pages is not None else []),
                ]
                await self._wait(stop)
                report = self.figures.report()
                for task in running:
                    task.cancel()
        finally:
            if self._pages is not None:
                await self._pages.close()
            await self._broadcast.close()
            await listener.close(ErrorCode.SHUTTING_DOWN, "the host is being stopped")
        return report

    def _guard_tasks(self, tasks: asyncio.TaskGroup, listener: QuicListener) -> list[asyncio.Task[None]]:
        if self._guard is None:
            return []
        return [tasks.create_task(self._guard.run(listener, announces=self._config.discovery))]

    def _sound_tasks(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        if self._sound is None:
            return []
        return [
            tasks.create_task(run_in_worker("wavry-sound", self._sound.run, stop=self._sound.stop)),
            tasks.create_task(self._broadcast.run_sound()),
        ]

    def _hands_tasks(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        stage = self._hands_stage
        return [] if stage is None else [tasks.create_task(run_in_worker("wavry-input", stage.run, stop=stage.stop))]

    def _cursor_tasks(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        if self._cursor is None:
            return []
        return [tasks.create_task(run_in_worker("wavry-cursor", self._cursor.run, stop=self._cursor.stop))]

    async def _wait(self, stop: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._config.stream_for_s):
                await stop.wait()
        except TimeoutError:
            pass

    def _admit(self, connection: Connection) -> None:
        if self._guard is not None:
            self._guard.admit(connection)
        else:
            self._broadcast.admit(connection)

    def _add_parts(self, viewer: ViewerSession) -> None:
        """Give a viewer what it gets besides the stream."""
        if viewer.hello.input:
            viewer.talk.add(HandsPart(self._hands, viewer.rights, viewer.talk))
        if self._cursor is not None and viewer.hello.cursor:
            cursor = ViewerCursor(viewer.talk, self._cursors)
            viewer.talk.add(cursor)
            self._cursors.add(cursor)
        self._monitors.join(viewer)
        if self._clipboard is not None:
            self._clipboard.add(viewer)

    def _watched(self, watched: bool) -> None:
        if self._config.stream_for_s is None:
            self._capture.watch(watched)

    def _source_changed(self, available: bool, reason: str) -> None:
        """Pass on what the capture thread says of its screen."""
        self._loop.call_soon_threadsafe(self._broadcast.tell_source_state, available, reason)

    def _layout_changed(self, layout: Layout) -> None:
        """Pass on what the capture thread says of the monitors."""
        self._loop.call_soon_threadsafe(self._monitors.changed, layout)

    def _sound_changed(self, state: SoundState) -> None:
        """Pass on what the sound thread says of its device."""
        self._loop.call_soon_threadsafe(self._broadcast.tell_sound_state, state)

    def _rumbled(self, client: int, pad: int, low: int, high: int, duration_ms: int) -> None:
        """Pass on what a program wants a client's pad to do."""
        self._loop.call_soon_threadsafe(self._hands.rumble, client, pad, low, high, duration_ms)

    def _reopen(self) -> FrameSource:
        return open_source(self._config.capture).backend

    # Telling.

    def _report_on_signal(self) -> None:
        """Write a report at each SIGUSR1, where the system has it."""
        number = getattr(signal, "SIGUSR1", None)
        if number is not None and self._config.memory_report is not None:
            self._loop.add_signal_handler(number, lambda: self._write(self.figures.report()))

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
