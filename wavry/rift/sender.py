"""The host's end of one media stream: access units in, datagrams out.

The queue holds whole units, already cut into datagrams. Coded units are never dropped silently: what gives way is an
event, the chain of references is broken from there on, and only a keyframe mends it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.errors import LocalProtocolError
from wavry.memory import checkpoint
from wavry.rift.chain import ReferenceChain
from wavry.rift.config import SenderConfig
from wavry.rift.events import KeyframeRequested, SenderEvent, UnitsDropped
from wavry.rift.messages import Feedback, KeyframeRequest, Message
from wavry.rift.packet import MAX_UNIT_BYTES
from wavry.rift.packetizer import Packetizer
from wavry.rift.sequence import SERIAL_MASK, serial_distance

if TYPE_CHECKING:
    from wavry.media import AccessUnit

DATAGRAM_OVERHEAD_BYTES = 64
"""Charged for each queued datagram besides its bytes: the bytes object and its place in the queue."""


UNIT_OVERHEAD_BYTES = 256
"""Charged for each queued unit: its objects, and its place in the queue."""


class _QueuedUnit:
    """A unit's datagrams that have not left, the next one last."""

    __slots__ = ("datagrams", "frame_id", "is_begun")

    def __init__(self, frame_id: int, datagrams: list[bytes]) -> None:
        self.frame_id = frame_id
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
        self._packetizer = Packetizer(
            config.max_datagram_bytes, stream=config.stream, first_packet_id=config.first_packet_id
        )
        self._chain = ReferenceChain()
        self._units: deque[_QueuedUnit] = deque()
        self._events: list[SenderEvent] = []
        self._holdoff_s = config.keyframe_holdoff_ms / 1000
        self._tail_loss_s = config.tail_loss_ms / 1000
        self._last_keyframe: tuple[int, float] | None = None
        """Frame id of the newest keyframe of this epoch that was queued, and when."""
        self._requested_at: float | None = None
        """When a keyframe was last asked of our owner; None once one was given."""
        self._last_sent_at = 0.0
        self._tail_was_reported = True
        self._queued_packets = 0
        self._high_water_bytes = 0
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
        packets, size_bytes = self._packetizer.wire_bytes(len(unit.data))
        needed_bytes = size_bytes + packets * DATAGRAM_OVERHEAD_BYTES + UNIT_OVERHEAD_BYTES
        if self._units and self.used_bytes + needed_bytes > self.config.queue_limit_bytes:
            self._make_room(unit, needed_bytes)
        if not self._chain.accepts(unit):
            self._chain.lose(unit.epoch, unit.frame_id)
            self._report_dropped(1, unit.frame_id)
            return False

        datagrams = self._packetizer.packetize(unit)
        self._chain.admit(unit)
        self._units.append(_QueuedUnit(unit.frame_id, datagrams))
        self._queued_packets += packets
        self.queued_bytes += size_bytes
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        if unit.is_keyframe:
            self._last_keyframe = (unit.frame_id, now)
            self._requested_at = None
        checkpoint("access_unit_packetized")
        return True

    def datagrams_to_send(self, *, now: float, max_bytes: int | None = None) -> list[bytes]:
        """Take out datagrams in order.

        Args:
            now: Monotonic seconds.
            max_bytes: What the network takes now; the datagrams together are no larger. None for all.
        """
        room_bytes = self.queued_bytes if max_bytes is None else max_bytes
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
        return taken

    def receive_message(self, message: Message, *, now: float) -> None:
        """Take note of what the viewer says; kinds that do not concern a sender are ignored.

        Args:
            message: A `KeyframeRequest` becomes a `KeyframeRequested` unless it speaks of an older epoch, of a time
                before the last keyframe, or comes again within `keyframe_holdoff_ms`. The newest `Feedback` is kept.
            now: Monotonic seconds.
        """
        if isinstance(message, Feedback):
            self.latest_feedback = message
            self._check_tail(message, now)
        elif isinstance(message, KeyframeRequest) and not self._is_outdated(message, now):
            self._request_keyframe(message.after_frame_id, now)

    def events(self) -> list[SenderEvent]:
        """Return what happened since the last call, in order."""
        events, self._events = self._events, []
        return events

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
        """Most the queue can hold: its limit, or one unit of the largest size."""
        packets, size_bytes = self._packetizer.wire_bytes(MAX_UNIT_BYTES)
        return max(self.config.queue_limit_bytes, size_bytes + packets * DATAGRAM_OVERHEAD_BYTES + UNIT_OVERHEAD_BYTES)

    @property
    def used_bytes(self) -> int:
        """What the queue holds now, with the overhead of each datagram and unit."""
        overhead_bytes = self._queued_packets * DATAGRAM_OVERHEAD_BYTES + len(self._units) * UNIT_OVERHEAD_BYTES
        return self.queued_bytes + overhead_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_water_bytes

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
        """Take the last units out of the queue and their packet ids back: the viewer shall see no loss in them."""
        packets = sum(len(unit.datagrams) for unit in units)
        self.queued_bytes -= sum(len(datagram) for unit in units for datagram in unit.datagrams)
        self._queued_packets -= packets
        self._packetizer.rewind(packets)
        self._units = deque(kept)

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
        self._tail_was_reported = False

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
        """Notice that the last packets before a pause were lost; no later packet shows the viewer the hole."""
        if self._units or self._tail_was_reported or now - self._last_sent_at < self._tail_loss_s:
            return
        self._tail_was_reported = True
        last_sent_id = (self._packetizer.next_packet_id - 1) & SERIAL_MASK
        if not feedback.packets_received or serial_distance(last_sent_id, feedback.highest_packet_id) > 0:
            self._request_keyframe(self._chain.newest_frame_id, now)
