"""The wiring of a client: connection, decoder, recording, window; and again when the connection is lost."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from wavry.client.clock_sync import ClockSync
from wavry.client.entrance import Entrance
from wavry.client.monitors import HostMonitors, MonitorsSession
from wavry.client.rights import HostRights
from wavry.client.session import HostSession
from wavry.client.speaking import Speaker
from wavry.client.statistics import Statistics
from wavry.clipboard.registry import open_clipboard
from wavry.clock import monotonic
from wavry.decode import DecodeStage, Picture, ReceivedUnit, StreamFormat
from wavry.decode.backlog import BacklogWatch
from wavry.errors import ConnectFailedError, ConnectionLostError, ErrorCode, NotLetInError
from wavry.files import write_whole
from wavry.media import Codec
from wavry.memory import MemoryBudget, Registration
from wavry.memory.collector import exempt_survivors
from wavry.memory.reserve import touch_room
from wavry.observe.sampler import keep_history
from wavry.pipeline import BoundedQueue, Overflow, run_in_worker
from wavry.rift import Hello, Right
from wavry.rift.fec import load_arithmetic
from wavry.transport.quic.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.backends import Opened
    from wavry.client.clipboard import ClientClipboard
    from wavry.client.config import ClientConfig
    from wavry.client.cursor import CursorSession, HostPointer
    from wavry.client.hands.hands import Hands
    from wavry.client.notice import Notice
    from wavry.client.recording import Recorder
    from wavry.client.sound.sound import ClientSound
    from wavry.clipboard.board import ClipboardBoard

logger = logging.getLogger(__name__)

_BACK_OFF_S = (0.25, 0.5, 1.0, 2.0, 4.0)
_ATTEMPT_S = 5.0
_MAX_UNITS = 16
_MAX_UNIT_BYTES = 4 * 1024 * 1024
_SETTLED_S = 1.0
"""After this time the first stream has imported and built all it needs."""

_FINAL_CODES = frozenset({ErrorCode.REFUSED, ErrorCode.UNSUPPORTED_VERSION, ErrorCode.PROTOCOL_VIOLATION})
"""Reasons after which trying again changes nothing."""


class ClientApp:
    """Receives a host's stream until told to stop.

    Args:
        config: What to do.
        on_picture: Gets every decoded picture, on the decode thread; the window's way in.
        on_notice: Gets what a person should read while there is no picture, on the loop; None when there is one.
        on_hint: Gets what a person should read once, on the loop.
        pointer: Gets what the host's pointer looks like and where it is; None where nobody draws it.
    """

    def __init__(
        self,
        config: ClientConfig,
        *,
        on_picture: Callable[[Picture], None] | None = None,
        on_notice: Callable[[Notice | None], None] = lambda _: None,
        on_hint: Callable[[str], None] = lambda _: None,
        pointer: HostPointer | None = None,
    ) -> None:
        self._config = config
        self._show = on_picture
        self._speaker = Speaker(self._host_name, on_notice, on_hint)
        self._pointer = pointer
        self.budget = MemoryBudget()
        self.statistics = Statistics(ClockSync())
        self._entrance = None if config.no_auth else Entrance(self._host_name, config.name, config.pin)
        """How it is let in; None where nothing is to be proved."""
        self.rights = HostRights()
        """What the host lets this client do."""
        self.hands: Hands | None = None
        """What a person does in the window, where there is one and it is not only to be looked at. Set before `run`."""
        self._session: HostSession | None = None
        """While it stands."""
        self._latest_session: HostSession | None = None
        self._transport_entry: Registration | None = None
        self._recorder: Recorder | None = None
        self._sound: ClientSound | None = self._make_sound() if config.sound else None
        self.open_clipboard: Callable[[], Opened[ClipboardBoard]] = open_clipboard
        """Opens the clipboard of the screen that the window is on, where there is a window. Set before `run`."""
        self._clipboard: ClientClipboard | None = None
        self._last_picture: Picture | None = None
        self._awaits_picture = False
        """Whether the present connection has not brought a picture yet, with a window."""
        self.monitors = HostMonitors(on_hint)
        self.rights.listen(lambda: self._speaker.denied(self.rights.denied))
        self.rights.listen(self._follow_control)
        self._was_connected = False
        self._has_stream = asyncio.Event()
        self._units: BoundedQueue[ReceivedUnit] = BoundedQueue(
            "decode.units",
            max_items=_MAX_UNITS,
            max_bytes=_MAX_UNIT_BYTES,
            overflow=Overflow.DROP_OLDEST,
            size_of=lambda received: received.size_bytes,
        )
        if pointer is not None:
            self.budget.register("client.pointer", pointer, policy=pointer.policy)
        self.budget.register(self._units.name, self._units, policy=self._units.overflow.value)
        self._backlog = BacklogWatch()

    async def run(self, stop: asyncio.Event) -> None:
        """Stream until `stop` is set or the time is up; then write what was asked for.

        Raises:
            ConnectFailedError: No connection came about.
            ConnectionLostError: It was lost and was not back at the end of the time.
        """
        self._loop = asyncio.get_running_loop()
        decode = DecodeStage(self._units, self._picture_decoded, self._chain_broken)
        pictures = decode.picture_memory
        self.budget.register("decode.pictures", pictures, policy=pictures.policy)
        exempt_survivors()
        deadline = None if self._config.duration_s is None else monotonic() + self._config.duration_s
        if self.hands is not None:
            self.hands.open()
        try:
            async with asyncio.TaskGroup() as tasks:
                workers = [
                    tasks.create_task(run_in_worker("wavry-decode", decode.run, stop=decode.stop)),
                    tasks.create_task(keep_history(self.statistics.memory)),
                    tasks.create_task(self._settle()),
                ]
                if self._sound is not None:
                    workers.append(tasks.create_task(self._sound.run()))
                if self._config.clipboard and (clipboard := await self._open_clipboard()) is not None:
                    workers.append(tasks.create_task(clipboard.run()))
                if self._config.record is not None:
                    workers.append(tasks.create_task(self._record()))
                    await asyncio.sleep(0)  # the recorder opens its queue
                await self._stay_connected(stop, deadline)
                for worker in workers:
                    worker.cancel()
        finally:
            if self.hands is not None:
                self.hands.close()
            await asyncio.to_thread(self._write_results)
            if self._clipboard is not None:
                self._clipboard.close()

    async def _settle(self) -> None:
        """Once the first stream has brought what it needs: load what repairs need, make room, and exempt all of it."""
        await self._has_stream.wait()
        await asyncio.sleep(_SETTLED_S)
        if self._session is not None and self._session.is_protected:
            await run_in_worker("wavry-arithmetic", load_arithmetic, stop=lambda: None)
        touch_room()
        exempt_survivors()

    # Connecting.

    async def _stay_connected(self, stop: asyncio.Event, deadline: float | None) -> None:
        give_up_at = monotonic() + self._config.connect_timeout_s
        attempt = 0
        while not stop.is_set():
            try:
                error = await self._connect_once(stop, deadline)
                attempt = 0
            except NotLetInError:
                raise
            except ConnectFailedError as failure:
                if not self._was_connected and monotonic() >= give_up_at:
                    raise
                error = ConnectionLostError(failure.reason)
            if error is None:
                return
            if error.code in _FINAL_CODES:
                self._speaker.refused(error.reason)
                raise ConnectFailedError(self._host_name, error.reason)
            if deadline is not None and monotonic() >= deadline:
                self._give_up(error)
            self._speaker.waiting(error, was_connected=self._was_connected)
            await self._wait(stop, _BACK_OFF_S[min(attempt, len(_BACK_OFF_S) - 1)], deadline)
            attempt += 1

    async def _connect_once(self, stop: asyncio.Event, deadline: float | None) -> ConnectionLostError | None:
        """Connect and stay until it ends; None when we left on purpose."""
        host, port = self._config.address
        left = _ATTEMPT_S if deadline is None else min(_ATTEMPT_S, max(0.1, deadline - monotonic()))
        dialer = await connect(host, port, timeout_s=left)
        try:
            logger.info("host key sha256:%s", dialer.host_fingerprint)
            if self._entrance is not None and dialer.host_fingerprint is not None:
                await self._entrance.pass_through(dialer.link, dialer.host_fingerprint)
            if self._was_connected:
                self.statistics.network.reconnects += 1
            self._was_connected = True
            if self._latest_session is not None:
                self._latest_session.release()
            if self._transport_entry is not None:
                self._transport_entry.close()
            self._transport_entry = self.budget.register("transport.quic", dialer.memory, policy=dialer.memory.policy)
            sound = None if self._sound is None else self._sound.new_session()
            monitors = MonitorsSession(self.monitors)
            hands = None if self.hands is None else self.hands.new_session()
            session = self._session = self._latest_session = HostSession(
                dialer.link,
                Hello(
                    name=self._config.name,
                    codecs=tuple(codec.value for codec in Codec),
                    sound=sound is not None,
                    input=hands is not None,
                    cursor=self._pointer is not None,
                    clipboard_send=self._clipboard is not None and self._config.clipboard.send,
                    clipboard_receive=self._clipboard is not None and self._config.clipboard.receive,
                ),
                self.statistics,
                self.budget,
                on_stream=self._stream_changed,
                on_unit=self._unit_came,
                on_source_state=self._source_changed,
                is_behind=self._is_behind,
                parts=[
                    part
                    for part in (
                        sound,
                        self.rights,
                        monitors,
                        hands,
                        self._make_cursor_session(),
                        self._clipboard.new_session() if self._clipboard is not None else None,
                    )
                    if part is not None
                ],
                picture_hold_s=self._sound.picture_hold_s if self._sound is not None else lambda: 0.0,
            )
            if hands is not None:
                hands.begin(session.talk)
            monitors.begin(session.talk)
            self._awaits_picture = True
            self._speaker.connected()
            return await self._stay(session, stop, deadline)
        except ConnectionLostError as error:  # before there was a session
            return error
        finally:
            self._session = None
            dialer.close()

    async def _stay(
        self, session: HostSession, stop: asyncio.Event, deadline: float | None
    ) -> ConnectionLostError | None:
        stopping = asyncio.ensure_future(stop.wait())
        waiting: set[asyncio.Future[object]] = {session.ended, stopping}  # type: ignore[arg-type] # results differ
        try:
            left = None if deadline is None else max(0.0, deadline - monotonic())
            await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if session.ended.done():
                return session.ended.result()
            session.leave(ErrorCode.NO_ERROR, "")
            await asyncio.wait({session.ended}, timeout=_GOODBYE_S)
            return None
        finally:
            stopping.cancel()

    def _give_up(self, error: ConnectionLostError) -> None:
        if self._was_connected:
            raise error
        raise ConnectFailedError(self._host_name, error.reason)

    @staticmethod
    async def _wait(stop: asyncio.Event, seconds: float, deadline: float | None) -> None:
        if deadline is not None:
            seconds = min(seconds, max(0.0, deadline - monotonic()))
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            pass

    @property
    def _host_name(self) -> str:
        host, port = self._config.address
        return f"{host}:{port}"

    def _follow_control(self) -> None:
        """Have the host's pointer drawn where this client does not move it."""
        granted = self.rights.granted
        if self._pointer is not None:
            may_move = granted is None or Right.POINTER in granted
            self._pointer.set_control(may_move and not self._config.view_only)

    # The stream's way.

    def _stream_changed(self, stream: StreamFormat) -> None:
        self._has_stream.set()
        self.statistics.stream = stream
        logger.info("stream: %s %s", stream.codec.value, stream.size)

    def _unit_came(self, received: ReceivedUnit) -> None:
        self._is_behind()
        self._units.put_nowait(received)
        if self._recorder is not None:
            self._recorder.queue.put_nowait(received)

    def _is_behind(self) -> bool:
        """Whether the decoder is too slow for the units that come."""
        return self._backlog.is_behind(len(self._units), now=monotonic())

    def _source_changed(self, available: bool, reason: str) -> None:
        if not available:
            self._speaker.no_picture(reason)
        elif self._awaits_picture:
            self._speaker.connected()
        else:
            self._speaker.picture_is_back()

    def _picture_decoded(self, picture: Picture) -> None:
        self.statistics.on_picture(picture)
        if self._show is None and self.statistics.sound is not None:
            self.statistics.sound.lipsync.note_picture(picture.received.unit.capture_us, picture.decoded_us)
        if self._config.snapshot is not None:
            self._last_picture = picture
        if self._show is not None:
            self._show(picture)
            if self._awaits_picture:
                self._awaits_picture = False
                self._loop.call_soon_threadsafe(self._speaker.picture_came)

    def _chain_broken(self, epoch: int, frame_id: int) -> None:
        session = self._session
        if session is not None:
            session.request_keyframe(epoch, frame_id)

    # The sound.

    def _make_sound(self) -> ClientSound:
        from wavry.client.sound.sound import ClientSound

        sound = ClientSound(self._config, self.statistics.clock, self.budget, lambda: self._recorder)
        self.statistics.sound = sound.figures
        return sound

    def toggle_mute(self) -> bool:
        """Mute the sound, or make it as loud as it was; say whether it is off now. Any thread."""
        return self._sound is None or self._sound.toggle_mute()

    # The pointer and the clipboard.

    def _make_cursor_session(self) -> CursorSession | None:
        if self._pointer is None:
            return None
        from wavry.client.cursor import CursorSession

        return CursorSession(self._pointer)

    async def _open_clipboard(self) -> ClientClipboard | None:
        from wavry.client.clipboard import ClientClipboard

        clipboard = ClientClipboard(
            self._config.clipboard, self.open_clipboard, self.budget, lambda: Right.CLIPBOARD not in self.rights.denied
        )
        self._clipboard = clipboard if await clipboard.open() else None
        return self._clipboard

    # What stays.

    async def _record(self) -> None:
        from wavry.client.recording import Recorder

        assert self._config.record is not None  # who calls this has looked
        recorder = self._recorder = Recorder(self._config.record, has_sound=self._config.sound)
        queue = recorder.queue
        registration = self.budget.register(queue.name, queue, policy=queue.overflow.value)
        try:
            await run_in_worker("wavry-record", recorder.run, stop=recorder.stop)
        finally:
            self._recorder = None
            registration.close()

    def _write_results(self) -> None:
        if self._config.snapshot is not None and self._last_picture is not None:
            from wavry.decode.snapshot import save_png

            save_png(self._last_picture.frame, self._config.snapshot)
        if self._config.stats_json is not None:
            data = json.dumps(self.statistics.report(self.budget), indent=2).encode() + b"\n"
            write_whole(self._config.stats_json, data, flag="--stats-json")


_GOODBYE_S = 0.5
