"""A sender and a receiver joined by two links, in virtual time: an hour of 60 fps takes a minute.

    encoder ─unit─► Sender ─► forward link ─► Receiver ─unit─► checked, timed
                      ▲                          │
                      ├───── control stream ◄────┤ keyframe requests, feedback
                      └───── backward link ◄─────┘ requests for packets

What the two sessions of the real programs do around the core, the loop does here: it sends what the sender has, makes
messages of what the receiver needs, gives feedback, and lets the next frame be a keyframe when one is asked for.
Corrupted datagrams reach the receiver as they are; over QUIC they would not.

Measured at 20 Mbit/s and 60 fps: an hour takes 32 s on `lan`, 43 s on `wifi`, 57 s on `lte`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from network.control import ReliableStream
from network.encoder import PretendEncoder, StreamShape
from network.link import Link
from wavry.errors import RemoteProtocolError
from wavry.observe.histogram import Histogram
from wavry.rift import (
    CONTROL,
    AccessUnitReceived,
    FrameLost,
    KeyframeNeeded,
    KeyframeRequest,
    MessageDecoder,
    Receiver,
    ReceiverConfig,
    Sender,
    SenderConfig,
    encode_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from network.conditions import PathConditions
    from wavry.rift import Message, ReceiverEvent

FEEDBACK_INTERVAL_S = 0.05
"""While packets come, as in the client."""

IDLE_FEEDBACK_INTERVAL_S = 1.0
"""While none come: the end of the stream may be lost."""

PACING_INTERVAL_S = 0.002
ROOM_BYTES = 32 * 1024
"""While more waits in the sender, nothing is encoded, as in the host."""

FREEZE_S = 0.2
"""A gap between two delivered frames that people call a freeze."""

_NEVER = float("inf")


@dataclass(slots=True)
class Outcome:
    """What a simulation came to."""

    seconds: float = 0.0
    """Of virtual time."""

    frames_sent: int = 0
    frames_skipped: int = 0
    """Not encoded because the sender was full."""

    frames_delivered: int = 0
    frames_lost: int = 0
    frames_undecodable: int = 0
    """Whole, but what they refer to was lost."""

    frames_wrong: int = 0
    """Delivered with other bytes than were sent. Must be 0 on a link that corrupts nothing."""

    keyframes: int = 0
    keyframe_requests: int = 0
    freezes: int = 0
    longest_gap_s: float = 0.0
    """Between two frames delivered."""

    latency: Histogram = field(default_factory=Histogram)
    """From capture to delivery, milliseconds."""

    @property
    def delivered_share(self) -> float:
        """Of the frames sent."""
        return self.frames_delivered / self.frames_sent if self.frames_sent else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return everything as numbers."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name != "latency"}
        return values | {"delivered_share": self.delivered_share, "latency_ms": self.latency.summary()}


class Simulation:
    """Two ends and what is between them. Time begins at 0.

    Args:
        path: The two links.
        shape: What is streamed.
        seed: Of everything random.
        sender_config: For the sender.
        receiver_config: For the receiver.
        pacing_bps: The sender's datagrams leave at no more than that, every 2 ms; None lets a frame leave at once.
        on_event: Told of each event of the receiver and when, in virtual seconds.
    """

    def __init__(
        self,
        path: PathConditions,
        shape: StreamShape | None = None,
        *,
        seed: int | str,
        sender_config: SenderConfig | None = None,
        receiver_config: ReceiverConfig | None = None,
        pacing_bps: float | None = None,
        on_event: Callable[[ReceiverEvent, float], None] | None = None,
    ) -> None:
        self.now = 0.0
        self.sender = Sender(sender_config)
        self.receiver = Receiver(receiver_config)
        self.forward = Link(path.forward, seed=f"{seed} forward")
        self.backward = Link(path.backward, seed=f"{seed} backward")
        self.control = ReliableStream(path.backward, path.rtt_s, seed=f"{seed} control")
        self.receiver.rtt_s = self.sender.rtt_s = path.rtt_s
        self.outcome = Outcome()
        shape = shape or StreamShape()
        self._encoder = PretendEncoder(shape, seed=seed)
        self._decoder = MessageDecoder(CONTROL)
        self._on_event = on_event
        self._frame_interval_s = 1 / shape.fps
        self._frame_slots = 0
        """How many frames could have been made; keeps the frame rate exact."""
        self._frame_at = 0.0
        self._pacing_bytes = None if pacing_bps is None else max(1, round(pacing_bps / 8 * PACING_INTERVAL_S))
        self._paced_at = _NEVER
        """When the sender may send again, while something waits."""
        self._pacing_debt_bytes = 0
        self._feedback_at = FEEDBACK_INTERVAL_S
        self._reported_at = 0.0
        self._reported_packets = 0
        self._keyframe_is_due = True
        self._delivered_at: float | None = None

    def run(self, seconds: float) -> Outcome:
        """Stream for so many seconds; call it again to go on. Returns the totals, the same object each time."""
        self._advance(self.now + seconds)
        return self._conclude()

    def finish(self, patience_s: float = 10.0) -> Outcome:
        """Make no more frames and let arrive what is under way, for at most `patience_s`. The end of the simulation."""
        self._frame_at = _NEVER
        self._advance(self.now + patience_s)
        return self._conclude()

    def _conclude(self) -> Outcome:
        outcome, stats = self.outcome, self.receiver.stats
        outcome.seconds = self.now
        outcome.frames_delivered, outcome.frames_lost = stats.frames_received, stats.frames_lost
        outcome.frames_undecodable = stats.frames_undecodable
        return outcome

    def _advance(self, end: float) -> None:
        forward, backward, control, receiver = self.forward, self.backward, self.control, self.receiver
        while True:
            arrives_at = forward.next_delivery_at
            asked_at = backward.next_delivery_at
            hears_at = control.next_delivery_at
            due = receiver.next_timer()
            leaves_at = self._leaves_at()
            now = min(leaves_at, self._frame_at, self._paced_at, self._feedback_at)
            if arrives_at is not None and arrives_at < now:
                now = arrives_at
            if asked_at is not None and asked_at < now:
                now = asked_at
            if hears_at is not None and hears_at < now:
                now = hears_at
            if due is not None and due < now:
                now = due
            if now >= end:
                self.now = end
                return
            self.now = max(now, self.now)  # a timer may be due since before it was asked for
            if arrives_at is not None and arrives_at <= self.now:
                self._receive(forward.deliver(self.now))
            if due is not None and due <= self.now:
                receiver.handle_timer(now=self.now)
            self._drain_receiver()
            if asked_at is not None and asked_at <= self.now:
                self._answer(backward.deliver(self.now))
            if hears_at is not None and hears_at <= self.now:
                self._hear(control.deliver(self.now))
            if self._frame_at <= self.now:
                self._make_frame()
            if self._paced_at <= self.now or leaves_at <= self.now:
                self.sender.handle_timer(now=self.now)
                self._send()
            if self._feedback_at <= self.now:
                self._give_feedback()

    def _leaves_at(self) -> float:
        """Return when the sender's own pacer lets out more, where nothing else paces."""
        due = self.sender.next_timer(now=self.now) if self._pacing_bytes is None else None
        return _NEVER if due is None else due

    # The host.

    def _make_frame(self) -> None:
        self._frame_slots += 1
        self._frame_at = self._frame_slots * self._frame_interval_s
        if self.sender.queued_bytes > ROOM_BYTES or self.sender.backlog_s > self._frame_interval_s:
            self.outcome.frames_skipped += 1
            return
        unit = self._encoder.encode(keyframe=self._keyframe_is_due or self.sender.needs_keyframe, now=self.now)
        self._keyframe_is_due = False
        self.outcome.frames_sent += 1
        self.outcome.keyframes += unit.is_keyframe
        self.sender.send_access_unit(unit, now=self.now)
        if self._paced_at == _NEVER:
            self._send()

    def _send(self) -> None:
        if self._pacing_bytes is None:
            room_bytes = None
        else:
            # One datagram may be larger than what an interval has room for; the next ones pay for it.
            room_bytes = self._pacing_bytes - self._pacing_debt_bytes
            if room_bytes > 0:
                room_bytes = max(room_bytes, self.sender.config.max_datagram_bytes)
        sent_bytes = 0
        for datagram in self.sender.datagrams_to_send(now=self.now, max_bytes=room_bytes):
            sent_bytes += len(datagram)
            self.forward.send(datagram, self.now)
        if self._pacing_bytes is not None:
            self._pacing_debt_bytes = max(0, self._pacing_debt_bytes + sent_bytes - self._pacing_bytes)
            waiting_bytes = self.sender.queued_bytes + self.sender.retransmission.queued_bytes
            is_done = not waiting_bytes and not self._pacing_debt_bytes
            self._paced_at = _NEVER if is_done else self.now + PACING_INTERVAL_S

    def _answer(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            try:
                self.sender.receive_datagram(datagram, now=self.now)
            except RemoteProtocolError:
                pass  # the link has damaged it
        if self._paced_at == _NEVER:
            self._send()

    def _hear(self, data: bytes) -> None:
        for message in self._decoder.receive(data):
            self.sender.receive_message(message, now=self.now)
        if self._paced_at == _NEVER:
            self._send()
        if self.sender.events():  # all of them ask for a keyframe
            self._keyframe_is_due = True

    # The client.

    def _receive(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            try:
                self.receiver.receive_datagram(datagram, now=self.now)
            except RemoteProtocolError:
                pass  # it is in the receiver's statistics

    def _drain_receiver(self) -> None:
        for datagram in self.receiver.datagrams_to_send(now=self.now):
            self.backward.send(datagram, self.now)
        for event in self.receiver.events():
            if self._on_event is not None:
                self._on_event(event, self.now)
            match event:
                case AccessUnitReceived():
                    self._show(event)
                case KeyframeNeeded(epoch=epoch, after_frame_id=after_frame_id):
                    self.outcome.keyframe_requests += 1
                    self._tell(KeyframeRequest(epoch=epoch, after_frame_id=after_frame_id))
                case FrameLost():
                    pass  # it is in the receiver's statistics

    def _show(self, event: AccessUnitReceived) -> None:
        outcome = self.outcome
        outcome.frames_wrong += not self._encoder.made(event.unit)
        outcome.latency.add(self.now * 1000 - event.unit.capture_us / 1000)
        if self._delivered_at is not None:
            gap_s = self.now - self._delivered_at
            outcome.longest_gap_s = max(outcome.longest_gap_s, gap_s)
            outcome.freezes += gap_s > FREEZE_S
        self._delivered_at = self.now

    def _give_feedback(self) -> None:
        self._feedback_at = self.now + FEEDBACK_INTERVAL_S
        packets = self.receiver.stats.packets_received
        if packets != self._reported_packets or self.now - self._reported_at >= IDLE_FEEDBACK_INTERVAL_S:
            self._reported_packets, self._reported_at = packets, self.now
            self._tell(self.receiver.make_feedback(self.now))

    def _tell(self, message: Message) -> None:
        self.control.send(encode_message(message), self.now)
