"""One connection to a host: datagrams become access units, the rest is talk."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from msgspec import structs

from wavry import __version__
from wavry.clock import monotonic_us, timer_at
from wavry.decode import ReceivedUnit, StreamFormat
from wavry.errors import ConnectionLostError, ErrorCode, RemoteProtocolError
from wavry.media import Size
from wavry.observe.logs import printable
from wavry.rift import (
    AccessUnitReceived,
    Bye,
    FrameLost,
    Hello,
    KeyframeNeeded,
    KeyframeRequest,
    Message,
    Ping,
    Playout,
    Pong,
    Receiver,
    ReceiverConfig,
    SourceState,
    StreamConfig,
    check_version,
)
from wavry.session import Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.client.statistics import Statistics
    from wavry.memory import MemoryBudget
    from wavry.session import SessionPart
    from wavry.transport import Channel, Connection

logger = logging.getLogger(__name__)

FEEDBACK_INTERVAL_S = 0.05
"""While packets come the host hears of them 20 times a second."""

PING_INTERVAL_S = 1.0
_SETTLING_PING_INTERVAL_S = 0.05
"""The first pings come quickly, so that latencies are known within half a second."""

_SILENCE_S = 5.0
"""With nothing heard for so long, five pings unanswered, the host has gone or has given this client up. Longer than the
gaps of a mobile link, half of QUIC's idle timeout."""

_KEYFRAME_INTERVAL_S = 0.25

_WINDOW_BYTES = 64 * 1024
"""May be in flight to the host, whatever is lost: reports and requests, 60 kbit/s of them, which a lossy link needs
most."""


