"""One encoder, any number of viewers: access units go to all who watch."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from wavry.encode.stage import EncodeOutput, StreamOpened
from wavry.errors import ErrorCode
from wavry.memory import HolderGroup
from wavry.memory.allocator import return_free_memory
from wavry.memory.collector import exempt_survivors
from wavry.memory.reserve import touch_room
from wavry.pipeline import BoundedQueue, QueueClosed
from wavry.rift import Hello, Right, Sender
from wavry.rift.rights import ALL_RIGHTS
from wavry.rift.sound import SoundSender
from wavry.server.figures.traffic import Traffic
from wavry.server.viewer import PLAIN_HELLO, SOUND_CONFIG, ViewerSession, sender_config
from wavry.transport.quic.settings import LARGEST_DATAGRAM_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.pairing.book import PairedClient
    from wavry.server.sound_stage import SoundPacketOut, SoundState
    from wavry.transport import Connection

logger = logging.getLogger(__name__)

_SETTLED_S = 1.0
"""After this time the first stream has imported and built all it needs."""

_SAME_SHARE = 0.02
"""Targets that differ by less are the same: each change costs the encoder a reconfiguration."""


class Broadcast:
    """Hands the encoder's output to the viewers, and the viewers' wishes to the encoder. On the loop.

    While no viewer has room, nothing is taken from the encoder; it then waits, and stale frames give way to newer
    ones before they are encoded. A viewer that is slower than others loses whole access units and asks for a
    keyframe.

    Args:
        outputs: The encode stage's output.
        request_keyframe: Asks the encoder for one.
        on_watched: Told when the first viewer comes and the last one goes.
        on_target: Told what the encoder may make, bits and frames per second: what the slowest of all viewers leave it;
            and whether all of them have reported lately.
        redundancy: Parity over source packets; None follows each viewer's losses, 0 sends none.
        ceiling_bps: Most that the encoder may ever make.
        fps: And so many frames.
        max_viewers: Most who watch at once, 1 to `config.MAX_VIEWERS`; a further one is refused.
        rights: What viewers may do.
        introduction: What the host says of itself to each.
        add_parts: Adds to the session of a viewer that has introduced itself what it gets besides the stream.
    """

    def __init__(
        self,
        outputs: BoundedQueue[EncodeOutput],
        request_keyframe: Callable[[], None],
        on_watched: Callable[[bool], None],
        on_target: Callable[[int, int, bool], None],
        *,
        redundancy: float | None = None,
        ceiling_bps: int = 20_000_000,
        fps: int = 60,
        max_viewers: int = 4,
        rights: frozenset[Right] = ALL_RIGHTS,
        introduction: Hello = PLAIN_HELLO,
        add_parts: Callable[[ViewerSession], None] = lambda _: None,
    ) -> None:
        self.max_viewers = max_viewers
        self._rights = rights
        self._introduction = introduction
        self._add_parts = add_parts
        self._outputs = outputs
        self._request_keyframe = request_keyframe
        self._on_watched = on_watched
        self._sessions: set[ViewerSession] = set()
        self._viewers: list[ViewerSession] = []
        self._stream: StreamOpened | None = None
        self._source_trouble: str | None = None
        self._on_target = on_target
        self._redundancy = redundancy
        self._ceiling_bps = self._target_bps = ceiling_bps
        self._fps = self._target_fps = fps
        self._all_report = True
        largest = Sender(sender_config(LARGEST_DATAGRAM_BYTES, redundancy, ceiling_bps, fps))
        self.holders = {
            name: HolderGroup(max_viewers, holder.cap_bytes, holder.policy)
            for name, holder in largest.holders().items()
        }
        """What all viewers' senders hold, by its name in the budget."""
        self.traffic = Traffic(max_viewers)
        """What viewers were sent and what became of it."""
        self._sound: BoundedQueue[SoundPacketOut] | None = None
        self._on_sound_wanted: Callable[[bool], None] = _ignore
        self._sound_state: SoundState | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    @property
    def viewers(self) -> tuple[ViewerSession, ...]:
        """Who watches now."""
        return tuple(self._viewers)

    @property
    def stream(self) -> StreamOpened | None:
        """How the picture is coded now; None before the first."""
        return self._stream

    @property
    def source_trouble(self) -> str | None:
        """Why there is no picture to send; None while there is."""
        return self._source_trouble

    @property
    def target(self) -> tuple[int, int]:
        """What the encoder may make: bits, and frames, per second."""
        return self._target_bps, self._target_fps

    @property
    def send_buffer_bytes(self) -> int:
        """Everything that waits to be sent to anybody."""
        return sum(session.send_buffer_bytes for session in self._sessions)

    def rights_of(self, client: PairedClient | None) -> frozenset[Right]:
        """Return what a client may do here; None is one that has proved nothing."""
        return self._rights if client is None else frozenset(client.rights) & self._rights

    def admit(self, connection: Connection, client: PairedClient | None = None) -> None:
        """Start a session on a connection; its client has proved who it is, or need not."""
        session = ViewerSession(
            connection,
            on_watching=self._add_viewer,
            on_keyframe_needed=self._request_keyframe,
            on_room=self._room.set,
            on_gone=self._remove,
            on_rate=self._aim,
            redundancy=self._redundancy,
            ceiling_bps=self._ceiling_bps,
            fps=self._fps,
            has_sound=self._sound is not None,
            rights=self.rights_of(client),
            client=client,
            introduction=self._introduction,
        )
        self._sessions.add(session)
        self._all_gone.clear()

    def add_sound(self, packets: BoundedQueue[SoundPacketOut], on_wanted: Callable[[bool], None]) -> None:
        """Have sound to distribute; before the first viewer comes.

        Args:
            packets: The sound stage's output.
            on_wanted: Told when the first viewer that wants sound comes and the last one goes.
        """
        self._sound, self._on_sound_wanted = packets, on_wanted
        self.holders |= {
            name: HolderGroup(self.max_viewers, holder.cap_bytes, holder.policy)
            for name, holder in SoundSender(SOUND_CONFIG).holders().items()
        }

    async def run_sound(self) -> None:
        """Distribute sound until its queue is closed."""
        if self._sound is None:
            return
        try:
            while True:
                packets = [await self._sound.aget()]
                while (packet := self._sound.get_nowait()) is not None:
                    packets.append(packet)  # the loop was held up: all that waited leaves together
                for viewer in self._listeners():
                    viewer.send_sound(packets)
        except QueueClosed:
            pass

    def tell_sound_state(self, state: SoundState) -> None:
        """Tell those who want sound how it is coded from now on, or why there is none."""
        self._sound_state = state
        for viewer in self._listeners():
            viewer.tell_sound_state(state)

    def _listeners(self) -> list[ViewerSession]:
        return [viewer for viewer in self._viewers if viewer.sound is not None]

    async def run(self) -> None:
        """Distribute until the encoder's queue is closed."""
        try:
            while True:
                await self._wait_for_room()
                output = await self._outputs.aget()
                if isinstance(output, StreamOpened):
                    if self._stream is None:
                        asyncio.get_running_loop().call_later(_SETTLED_S, _settle)
                    self._stream = output
                    for viewer in list(self._viewers):
                        viewer.announce(output)
                else:
                    self.traffic.note_unit(output, now=asyncio.get_running_loop().time())
                    for viewer in list(self._viewers):
                        viewer.send_unit(output)
        except QueueClosed:
            pass

    async def _wait_for_room(self) -> None:
        while self._viewers and not any(viewer.has_room for viewer in self._viewers):
            self._room.clear()
            await self._room.wait()

    def _aim(self) -> None:
        """Let the encoder follow the slowest link, and the slowest viewer."""
        decisions = [decision for viewer in self._viewers if (decision := viewer.rate_decision) is not None]
        target_bps = round(min((each.target_bitrate_bps for each in decisions), default=self._ceiling_bps))
        target_fps = min((each.target_fps for each in decisions), default=self._fps)
        all_report = not any(viewer.sender.rate.is_silent for viewer in self._viewers)
        is_other_rate = abs(target_bps - self._target_bps) > _SAME_SHARE * self._target_bps
        if is_other_rate or (target_fps, all_report) != (self._target_fps, self._all_report):
            self._target_bps, self._target_fps, self._all_report = target_bps, target_fps, all_report
            self._on_target(target_bps, target_fps, all_report)

    def tell_source_state(self, available: bool, reason: str) -> None:
        """Tell all viewers that the screen has gone or is back."""
        self._source_trouble = None if available else reason
        for viewer in self._viewers:
            viewer.tell_source_state(available, reason)

    def _take_over(self, viewer: ViewerSession) -> None:
        """End what the same client has here: it has come anew, from wherever it is now."""
        for other in list(self._viewers):
            if viewer.client is not None and other.client is not None and other.client.key == viewer.client.key:
                other.close(ErrorCode.REFUSED, "this client has connected again from elsewhere")
                self._remove(other)

    def _add_viewer(self, viewer: ViewerSession) -> None:
        self._take_over(viewer)
        if len(self._viewers) >= self.max_viewers:
            viewer.close(ErrorCode.REFUSED, f"{self.max_viewers} are watching already")
            return
        self._viewers.append(viewer)
        viewer.link = self.traffic.join(viewer.sender, now=asyncio.get_running_loop().time())
        self._add_parts(viewer)
        for name, holder in viewer.holders().items():
            self.holders[name].add(holder)
        self._room.set()
        if self._source_trouble is not None:
            viewer.tell_source_state(False, self._source_trouble)
        if self._stream is not None:
            viewer.announce(self._stream)
        if viewer.sound is not None:
            if self._sound_state is not None:
                viewer.tell_sound_state(self._sound_state)
            if len(self._listeners()) == 1:
                self._on_sound_wanted(True)
        if len(self._viewers) == 1:
            self._on_watched(True)
        self._request_keyframe()

    def _remove(self, session: ViewerSession) -> None:
        self._sessions.discard(session)
        self._room.set()
        if session in self._viewers:
            self._viewers.remove(session)
            if session.link is not None:
                self.traffic.leave(session.link)
            for name, holder in session.holders().items():
                self.holders[name].remove(holder)
            if session.sound is not None and not self._listeners():
                self._on_sound_wanted(False)
            self._aim()
            # Once its connection is gone too. What viewers leave behind lies between live blocks, a little more of it
            # each time: 15 kB for one that died. It takes 0.6 ms, or 2 µs when there is nothing to give back.
            asyncio.get_running_loop().call_soon(return_free_memory)
            if not self._viewers:
                self._on_watched(False)
        if not self._sessions:
            self._all_gone.set()

    async def close(self) -> None:
        """Say goodbye to all and wait a moment for them to hear it."""
        for session in list(self._sessions):
            session.close(ErrorCode.SHUTTING_DOWN, "the host is being stopped")
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self._all_gone.wait()
        except TimeoutError:
            pass


def _ignore(_: bool) -> None:
    """Do nothing: there is no sound to start or stop."""


def _settle() -> None:
    """Once the first stream has brought what it needs: make room for its fullest moments, and exempt all of it."""
    touch_room()
    exempt_survivors()


_GOODBYE_S = 0.5
