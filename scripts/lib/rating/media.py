"""A stream of frames as the host sends it: an encoder that follows the target, a pacer, a viewer that reports.

Around a real controller stand the real reports of arrivals; the rest is a model. A frame is decodable when as many of
its packets came as it has source packets (an ideal code over one frame) and the frame before it was.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Protocol

from rating.flight import Flight, mean_bps
from wavry.rift.arrivals import ArrivalLog, ArrivalReport
from wavry.rift.delta import DeliveryFeedback

if TYPE_CHECKING:
    from collections.abc import Callable

    from network.link import Link
    from wavry.rift.delta import RateDecision

PACKET_BYTES = 1150
VARIATION = 0.25
"""Frames differ from the target by at most this share."""

KEYFRAME_FACTOR = 2.0
"""A keyframe in multiples of a mean frame; the encoder's buffer of two frame times allows no more."""

BACKLOG_S = 0.02
"""While more than the pacer sends in this time waits, no frame is encoded."""

GIVE_UP_S = 0.15
"""A frame that waited so long is given up whole."""

_PROBE_S = 0.1
"""With a full window and no acknowledgement for so long, then twice as long, one packet leaves nevertheless, as QUIC's
probes do."""


class Controller(Protocol):
    """What the host asks a rate controller."""

    @property
    def decision(self) -> RateDecision:
        """What the encoder and the parity may use."""

    @property
    def pacing_rate_bps(self) -> float:
        """How fast packets leave."""

    def congestion_window_bytes(self, rtt_s: float) -> int:
        """Return how much may be unacknowledged."""

    def note_sent(self, size_bytes: int, now: float) -> None:
        """Count what left."""

    def note_blocked(self, now: float) -> None:
        """Take note that the window holds something back."""

    def update(self, feedback: DeliveryFeedback, now: float) -> RateDecision:
        """Learn and decide."""

    def handle_timer(self, now: float) -> RateDecision:
        """Notice silence."""


@dataclass(slots=True)
class _Frame:
    captured_at: float
    sources: int
    packets: int
    is_keyframe: bool
    received: int = 0
    is_sent: bool = False


@dataclass(slots=True)
class MediaRecord:
    """What a flow came to. Times are seconds."""

    queueing: list[tuple[float, float]] = field(default_factory=list)
    """When each packet arrived and how long it waited for the link."""

    frames: list[tuple[float, float]] = field(default_factory=list)
    """When each decodable frame was captured and how long after it was whole."""

    arrived: list[tuple[float, int]] = field(default_factory=list)
    """When each packet arrived, and its bytes."""

    decisions: list[tuple[float, float, float]] = field(default_factory=list)
    """Each tick: when, the target, the redundancy."""

    sent: list[tuple[float, int]] = field(default_factory=list)
    """When each packet left, and its bytes."""

    encoded: int = 0
    skipped: int = 0
    """Frames that were not encoded because too much waited."""

    given_up: int = 0
    """Frames that were encoded and never decodable."""

    lost: int = 0
    """Packets."""

    def arrived_bps(self, begin: float, end: float) -> float:
        """Return the mean rate of arrivals between two times."""
        return mean_bps(self.arrived, begin, end)

    def sent_bps(self, begin: float, end: float) -> float:
        """Return the mean rate of what left between two times."""
        return mean_bps(self.sent, begin, end)

    def target_bps(self, begin: float, end: float) -> float:
        """Return the mean of what the encoder was told between two times."""
        targets = [bps for at, bps, _ in self.decisions if begin <= at < end]
        return sum(targets) / len(targets)