class HostSession:
    """A `ConnectionObserver` with a `Receiver`. On the loop, except `request_keyframe`.

    Args:
        connection: Open; owned.
        hello: What the client says of itself; the size of its datagrams is filled in.
        statistics: Where counts go.
        budget: Where the reorder window registers.
        on_stream: Told how the units of a new epoch are coded.
        on_unit: Gets access units in order.
        on_source_state: Told when the host's screen goes (`False`, why) and comes back.
        is_behind: Says whether whoever gets the units is too slow for them.
        parts: What else the session does for the person.
        picture_hold_s: Says for how long pictures have to wait for the sound.
    """

    def __init__(
        self,
        connection: Connection,
        hello: Hello,
        statistics: Statistics,
        budget: MemoryBudget,
        *,
        on_stream: Callable[[StreamFormat], None],
        on_unit: Callable[[ReceivedUnit], None],
        on_source_state: Callable[[bool, str], None],
        is_behind: Callable[[], bool],
        parts: Sequence[SessionPart] = (),
        picture_hold_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._connection = connection
        self._statistics = statistics
        self._network = statistics.network
        self._on_stream = on_stream
        self._on_unit = on_unit
        self._streams: deque[StreamFormat] = deque(maxlen=2)
        """The present one and the one before, of which units may still be on their way."""
        self._on_source_state = on_source_state
        self._is_behind = is_behind
        self._picture_hold_s = picture_hold_s
        self._loop = asyncio.get_running_loop()
        self.talk = Talk(connection)
        """Where parts of the session are added that do more for the person than show pictures."""
        for part in parts:
            self.talk.add(part)
        self._receiver = Receiver(ReceiverConfig())
        self._playout = Playout()
        self._registrations = [
            budget.register(name, holder, policy=holder.policy)
            for name, holder in {**self._receiver.holders(), "rift.playout": self._playout}.items()
        ]
        self._reported_packets = 0
        self._ping_id = 0
        self._heard_at = self._loop.time()
        self._keyframe_asked_at = -_KEYFRAME_INTERVAL_S
        self._receiver_timer: asyncio.TimerHandle | None = None
        self._playout_timer: asyncio.TimerHandle | None = None
        self._feedback_timer: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._bye: Bye | None = None
        self.ended: asyncio.Future[ConnectionLostError] = self._loop.create_future()
        """Done, with the reason, when the connection has ended."""
        statistics.clock.restart()
        statistics.take_newest()  # of another session
        connection.limit_in_flight(_WINDOW_BYTES)
        connection.observe(self)
        self._send(structs.replace(hello, max_datagram_bytes=connection.largest_datagram_bytes))
        self._ping()

    @property
    def is_protected(self) -> bool:
        """Whether the host sends parity."""
        return self._receiver.stats.parity_received > 0

    # Towards the host.

    def request_keyframe(self, epoch: int, frame_id: int) -> None:
        """Ask for a keyframe after a frame, unless that was done a moment ago. Any thread."""
        self._loop.call_soon_threadsafe(self._ask_for_keyframe, epoch, frame_id)

    def _ask_for_keyframe(self, epoch: int, after_frame_id: int) -> None:
        now = self._loop.time()
        if self.ended.done() or now - self._keyframe_asked_at < _KEYFRAME_INTERVAL_S:
            return
        self._keyframe_asked_at = now
        self._network.keyframe_requests += 1
        self._send(KeyframeRequest(epoch=epoch, after_frame_id=after_frame_id))
        self._connection.flush()

    def _send(self, message: Message) -> None:
        self.talk.say(message)

    def _ping(self) -> None:
        if self._loop.time() - self._heard_at > _SILENCE_S:
            self.connection_lost(ConnectionLostError("it has fallen silent", code=ErrorCode.TIMEOUT))
            return
        self._ping_id = (self._ping_id + 1) & 0xFFFFFFFF
        self._send(Ping(ping_id=self._ping_id, sent_us=monotonic_us()))
        self._send_feedback()  # also when nothing comes: the end may be lost
        self._connection.flush()
        interval = PING_INTERVAL_S if self._statistics.clock.is_settled else _SETTLING_PING_INTERVAL_S
        self._ping_timer = self._loop.call_later(interval, self._ping)

    def _report(self) -> None:
        self._feedback_timer = None
        stats = self._receiver.stats
        if stats.packets_received != self._reported_packets:
            self._reported_packets = stats.packets_received
            self._send_feedback()
            self._connection.flush()

    def _send_feedback(self) -> None:
        self._send(
            self._receiver.make_feedback(
                self._loop.time(), is_playout_behind=self._is_behind(), picture=self._statistics.take_newest()
            )
        )

    def leave(self, code: ErrorCode, reason: str) -> None:
        """Say goodbye."""
        self._send(Bye(code=code, reason=reason))
        self._connection.flush()
        self._connection.close(code, reason)

    def release(self) -> None:
        """Take its buffers out of the budget. They stay there after the end, so that a last report has them."""
        for registration in self._registrations:
            registration.close()
        self.talk.release()

    # From the host: ConnectionObserver.

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Take media packets; a malformed one is counted and skipped."""
        self._heard_at = now
        receiver = self._receiver
        rtt_ms = self._connection.rtt_ms
        receiver.rtt_s = None if rtt_ms is None else rtt_ms / 1000
        for datagram in datagrams:
            try:
                part = self.talk.part_of(datagram)
                if part is not None:
                    part.datagram_received(datagram, now=now)
                else:
                    receiver.receive_datagram(datagram, now=now)
            except RemoteProtocolError as error:
                logger.debug("a datagram was skipped: %s", error)
        self._drain()
        if self._feedback_timer is None:
            self._feedback_timer = self._loop.call_later(FEEDBACK_INTERVAL_S, self._report)

    def _drain(self) -> None:
        """Hand on what the receiver has, send what it asks for, and set its timer."""
        now = self._loop.time()
        self._playout.extra_hold_s = self._picture_hold_s()
        for event in self._receiver.events():
            match event:
                case AccessUnitReceived():
                    self._playout.add(event, now=now)
                case KeyframeNeeded(epoch=epoch, after_frame_id=after_frame_id):
                    self._ask_for_keyframe(epoch, after_frame_id)
                case FrameLost(frame_id=frame_id, reason=reason, count=count):
                    logger.debug("%d frames lost from %d on: %s", count, frame_id, reason)
        self._play(now)
        self._send_requests(now)
        self._count()
        self._arm_receiver()

    def _send_requests(self, now: float) -> None:
        """Say when packets came, and ask for those that did not; what does not fit now is said later, or never."""
        requests = self._receiver.datagrams_to_send(now=now)
        if requests:
            for datagram in requests:
                self._connection.send_datagram(datagram)
            self._connection.flush()

    def _play(self, now: float) -> None:
        """Hand on the units whose time has come, and wake up for the next one."""
        for received in self._playout.take_due(now=now):
            self._take(received, now)
        self._playout_timer = timer_at(self._loop, self._playout_timer, self._playout.next_due_at, self._playout_due)

    def _playout_due(self) -> None:
        self._playout_timer = None
        self._play(self._loop.time())

    def _take(self, received: AccessUnitReceived, now: float) -> None:
        unit = received.unit
        stream = next((each for each in self._streams if each.epoch == unit.epoch), None)
        if stream is not None:
            released_us = monotonic_us()
            held_us = max(0, round((now - received.completed_at) * 1e6))
            self._on_unit(ReceivedUnit(unit, stream, released_us - held_us, released_us))
        else:
            self._ask_for_keyframe(unit.epoch, unit.frame_id)  # it overtook the message that describes it

    def _arm_receiver(self) -> None:
        self._receiver_timer = timer_at(
            self._loop, self._receiver_timer, self._receiver.next_timer(), self._receiver_due
        )

    def _receiver_due(self) -> None:
        self._receiver_timer = None
        self._receiver.handle_timer(now=self._loop.time())
        self._drain()

    def _count(self) -> None:
        receiver = self._receiver
        self._network.take(receiver.stats, receiver.window.fullness, receiver.fec.pending_groups)
        self._network.rtt_ms = self._connection.rtt_ms

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Take messages; a wrong one ends the session."""
        self._heard_at = now
        try:
            for message in self.talk.messages(channel, data):
                if not self.talk.message_received(message, now=now):
                    self._handle(message)
        except RemoteProtocolError as error:
            logger.warning("the host: %s", error)
            self.leave(error.code, str(error)[:256])

    def _handle(self, message: Message) -> None:
        match message:
            case Hello():
                check_version(message)
                logger.info("connected to %s, %s", printable(message.name) or "a nameless host", self._connection.peer)
                self.talk.welcomed(message)
            case StreamConfig():
                stream = StreamFormat(message.epoch, message.codec, Size(message.width, message.height))
                self._streams.appendleft(stream)
                self._on_stream(stream)
            case Pong(sent_us=sent_us, received_us=received_us):
                self._statistics.clock.on_pong(sent_us=sent_us, host_us=received_us, now_us=monotonic_us())
            case SourceState(available=available, reason=reason):
                self._on_source_state(available, printable(reason))
            case Ping(ping_id=ping_id, sent_us=sent_us):
                self._send(Pong(ping_id=ping_id, sent_us=sent_us, received_us=monotonic_us()))
            case Bye():
                self._bye = message
                # Nothing follows it. The packet that closes the connection may be lost, and silence takes seconds.
                self.connection_lost(ConnectionLostError("it said goodbye"))

    def writable(self, *, now: float) -> None:
        """Let parts go on with what waited."""
        self.talk.writable(now=now)

    def connection_lost(self, error: ConnectionLostError) -> None:
        """End; what the host said last is the better reason.

        A host that has fallen silent is given up before its connection ends, which is no news then: parts that outlive
        a session may be in the next one.
        """
        if self.ended.done():
            return
        for timer in (self._receiver_timer, self._playout_timer, self._feedback_timer, self._ping_timer):
            if timer is not None:
                timer.cancel()
        self.talk.ended()
        self._network.finish()
        if self._bye is not None and not error.was_local:
            error = ConnectionLostError(printable(self._bye.reason, 256), code=self._bye.code)
        self.ended.set_result(error)


CLIENT_NAME = f"wavry {__version__}"
"""What a client calls itself unless its owner says otherwise."""
