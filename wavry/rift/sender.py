"""The host's end of one media stream: access units in, datagrams out.

The queue holds whole units, already cut into datagrams, with parity among them. Coded units are never dropped silently:
what gives way is an event, the chain of references is broken from there on, and only a keyframe mends it. What has left
is kept for a while, and sent again to a viewer that asks for it.

The size of datagrams may change at any time. When it shrinks, what was made for the larger size is of no use: it would
never fit, and parity over it neither. So what waits is given up, and a keyframe is due.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.errors import ConfigError, LocalProtocolError
from wavry.memory import checkpoint
from wavry.rift.arrivals import ArrivalReport
from wavry.rift.chain import ReferenceChain
from wavry.rift.config import SenderConfig
from wavry.rift.events import KeyframeRequested, SenderEvent, UnitsDropped
from wavry.rift.fec import PARITY_OVERHEAD_BYTES
from wavry.rift.messages import Feedback, KeyframeRequest
from wavry.rift.nack import parse_nack
from wavry.rift.packet import MAX_UNIT_BYTES, Stream, packet_id_of
from wavry.rift.packetizer import Packetizer
from wavry.rift.protection import Protection
from wavry.rift.rate import RateControl
from wavry.rift.retransmission import Retransmission
from wavry.rift.sequence import SERIAL_MASK, serial_distance

if TYPE_CHECKING:
    from wavry.media import AccessUnit
    from wavry.memory import Holder
    from wavry.rift.framing import Message

_ARRIVALS = bytes([Stream.ARRIVALS])

DATAGRAM_OVERHEAD_BYTES = 64
"""Charged for each queued datagram besides its bytes: the bytes object and its place in the queue."""


UNIT_OVERHEAD_BYTES = 256
"""Charged for each queued unit: its objects, and its place in the queue."""


class _QueuedUnit:
    """A unit's datagrams that have not left, the next one last."""

    __slots__ = ("datagrams", "first_packet_id", "frame_id", "is_begun", "is_keyframe", "queued_at")

    def __init__(self, unit: AccessUnit, first_packet_id: int, datagrams: list[bytes], queued_at: float) -> None:
        self.queued_at = queued_at
        self.frame_id = unit.frame_id
        self.is_keyframe = unit.is_keyframe
        self.first_packet_id = first_packet_id
        self.datagrams = datagrams[::-1]  # to pop from; a deque would take 760 bytes however few there are
        self.is_begun = False


