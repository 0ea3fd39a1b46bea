"""One client's session on the host: what it may see goes out, what it says comes in."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from msgspec import structs

from wavry import __version__
from wavry.clock import monotonic_us, timer_at
from wavry.errors import ConnectionLostError, ErrorCode, LocalProtocolError, RemoteProtocolError
from wavry.observe.logs import printable
from wavry.rift import (
    Bye,
    Feedback,
    Hello,
    KeyframeRequest,
    KeyframeRequested,
    Message,
    Ping,
    Pong,
    Right,
    Sender,
    SenderConfig,
    SoundConfig,
    SourceState,
    StreamConfig,
    check_version,
)
from wavry.rift.messages import Knock, Welcome
from wavry.rift.packet import MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES
from wavry.rift.rights import ALL_RIGHTS
from wavry.rift.sound import SoundSender, SoundSenderConfig
from wavry.server.rights import ClientRights
from wavry.session import Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.encode.stage import StreamOpened
    from wavry.media import AccessUnit
    from wavry.memory import Holder
    from wavry.pairing.book import PairedClient
    from wavry.rift.delta import RateDecision
    from wavry.server.figures.traffic import Link
    from wavry.server.sound_stage import SoundPacketOut, SoundState
    from wavry.transport import Channel, Connection

logger = logging.getLogger(__name__)

_HELLO_TIMEOUT_S = 5.0

_MAX_TEXT = 256
"""Longest text that a message may carry (WIRE.md)."""

_KEYFRAME_INTERVAL_S = 0.25
"""Time between two wishes for the same keyframe; a new one is under way by then."""

_ROOM_BYTES = 32 * 1024
"""A viewer with less than this in its queue takes another access unit: about 12 ms at 20 Mbit/s."""

_ROOM_S = 0.012
"""And it has less than this to send at its pace: a slow link should not be given what it can't carry."""

_UNKNOWN_RTT_MS = 100.0

SOUND_CONFIG = SoundSenderConfig(max_datagram_bytes=MIN_DATAGRAM_BYTES)
"""How sound is sent to everybody: a packet of it has 100 bytes and fits into what any path and any viewer takes."""

_SOUND_BYTES_PER_S = 32_000
"""Sound with its headers and parity, stereo. It is not in DELTA's account, which learns from packets of the picture."""
_SOUND_SLACK_S = 0.03


PLAIN_HELLO = Hello()
"""Of a host that offers nothing besides the stream."""


def sender_config(largest_datagram_bytes: int, redundancy: float | None, ceiling_bps: float, fps: int) -> SenderConfig:
    """Return how a viewer is sent to, its caps among it.

    Args:
        largest_datagram_bytes: Most that a path takes. What it takes now, and the viewer, may be less.
        redundancy: Parity over source packets; None follows the losses, 0 sends none.
        ceiling_bps: Most that the encoder is given.
        fps: And so many frames.
    """
    return SenderConfig(
        max_datagram_bytes=largest_datagram_bytes,
        least_max_datagram_bytes=MIN_DATAGRAM_BYTES,
        redundancy=redundancy,
        ceiling_bps=ceiling_bps,
        fps=fps,
    )