class MediaFlow:
    """One host and its viewer.

    Args:
        link: The way there.
        controller: Decides.
        number: Its place among the flows.
        latency_s: Of each way, without the queue.
        wanted_bps: What the picture needs at a time; the encoder gives no more, whatever the target.
        seed: Of the frames' sizes.
        begins_s: When it starts.
        clock_offset_s: The viewer's clock less the host's.
        extra_s: Latency of its own on the way there, behind the link.
        delayed: How much later what was sent at a time arrives.
    """

    def __init__(
        self,
        link: Link,
        controller: Controller,
        *,
        number: int = 0,
        latency_s: float,
        wanted_bps: Callable[[float], float] = lambda _: 1e9,
        seed: int | str = 1,
        begins_s: float = 0.0,
        clock_offset_s: float = 1000.0,
        extra_s: float = 0.0,
        delayed: Callable[[float], float] = lambda _: 0.0,
    ) -> None:
        self.record = MediaRecord()
        self.controller = controller
        self._latency_s = latency_s
        self._flight = Flight(link, number, latency_s)
        self._log = ArrivalLog()
        self._wanted_bps = wanted_bps
        self._dice = Random(f"{seed} frames {number}")
        self._begins_s = begins_s
        self._clock_offset_s = clock_offset_s
        self._extra_s = extra_s
        self._delayed = delayed
        self._frames: list[_Frame] = []
        self._sent: list[tuple[float, int, int]] = []
        """By packet id: when it left, its bytes, its frame."""
        self._waiting: deque[tuple[int, int]] = deque()
        """Frame and bytes of each packet that has not left."""
        self._waiting_bytes = 0
        self._budget_bytes = 0.0
        self._reports: deque[tuple[float, bytes]] = deque()
        self._keyframe_requests: deque[float] = deque()
        self._keyframe_is_due = True
        self._keyframe_is_awaited = False
        self._parity_due = 0.0
        self._next_frame_at = begins_s
        self._next_decodable = 0
        self._rtt_s = 2 * latency_s
        self._probed_at = begins_s
        self._probe_s = _PROBE_S

    # The viewer.

    def receive(self, datagram: bytes, now: float) -> None:
        """Note the arrival, and see which frames are whole."""
        packet_id = self._flight.arrive(datagram, now + self._extra_s)
        sent_at, size_bytes, number = self._sent[packet_id]
        self.record.queueing.append((now, now - sent_at - self._latency_s))
        now += self._extra_s
        self._log.note(packet_id, now + self._delayed(sent_at) + self._clock_offset_s)
        self.record.arrived.append((now, size_bytes))
        frame = self._frames[number]
        frame.received += 1
        if number >= self._next_decodable:
            self._decode(number, now)

    def _decode(self, newest: int, now: float) -> None:
        """Deliver what is whole in order; what is older than two frames is given up and a keyframe asked for."""
        while self._next_decodable <= newest:
            frame = self._frames[self._next_decodable]
            if frame.received >= frame.sources:
                if frame.is_keyframe or not self._keyframe_is_awaited:
                    self._keyframe_is_awaited = False
                    self.record.frames.append((frame.captured_at, now - frame.captured_at))
                else:
                    self.record.given_up += 1
            elif newest - self._next_decodable >= 2 or not frame.packets:
                self.record.given_up += 1
                self._keyframe_is_awaited = True
                self._keyframe_requests.append(now + self._latency_s)
            else:
                return
            self._next_decodable += 1

    # The host.

    def tick(self, now: float) -> None:
        """Hear, encode, send."""
        if now < self._begins_s:
            return
        for report in self._log.take_reports(now + self._clock_offset_s):
            self._reports.append((now + self._latency_s, report))
        _, rtt_s = self._flight.hear(now)
        self._rtt_s = rtt_s or self._rtt_s
        while self._reports and self._reports[0][0] <= now:
            self._learn(self._reports.popleft()[1], now)
        while self._keyframe_requests and self._keyframe_requests[0] <= now:
            self._keyframe_requests.popleft()
            self._keyframe_is_due = True
        decision = self.controller.handle_timer(now)
        if now >= self._next_frame_at:
            self._encode(now, decision)
        self._send(now)
        self.record.decisions.append((now, decision.target_bitrate_bps, decision.redundancy))

    def _learn(self, report: bytes, now: float) -> None:
        arrivals = ArrivalReport.parse(report).arrivals()
        packets = [
            (self._sent[packet_id][0], arrived_at, self._sent[packet_id][1])
            for packet_id, arrived_at in arrivals
            if arrived_at is not None
        ]
        lost = len(arrivals) - len(packets)
        self.record.lost += lost
        self.controller.update(DeliveryFeedback(packets=packets, lost_packets=lost, rtt_s=self._rtt_s), now)

    def _encode(self, now: float, decision: RateDecision) -> None:
        self._next_frame_at += 1 / decision.target_fps
        if self._waiting_bytes * 8 > self.controller.pacing_rate_bps * BACKLOG_S:
            self.record.skipped += 1
            return
        bitrate_bps = min(decision.target_bitrate_bps, self._wanted_bps(now))
        if bitrate_bps <= 0:
            return
        size_bytes = bitrate_bps / 8 / decision.target_fps * self._dice.uniform(1 - VARIATION, 1 + VARIATION)
        if self._keyframe_is_due:
            size_bytes *= KEYFRAME_FACTOR
        sources = max(1, -int(-size_bytes // PACKET_BYTES))
        self._parity_due += sources * decision.redundancy
        packets = sources + int(self._parity_due)
        self._parity_due %= 1.0
        number = len(self._frames)
        self._frames.append(_Frame(now, sources, packets, self._keyframe_is_due))
        self._keyframe_is_due = False
        each_bytes = max(64, round(size_bytes / sources))
        self._waiting.extend([(number, each_bytes)] * packets)
        self._waiting_bytes += each_bytes * packets
        self.record.encoded += 1

    def _send(self, now: float) -> None:
        rate_bps = self.controller.pacing_rate_bps
        self._budget_bytes = min(self._budget_bytes + rate_bps / 8 * 0.002, max(rate_bps / 8 * 0.004, PACKET_BYTES))
        window_bytes = self.controller.congestion_window_bytes(2 * self._latency_s + self._extra_s)
        while self._waiting:
            number, size_bytes = self._waiting[0]
            frame = self._frames[number]
            if not frame.is_sent and now - frame.captured_at > GIVE_UP_S:
                for _ in range(frame.packets):
                    self._waiting_bytes -= self._waiting.popleft()[1]
                frame.packets = 0
                self._keyframe_is_due = True
                continue
            is_probe = False
            if self._flight.in_flight_bytes + size_bytes > window_bytes:
                if self._flight.last_heard_at > self._probed_at:
                    self._probe_s = _PROBE_S
                is_probe = now - max(self._flight.last_heard_at, self._probed_at) > self._probe_s
                if not is_probe:
                    self.controller.note_blocked(now)
                    break
                self._probed_at = now
                self._probe_s *= 2
            if self._budget_bytes < size_bytes and not is_probe:
                break
            self._waiting.popleft()
            frame.is_sent = True
            self._waiting_bytes -= size_bytes
            self._budget_bytes -= size_bytes
            self._sent.append((now, size_bytes, number))
            self._flight.send(size_bytes, now)
            self.controller.note_sent(size_bytes, now)
            self.record.sent.append((now, size_bytes))