class Sender:
    """Packetizes, queues within bounds, and listens to what the viewer says. One owner, one thread.

    After each call, drain `datagrams_to_send` as fast as the network takes it, and `events`.

    Policy when a unit does not fit into the queue: it and all units of which nothing has left are dropped. A keyframe
    needs nothing before it, so it even replaces the unit that is half sent.
    """

    policy = "units that have not begun to leave give way, then a keyframe is due"

    def __init__(self, config: SenderConfig | None = None) -> None:
        self.config = config = config or SenderConfig()
        self.protection = None if config.redundancy == 0 else Protection(config.max_datagram_bytes, config.redundancy)
        """The parity that frames get; its encoder belongs into the budget."""
        self.retransmission = Retransmission(config.history_limit_bytes, config.history_ms / 1000)
        """What has left and may be asked for; its history belongs into the budget."""
        self.rate = RateControl(config.ceiling_bps, config.fps)
        """How much and how fast may be sent, once the viewer reports when packets arrive."""
        self.rtt_s: float | None = None
        """Newest round trip, for the owner to keep up to date."""
        self._unrepaired_frames = 0
        """Frames that the viewer lost since its last report of arrivals."""
        self._max_datagram_bytes = config.max_datagram_bytes
        self._packetizer = Packetizer(
            self._source_bytes(config.max_datagram_bytes), stream=config.stream, first_packet_id=config.first_packet_id
        )
        self._chain = ReferenceChain()
        self._units: deque[_QueuedUnit] = deque()
        self._events: list[SenderEvent] = []
        self._holdoff_s = config.keyframe_holdoff_ms / 1000
        self._tail_loss_s = config.tail_loss_ms / 1000
        self._max_wait_s = config.max_wait_ms / 1000
        self._last_keyframe: tuple[int, float] | None = None
        """Frame id of the newest keyframe of this epoch that was queued, and when."""
        self._requested_at: float | None = None
        """When a keyframe was last asked of our owner; None once one was given."""
        self._last_sent_at = 0.0
        self._tail_was_reported = True
        self._tail_was_resent = False
        self._queued_packets = 0
        self._high_water_bytes = 0
        self.is_stalled = False
        """Whether units were given up for their age and the network has taken nothing since: new ones would fare no
        better."""
        self.queued_bytes = 0
        """Bytes of datagrams that wait."""
        self.packets_sent = 0
        self.bytes_sent = 0
        """Bytes of datagrams handed out."""
        self.drops = 0
        """Units dropped."""
        self.latest_feedback: Feedback | None = None

    def send_access_unit(self, unit: AccessUnit, *, now: float) -> bool:
        """Queue a unit.

        Args:
            unit: Copied into its datagrams, not kept.
            now: Monotonic seconds.

        Returns:
            Whether it will be sent. If not, an `UnitsDropped` says so and `needs_keyframe` is true.

        Raises:
            LocalProtocolError: It is larger than `MAX_UNIT_BYTES`, or a field does not fit; nothing changed.
        """
        if len(unit.data) > MAX_UNIT_BYTES:
            raise LocalProtocolError(f"access unit of {len(unit.data)} bytes, at most {MAX_UNIT_BYTES} are sent")
        redundancy = 0.0 if self.protection is None else self.protection.redundancy
        needed_bytes = self._most_bytes(len(unit.data), self._max_datagram_bytes, redundancy)
        if self._units and self.used_bytes + needed_bytes > self.config.queue_limit_bytes:
            self._make_room(unit, needed_bytes)
        if not self._chain.accepts(unit):
            self._chain.lose(unit.epoch, unit.frame_id)
            self._report_dropped(1, unit.frame_id)
            return False

        first_packet_id = self._packetizer.next_packet_id
        datagrams = self._packetizer.packetize(unit)
        if self.protection is not None:
            datagrams = self.protection.protect(datagrams, first_packet_id)
        self._chain.admit(unit)
        self._units.append(_QueuedUnit(unit, first_packet_id, datagrams, now))
        self._queued_packets += len(datagrams)
        self.queued_bytes += sum(map(len, datagrams))
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        if unit.is_keyframe:
            self._last_keyframe = (unit.frame_id, now)
            self._requested_at = None
        checkpoint("access_unit_packetized")
        return True

    def datagrams_to_send(self, *, now: float, max_bytes: int | None = None) -> list[bytes]:
        """Take out datagrams in order, those first that were asked for again, no more than the pace allows.

        Args:
            now: Monotonic seconds.
            max_bytes: What the network takes now; the datagrams together are no larger. None for all.
        """
        self._drop_stale(now)
        room_bytes = self.queued_bytes + self.retransmission.queued_bytes if max_bytes is None else max_bytes
        if max_bytes is None or max_bytes >= self._max_datagram_bytes:
            self.is_stalled = False
        if not room_bytes and self.queued_bytes:
            self.rate.note_blocked(now=now)
        pace_bytes = self.rate.room_bytes(now=now)
        if pace_bytes is not None:
            room_bytes = min(room_bytes, pace_bytes + self._max_datagram_bytes if pace_bytes else 0)
        again = self.retransmission.take(room_bytes) if self.retransmission.queued_bytes else []
        room_bytes -= sum(map(len, again))
        taken: list[bytes] = []
        while self._units:
            unit = self._units[0]
            datagrams = unit.datagrams
            while datagrams and len(datagrams[-1]) <= room_bytes:
                datagram = datagrams.pop()
                room_bytes -= len(datagram)
                taken.append(datagram)
                unit.is_begun = True
            if datagrams:
                break
            self._units.popleft()
        if taken:
            self._note_sent(taken, now)
        if again or taken:
            self.rate.note_sent(sum(map(len, again)) + sum(map(len, taken)), now=now)
        return again + taken

    @property
    def max_datagram_bytes(self) -> int:
        """Largest datagram from now on; set it whenever the transport's limit may have changed.

        A smaller limit gives up what waits, and what has left and is larger is not sent again.

        Raises:
            ConfigError: When set to what is not between the limits of `SenderConfig`.
        """
        return self._max_datagram_bytes

    @max_datagram_bytes.setter
    def max_datagram_bytes(self, max_bytes: int) -> None:
        if max_bytes == self._max_datagram_bytes:
            return
        config = self.config
        least = config.max_datagram_bytes
        if config.least_max_datagram_bytes is not None:
            least = config.least_max_datagram_bytes
        if not least <= max_bytes <= config.max_datagram_bytes:
            raise ConfigError("max_datagram_bytes", max_bytes, f"{least} to {config.max_datagram_bytes}")
        is_smaller = max_bytes < self._max_datagram_bytes
        self._max_datagram_bytes = max_bytes
        if is_smaller:
            self._chain.is_intact = False
            self._give_up_queue()
            self.retransmission.limit(max_bytes)
        if self.protection is not None:
            self.protection.resize(max_bytes)
        self._packetizer.max_datagram_bytes = self._source_bytes(max_bytes)

    def _source_bytes(self, max_datagram_bytes: int) -> int:
        """Return how large a packet may be so that its parity fits."""
        return max_datagram_bytes - (0 if self.protection is None else PARITY_OVERHEAD_BYTES)

    def next_timer(self, *, now: float) -> float | None:
        """Return when `datagrams_to_send` lets out more or `handle_timer` is due, monotonic seconds; or None."""
        due = self.rate.next_timer
        if self.queued_bytes + self.retransmission.queued_bytes and self.rate.is_active:
            send_at = self.rate.next_send_at(now=now)
            due = send_at if due is None else min(due, send_at)
        return due

    def handle_timer(self, *, now: float) -> None:
        """Notice that the viewer reports no more. Calling it early or for nothing does no harm."""
        self.rate.handle_timer(now=now)

    @property
    def backlog_s(self) -> float:
        """How long what waits here takes to leave; 0 while nothing tells the pace."""
        return self.queued_bytes * 8 / self.rate.pacing_rate_bps if self.rate.is_active else 0.0

    def receive_datagram(self, data: bytes, *, now: float) -> None:
        """Take one datagram from the viewer: a request for packets that did not come, or when others did.

        Raises:
            RemoteProtocolError: It is neither; nothing changed.
        """
        if data[1:2] != _ARRIVALS:
            self.retransmission.request(parse_nack(data), now=now)
            return
        report = ArrivalReport.parse(data)
        if report.stream == self.config.stream:
            unrepaired, self._unrepaired_frames = self._unrepaired_frames, 0
            history = self.retransmission.history
            is_behind = self.latest_feedback is not None and self.latest_feedback.is_playout_behind
            self.rate.take_report(
                report, history, rtt_s=self.rtt_s, unrepaired=unrepaired, is_behind=is_behind, now=now
            )
            if self.protection is not None:
                self.protection.follow(self.rate.decision)

    def receive_message(self, message: Message, *, now: float) -> None:
        """Take note of what the viewer says; kinds that do not concern a sender are ignored.

        Args:
            message: A `KeyframeRequest` becomes a `KeyframeRequested` unless it speaks of an older epoch, of a time
                before the last keyframe, or comes again within `keyframe_holdoff_ms`. The newest `Feedback` is kept.
            now: Monotonic seconds.
        """
        if isinstance(message, Feedback):
            if self.latest_feedback is not None:
                self._unrepaired_frames += max(0, message.frames_lost - self.latest_feedback.frames_lost)
            self.latest_feedback = message
            self._check_tail(message, now)
        elif isinstance(message, KeyframeRequest) and not self._is_outdated(message, now):
            self._request_keyframe(message.after_frame_id, now)

    def events(self) -> list[SenderEvent]:
        """Return what happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def holders(self) -> dict[str, Holder]:
        """Return everything of this sender that holds bytes, by its name in the budget."""
        holders: dict[str, Holder] = {
            "rift.send_queues": self,
            "rift.history": self.retransmission.history,
            "rift.retransmissions": self.retransmission,
        }
        if self.protection is not None:
            holders["rift.fec"] = self.protection.encoder
        return holders

    @property
    def needs_keyframe(self) -> bool:
        """Whether anything but a keyframe would be refused. True before the first unit."""
        return not self._chain.is_intact

    @property
    def next_packet_id(self) -> int:
        """The id of the packet that will be made next."""
        return self._packetizer.next_packet_id

    @property
    def cap_bytes(self) -> int:
        """Most the queue can hold: its limit, or one unit with all the parity that there may be.

        The unit is of the largest size, its datagrams of the smallest or the largest.
        """
        config = self.config
        least = config.least_max_datagram_bytes or config.max_datagram_bytes
        sizes = {least, config.max_datagram_bytes}
        redundancy = 0.0 if self.protection is None else self.protection.most_redundancy
        return max(config.queue_limit_bytes, *(self._most_bytes(MAX_UNIT_BYTES, size, redundancy) for size in sizes))

    @property
    def used_bytes(self) -> int:
        """What the queue holds now, with the overhead of each datagram and unit."""
        overhead_bytes = self._queued_packets * DATAGRAM_OVERHEAD_BYTES + len(self._units) * UNIT_OVERHEAD_BYTES
        return self.queued_bytes + overhead_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_water_bytes

    def _most_bytes(self, data_bytes: int, max_datagram_bytes: int, redundancy: float) -> int:
        """Return what a unit takes in the queue at most: its packets, their parity and the objects around them."""
        packets, size_bytes = self._packetizer.wire_bytes(data_bytes, self._source_bytes(max_datagram_bytes))
        if self.protection is not None:
            parity = self.protection.expected_parity(packets, redundancy)
            packets += parity
            size_bytes += parity * min(max_datagram_bytes, size_bytes + PARITY_OVERHEAD_BYTES)
        return size_bytes + packets * DATAGRAM_OVERHEAD_BYTES + UNIT_OVERHEAD_BYTES

    def _make_room(self, newcomer: AccessUnit, needed_bytes: int) -> None:
        """Drop what has not begun to leave; for a keyframe also what has, if it is still too much."""
        dropped = [unit for unit in self._units if not unit.is_begun]
        kept = [unit for unit in self._units if unit.is_begun]
        self._drop(dropped, kept)
        if newcomer.is_keyframe and self.used_bytes + needed_bytes > self.config.queue_limit_bytes:
            self._drop(kept, [])
            dropped = kept + dropped
        self._chain.is_intact = False
        if dropped:
            self._report_dropped(len(dropped), dropped[0].frame_id)

    def _drop(self, units: list[_QueuedUnit], kept: list[_QueuedUnit]) -> None:
        """Take the last units out of the queue and their packet ids back: the viewer shall see no loss in them.

        Only the ids of a unit that has begun stay a gap where there is parity, which may have left and covers them.
        """
        self.queued_bytes -= sum(len(datagram) for unit in units for datagram in unit.datagrams)
        self._queued_packets -= sum(len(unit.datagrams) for unit in units)
        unsent = [unit for unit in units if self.protection is None or not unit.is_begun]
        if unsent and self.protection is None:
            self._packetizer.rewind_to(packet_id_of(unsent[0].datagrams[-1]))
        elif unsent and self.protection is not None:
            self._packetizer.rewind_to(unsent[0].first_packet_id)
            self.protection.take_back(unsent[0].first_packet_id)
        self._units = deque(kept)

    def _drop_stale(self, now: float) -> None:
        """Give up what has waited for so long that a keyframe is better, before it reaches the transport.

        A keyframe that is leaving stays: another would take as long.
        """
        if not self._units or now - self._units[0].queued_at <= self._max_wait_s:
            return
        is_leaving = self._units[0].is_begun and now - self._last_sent_at <= self._max_wait_s
        if not (self._units[0].is_keyframe and is_leaving):
            self._give_up_queue()
            self.is_stalled = True

    def _give_up_queue(self) -> None:
        """Drop all that waits, whatever has begun."""
        if self._units:
            units = list(self._units)
            self._drop(units, [])
            self._chain.is_intact = False
            self._report_dropped(len(units), units[0].frame_id)

    def _report_dropped(self, count: int, first_frame_id: int) -> None:
        """Tell of dropped units, in one event where they follow each other."""
        self.drops += count
        last = self._events[-1] if self._events else None
        if isinstance(last, UnitsDropped) and (last.first_frame_id + last.count) & SERIAL_MASK == first_frame_id:
            self._events[-1] = UnitsDropped(last.count + count, last.first_frame_id)
        else:
            self._events.append(UnitsDropped(count, first_frame_id))

    def _note_sent(self, datagrams: list[bytes], now: float) -> None:
        size_bytes = sum(map(len, datagrams))
        self.queued_bytes -= size_bytes
        self._queued_packets -= len(datagrams)
        self.packets_sent += len(datagrams)
        self.bytes_sent += size_bytes
        self._last_sent_at = now
        self._tail_was_reported = self._tail_was_resent = False
        for datagram in datagrams:
            if datagram[1] == Stream.PARITY:
                self.retransmission.history.add_parity(len(datagram))
            else:
                self.retransmission.note_sent(packet_id_of(datagram), datagram, now=now)

    def _is_outdated(self, request: KeyframeRequest, now: float) -> bool:
        """Whether it is of another epoch, or a keyframe it did not know of was queued a short while ago."""
        if request.epoch != self._chain.epoch:
            return True
        if self._last_keyframe is None:
            return False
        frame_id, queued_at = self._last_keyframe
        is_newer = serial_distance(frame_id, request.after_frame_id) > 0
        return is_newer and now - queued_at < self._holdoff_s

    def _request_keyframe(self, after_frame_id: int, now: float) -> None:
        """Ask our owner for a keyframe, unless that was done a short while ago."""
        if self._chain.epoch is None or (self._requested_at is not None and now - self._requested_at < self._holdoff_s):
            return
        self._requested_at = now
        self._events.append(KeyframeRequested(self._chain.epoch, after_frame_id))

    def _check_tail(self, feedback: Feedback, now: float) -> None:
        """Notice that the last packets before a pause were lost: no later packet shows the viewer the hole.

        They are sent again, and if that does not help a keyframe is asked for.
        """
        if self._units or self._tail_was_reported or now - self._last_sent_at < self._tail_loss_s:
            return
        next_id = self._packetizer.next_packet_id
        missing = serial_distance(next_id, feedback.highest_packet_id) - 1
        if feedback.packets_received and missing <= 0:
            self._tail_was_reported = True
        elif self._tail_was_resent or not feedback.packets_received or missing > _MAX_TAIL_PACKETS:
            self._tail_was_reported = True
            self._request_keyframe(self._chain.newest_frame_id, now)
        else:
            self._tail_was_resent = True
            self._last_sent_at = now
            self.retransmission.request(((next_id - back) & SERIAL_MASK for back in range(missing, 0, -1)), now=now)


_MAX_TAIL_PACKETS = 64
"""A longer end is an outage, after which a keyframe is what helps."""