class ViewerSession:
    """A `ConnectionObserver` with a `Sender`. On the loop.

    Args:
        connection: Open; owned.
        on_watching: Told when the client has introduced itself.
        on_keyframe_needed: Told when this viewer can't go on without a keyframe.
        on_room: Told when the viewer can take more.
        on_gone: Told once, at the end.
        on_rate: Told when what the link carries has changed.
        redundancy: Parity over source packets; None follows the losses, 0 sends none.
        ceiling_bps: Most that the encoder is given.
        fps: Most frames per second that it makes.
        has_sound: Whether sound is to be had, if the client wants it.
        rights: What the client may do.
        client: Who it is, where that was proved.
        introduction: What the host says of itself; name and size of datagrams are filled in.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        on_watching: Callable[[ViewerSession], None],
        on_keyframe_needed: Callable[[], None],
        on_room: Callable[[], None],
        on_gone: Callable[[ViewerSession], None],
        on_rate: Callable[[], None],
        redundancy: float | None,
        ceiling_bps: int,
        fps: int,
        has_sound: bool = False,
        rights: frozenset[Right] = ALL_RIGHTS,
        client: PairedClient | None = None,
        introduction: Hello = PLAIN_HELLO,
    ) -> None:
        self.client = client
        """Who it is; None where nobody has to prove it."""
        self._introduction = introduction
        self.connection = connection
        self.name = connection.peer
        self._on_watching = on_watching
        self._on_keyframe_needed = on_keyframe_needed
        self._on_room = on_room
        self._on_gone = on_gone
        self._on_rate = on_rate
        self._loop = asyncio.get_running_loop()
        self.talk = Talk(connection)
        """Where parts of the session are added that do more for this client than send pictures and sound."""
        self.rights = ClientRights(rights, self._send)
        """What this client may do; whoever takes something from it asks."""
        self.hello = Hello()
        """What the client said of itself."""
        self.link: Link | None = None
        """Counts what it is sent and what it says of that; whoever takes the session in sets it."""
        self.sender = Sender(sender_config(connection.largest_datagram_bytes, redundancy, ceiling_bps, fps))
        self._peer_max_datagram_bytes = MAX_DATAGRAM_BYTES
        self._fit_datagrams()
        self._has_sound = has_sound
        self.sound: SoundSender | None = None
        """Sends sound once the client has said that it wants it."""
        self._send_timer: asyncio.TimerHandle | None = None
        self._codecs: tuple[str, ...] = ()
        self.is_watching = False
        self.bulk_window_bytes = 0
        """What the bulk stream may have in flight, beside what DELTA allows the picture; set by who sends there."""
        self._wished_at = -_KEYFRAME_INTERVAL_S
        self._hello_timer = self._loop.call_later(
            _HELLO_TIMEOUT_S, connection.close, ErrorCode.TIMEOUT, "no hello came"
        )
        connection.observe(self)

    # Towards the client.

    def announce(self, stream: StreamOpened) -> None:
        """Tell how what follows is coded. A client that can't decode it is refused."""
        config = stream.config
        self.sender.rate.set_smooth_bps(stream.smooth_bps)
        if config.codec.value not in self._codecs:
            can = ", ".join(self._codecs) or "nothing"
            self.close(ErrorCode.REFUSED, f"this host sends {config.codec.value}, the client decodes {can}")
            return
        self._send(
            StreamConfig(
                epoch=stream.epoch,
                codec=config.codec,
                width=config.size.width,
                height=config.size.height,
                fps=config.fps,
                bitrate_bps=config.bitrate_bps,
            )
        )
        self.connection.flush()  # before the first datagram, so that it usually arrives before it

    def send_unit(self, unit: AccessUnit) -> None:
        """Send an access unit, or note that this viewer has to do without it."""
        now = self._loop.time()
        self._fit_datagrams()
        is_queued = self.sender.send_access_unit(unit, now=now)
        if self.link is not None:
            self.link.frames_sent += is_queued
        self._send_media(now)
        self._take_events()
        self.connection.flush()

    def tell_source_state(self, available: bool, reason: str) -> None:
        """Tell that the screen has gone or is back."""
        self._send(SourceState(available=available, reason=reason[:_MAX_TEXT]))
        self.connection.flush()

    def send_sound(self, packets: Sequence[SoundPacketOut]) -> None:
        """Send packets of sound, ahead of what waits of the picture."""
        sound = self.sound
        if sound is None:
            return
        now = self._loop.time()
        for packet in packets:
            sound.epoch = packet.epoch
            try:
                sound.send_packet(packet.opus, packet.capture_us, now=now, is_silent=packet.is_silent)
            except LocalProtocolError as error:  # larger than a datagram of this viewer
                logger.debug("%s: a packet of sound was not sent: %s", self.name, error)
        self._send_sound(now)
        self.connection.flush()

    def tell_sound_state(self, state: SoundState) -> None:
        """Tell how sound is coded from now on, or why there is none."""
        self._send(
            SoundConfig(
                epoch=state.epoch,
                channels=state.channels,
                frame_us=state.frame_us,
                available=not state.reason,
                reason=state.reason[:_MAX_TEXT],
            )
        )
        self.connection.flush()

    def holders(self) -> dict[str, Holder]:
        """Return everything of this session that holds bytes, by its name in the budget."""
        return self.sender.holders() | (self.sound.holders() if self.sound is not None else {})

    @property
    def has_room(self) -> bool:
        """Whether another access unit would leave soon."""
        sender = self.sender
        return not sender.is_stalled and sender.queued_bytes < _ROOM_BYTES and sender.backlog_s < _ROOM_S

    @property
    def rate_decision(self) -> RateDecision | None:
        """What the link and the viewer leave for the encoder; None while nothing is known of them."""
        return self.sender.rate.decision if self.sender.rate.is_active else None

    @property
    def send_buffer_bytes(self) -> int:
        """Everything that waits for this viewer, in our queues and in the transport."""
        waiting = self.sender.queued_bytes + self.sender.retransmission.queued_bytes
        if self.sound is not None:
            waiting += self.sound.queued_bytes
        return waiting + self.connection.send_buffer_bytes

    def close(self, code: ErrorCode, reason: str) -> None:
        """Say goodbye."""
        if code == ErrorCode.REFUSED:
            logger.info("%s is sent away: %s", self.name, reason)
        self._send(Bye(code=code, reason=reason[:_MAX_TEXT]))
        self.connection.flush()
        self.connection.close(code, reason)

    def _send(self, message: Message) -> None:
        self.talk.say(message)

    def _send_sound(self, now: float) -> None:
        if self.sound is not None:
            connection = self.connection
            for datagram in self.sound.datagrams_to_send(now=now, max_bytes=connection.send_space_bytes):
                connection.send_datagram(datagram)

    def _fit_datagrams(self) -> None:
        """Keep to what the path takes, which may change at each wake-up, and to what the viewer takes."""
        self.sender.max_datagram_bytes = min(self.connection.max_datagram_bytes, self._peer_max_datagram_bytes)

    def _send_media(self, now: float) -> None:
        self._send_sound(now)
        self._fit_datagrams()
        connection = self.connection
        for datagram in self.sender.datagrams_to_send(now=now, max_bytes=connection.send_space_bytes):
            connection.send_datagram(datagram)
        self._send_timer = timer_at(self._loop, self._send_timer, self.sender.next_timer(now=now), self._send_due)
        if self.sender.needs_keyframe and self.has_room and self.is_watching:
            self._wish_keyframe(now)

    def _send_due(self) -> None:
        self._send_timer = None
        now = self._loop.time()
        before = self.sender.rate.decision
        self.sender.handle_timer(now=now)
        if self.sender.rate.decision is not before:
            self._follow_rate()
        self._send_media(now)
        self._take_events()
        self.connection.flush()
        if self.has_room:
            self._on_room()

    def _follow_rate(self) -> None:
        """Let the transport and the encoder know what the viewer's reports, or their absence, say of the link."""
        if self.sender.rate.is_active:
            rtt_ms = self.connection.min_rtt_ms or _UNKNOWN_RTT_MS
            window_bytes = self.sender.rate.congestion_window_bytes(rtt_ms / 1000)
            if self.sound is not None:
                window_bytes += round(_SOUND_BYTES_PER_S * (rtt_ms / 1000 + _SOUND_SLACK_S))
            self.connection.limit_in_flight(window_bytes + self.bulk_window_bytes)
            self._on_rate()

    def _wish_keyframe(self, now: float) -> None:
        if now - self._wished_at >= _KEYFRAME_INTERVAL_S:
            self._wished_at = now
            self._on_keyframe_needed()

    # From the client: ConnectionObserver.

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        """Take requests for packets that did not come, and when others did; a malformed one is skipped."""
        rtt_ms = self.connection.rtt_ms
        self.sender.rtt_s = None if rtt_ms is None else rtt_ms / 1000
        for datagram in datagrams:
            part = self.talk.part_of(datagram)
            try:
                if part is not None:
                    part.datagram_received(datagram, now=now)
                else:
                    self.sender.receive_datagram(datagram, now=now)
            except RemoteProtocolError as error:
                logger.debug("%s: a datagram was skipped: %s", self.name, error)
        self._follow_rate()
        self._send_media(now)

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        """Take messages; a wrong one ends the session."""
        try:
            for message in self.talk.messages(channel, data):
                if not self.talk.message_received(message, now=now):
                    self._handle(message, now)
        except RemoteProtocolError as error:
            logger.warning("%s: %s", self.name, error)
            self.close(error.code, str(error))

    def _handle(self, message: Message, now: float) -> None:
        match message:
            case Hello():
                self._welcome(message)
            case Knock():
                self._send(Welcome())  # who may come in without a proof need not give one
                self.connection.flush()
            case Ping(ping_id=ping_id, sent_us=sent_us):
                self._send(Pong(ping_id=ping_id, sent_us=sent_us, received_us=monotonic_us()))
            case Feedback() | KeyframeRequest():
                if self.link is not None and isinstance(message, Feedback):
                    self.link.note_feedback(message, now=now)
                self.sender.receive_message(message, now=now)
                self._take_events()
                self._send_media(now)  # the end of a frame may have to be sent again
            case Bye(reason=reason):
                logger.info("%s says goodbye%s", self.name, f": {printable(reason)}" if reason else "")

    def _welcome(self, hello: Hello) -> None:
        check_version(hello)
        if self.is_watching:
            raise RemoteProtocolError("a second hello")
        self._hello_timer.cancel()
        name = printable(hello.name if self.client is None else self.client.name)
        self.name = f"{name} ({self.connection.peer})" if name else self.connection.peer
        self._codecs = hello.codecs
        self._peer_max_datagram_bytes = hello.max_datagram_bytes
        self.hello, self.rights.name = hello, self.name
        if Right.VIEW not in self.rights.granted:
            self.close(ErrorCode.REFUSED, "this client has no right to view")
            return
        if hello.sound and self._has_sound and Right.AUDIO in self.rights.granted:
            self.sound = SoundSender(SOUND_CONFIG)
        self.is_watching = True
        largest = self.connection.largest_datagram_bytes
        self._send(structs.replace(self._introduction, name=f"wavry {__version__}", max_datagram_bytes=largest))
        self.rights.tell()
        self.connection.flush()
        logger.info("%s watches", self.name)
        self._on_watching(self)

    def _take_events(self) -> None:
        for event in self.sender.events():
            if isinstance(event, KeyframeRequested):
                self._on_keyframe_needed()
            else:
                logger.debug("%s: %d access units were not sent", self.name, event.count)

    def writable(self, *, now: float) -> None:
        """Send what waited for the window to open."""
        self._send_media(now)
        self.talk.writable(now=now)
        if self.has_room:
            self._on_room()

    def connection_lost(self, error: ConnectionLostError) -> None:
        """End."""
        self._hello_timer.cancel()
        if self._send_timer is not None:
            self._send_timer.cancel()
        self.talk.ended()
        if self.is_watching:
            logger.info("%s has left: %s", self.name, printable(str(error)))
        self._on_gone(self)
