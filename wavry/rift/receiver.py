"""The viewer's end of one media stream: datagrams in, access units out.

One window, three readers: packets that come in order pass the window by, the others wait in it; the loss tracker
counts what the window has judged, the FEC decoder rebuilds what parity covers, and what leaves the window in order
becomes frames. A hole is waited for while something may still fill it: a packet that was overtaken, parity of this and
the next frames, or the host, which is asked to send the packet again while the answer can come in time. Then it is
skipped, the frame in it is lost, a keyframe is asked for, and nothing that refers to the lost frame is delivered.

Measured on 36-packet units: 2.6 µs per packet in order, 3.7 with 20 % parity, 4.9 when each fourth pair is swapped
(scripts/bench/receive.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from wavry.errors import RemoteProtocolError
from wavry.rift.arrivals import ArrivalLog
from wavry.rift.config import ReceiverConfig
from wavry.rift.delivery import FrameDelivery
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder
from wavry.rift.loss import LossTracker
from wavry.rift.messages import Feedback
from wavry.rift.missing import MissingPackets
from wavry.rift.nack import serialize_nacks
from wavry.rift.packet import KEYFRAME_BIT, RETRANSMITTED_BIT, Packet, Stream, unmark_retransmitted
from wavry.rift.reorder import InsertResult, ReorderBuffer
from wavry.rift.sequence import serial_distance

if TYPE_CHECKING:
    from wavry.memory import Holder
    from wavry.rift.assembler import FrameAssembler
    from wavry.rift.events import ReceiverEvent

_U32_MAX = 2**32 - 1


class PictureTimes(NamedTuple):
    """Where a picture's time went, microseconds, as `Feedback` tells; each may be unknown."""

    network_us: int | None
    playout_us: int | None
    decode_us: int | None
    capture_to_decoded_us: int | None

    @classmethod
    def bounded(cls, network_us: int, playout_us: int, decode_us: int, capture_to_decoded_us: int) -> PictureTimes:
        """Return times that fit the wire, whatever clocks have said."""
        times = (network_us, playout_us, decode_us, capture_to_decoded_us)
        return cls(*(min(max(0, each), _U32_MAX) for each in times))


NO_PICTURE = PictureTimes(None, None, None, None)
"""None was decoded since the last report."""


@dataclass(slots=True)
class ReceiverStats:
    """Totals since the receiver was made."""

    datagrams_received: int = 0
    """All, of any stream, also malformed ones."""

    bytes_received: int = 0
    """Their bytes."""

    datagrams_malformed: int = 0
    datagrams_skipped: int = 0
    """Of streams that are not ours."""

    packets_received: int = 0
    """By themselves, each once."""

    packets_lost: int = 0
    """Before any repair."""

    packets_repaired: int = 0
    """Of the lost ones, those that are here all the same."""

    packets_duplicate: int = 0
    packets_requested: int = 0
    """How often a packet was asked for."""

    packets_retransmitted: int = 0
    """That came because they were asked for."""

    parity_received: int = 0
    frames_received: int = 0
    """Delivered."""

    frames_recovered: int = 0
    """Of those, the ones in which a packet was repaired."""

    frames_lost: int = 0
    """Never whole, or never seen."""

    frames_undecodable: int = 0
    """Whole, but not delivered because what they refer to was lost."""

    jitter_us: int = 0


class Receiver:
    """Puts packets in order, repairs, joins them, and delivers what can be decoded. One owner, one thread.

    After each call, drain `events` (units wait in them without a bound of their own) and `datagrams_to_send`, then set
    a timer by `next_timer`.
    """

    def __init__(self, config: ReceiverConfig | None = None) -> None:
        self.config = config = config or ReceiverConfig()
        self.window = ReorderBuffer(config.window_packets, config.window_bytes, start=config.first_packet_id)
        """Packets that wait for earlier ones; belongs into the budget."""
        self.fec = StreamingFecDecoder(
            FecConfig(window_size=config.fec_window_packets, symbol_size=config.fec_symbol_bytes)
        )
        """What was received a short while ago, and parity over it; belongs into the budget."""
        self.delivery = FrameDelivery(config)
        self.rtt_s: float | None = None
        """Round trip to the host, for its owner to keep up to date. While it is not known nothing is asked for."""
        self._tracker = LossTracker(config.first_packet_id)
        self._missing = MissingPackets()
        self._arrivals = ArrivalLog(stream=config.stream, first_packet_id=config.first_packet_id or 0)
        self._stats = ReceiverStats()
        self._whole_keyframe_id: int | None = None
        """Where a keyframe begins that was whole in the window behind a hole."""
        self._gap_deadline_s = config.gap_deadline_ms / 1000
        self._parity_deadline_s = config.parity_deadline_ms / 1000
        self._repair_limit_s = config.repair_limit_ms / 1000

    def receive_datagram(self, data: bytes, *, now: float) -> None:
        """Take one datagram.

        Args:
            data: Kept by reference while it waits for earlier ones, or may help to rebuild others.
            now: Monotonic seconds at which it arrived.

        Raises:
            RemoteProtocolError: It is no RIFT packet. It is counted, nothing else changed; go on with the next.
        """
        stats = self._stats
        stats.datagrams_received += 1
        stats.bytes_received += len(data)
        try:
            if data[1:2] == _PARITY:
                self._take_parity(ParityPacket.from_bytes(data), now)
                return
            packet = Packet.parse(data)
        except RemoteProtocolError:
            stats.datagrams_malformed += 1
            raise
        if packet.stream != self.config.stream:
            stats.datagrams_skipped += 1
            return
        if packet.flags & RETRANSMITTED_BIT:
            stats.packets_retransmitted += 1
            self._take_repaired(packet, unmark_retransmitted(data), now)
        elif self.window.pass_through(packet.packet_id):
            self.delivery.last_arrival_at = now
            self._tracker.record(packet.packet_id)
            self._arrivals.note(packet.packet_id, now)
            is_kept = self.fec.pass_through(packet.packet_id, data)
            rebuilt = None if is_kept else self._protect(packet.packet_id, data)
            self.delivery.take(packet, arrived_at=now, now=now)
            if rebuilt:
                self._take_rebuilt(rebuilt, now)
        else:
            self._take_out_of_order(packet, data, now)

    def datagrams_to_send(self, *, now: float) -> list[bytes]:
        """Return what is to be said to the host beside the control stream.

        When packets came, 25 ms after the first of them at the latest, and which it should send again.
        """
        said = self._arrivals.take_reports(now)
        if not self._missing or not self._may_ask:
            return said
        assert self.rtt_s is not None  # else we may not ask
        due = self._missing.take_due(now=now, rtt_s=self.rtt_s, deadline_s=self._retransmission_deadline_s)
        self._stats.packets_requested += len(due)
        return serialize_nacks(due) + said

    def handle_timer(self, *, now: float) -> None:
        """Do what is due: skip holes, give up a unit whose end never came, ask again for a keyframe.

        Calling it early, late or for nothing does no harm.
        """
        self._skip_overdue_gaps(now)
        self.delivery.handle_timer(now=now)

    def next_timer(self) -> float | None:
        """Return the monotonic seconds at which `handle_timer` is due, or `datagrams_to_send` has something; or None.

        Ask again after each call.
        """
        due = [self.delivery.next_timer(), self._gap_ends_at(), self._arrivals.due_at]
        if self._may_ask:
            due.append(self._missing.next_due_at)
        return min((each for each in due if each is not None), default=None)

    def events(self) -> list[ReceiverEvent]:
        """Return what happened since the last call, in order."""
        return self.delivery.events()

    def make_feedback(
        self, now: float, *, is_playout_behind: bool = False, picture: PictureTimes = NO_PICTURE
    ) -> Feedback:
        """Return the report for the sender as of `now`; regular sending is up to the caller.

        Args:
            now: Monotonic seconds.
            is_playout_behind: Whether whoever gets the units is too slow for them.
            picture: Where the time of the newest decoded one went, once for each.
        """
        self._skip_overdue_gaps(now)
        stats = self.stats
        return Feedback(
            epoch=self.delivery.epoch,
            highest_packet_id=self._tracker.highest_packet_id,
            packets_received=stats.packets_received,
            packets_lost=stats.packets_lost,
            packets_repaired=stats.packets_repaired,
            packets_duplicate=stats.packets_duplicate,
            frames_received=stats.frames_received,
            frames_lost=stats.frames_lost,
            bytes_received=stats.bytes_received,
            jitter_us=stats.jitter_us,
            is_playout_behind=is_playout_behind,
            reorder_permille=round(self.window.fullness * 1000),
            fec_pending_groups=self.fec.pending_groups,
            network_us=picture.network_us,
            playout_us=picture.playout_us,
            decode_us=picture.decode_us,
            capture_to_decoded_us=picture.capture_to_decoded_us,
        )

    @property
    def stats(self) -> ReceiverStats:
        """The totals as they stand; the same object each time."""
        stats, tracker, frames = self._stats, self._tracker, self.delivery.counts
        stats.packets_received, stats.packets_lost = tracker.received, tracker.lost
        stats.packets_repaired, stats.packets_duplicate = tracker.repaired, tracker.duplicate
        stats.frames_received, stats.frames_recovered = frames.received, frames.recovered
        stats.frames_lost, stats.frames_undecodable = frames.lost, frames.undecodable
        stats.jitter_us = min(int(self.delivery.jitter_us), _U32_MAX)
        return stats

    @property
    def assembler(self) -> FrameAssembler:
        """The unit in the making; belongs into the budget."""
        return self.delivery.assembler

    def holders(self) -> dict[str, Holder]:
        """Return everything of this receiver that holds bytes, by its name in the budget."""
        return {
            "rift.reorder": self.window,
            "rift.fec": self.fec,
            "rift.missing": self._missing,
            "rift.arrivals": self._arrivals,
            "rift.assembler": self.assembler,
        }

    @property
    def awaits_keyframe(self) -> bool:
        """Whether nothing but a keyframe would be delivered. True before the first."""
        return self.delivery.awaits_keyframe

    # Packets that are not simply the next one.

    def _take_out_of_order(self, packet: Packet, data: bytes, now: float) -> None:
        """Take a packet that came by itself."""
        packet_id = packet.packet_id
        result = self.window.insert(packet_id, data, now=now)
        if result is InsertResult.SUSPECT:
            return
        if result is InsertResult.RESTARTED:
            self._tracker.restart()
            self._missing.clear()
        self._arrivals.note(packet_id, now)
        self._note_missing(packet_id, self._tracker.record(packet_id), now)
        self._missing.arrived(packet_id, now=now, is_late=True)
        self._after_insert(packet, data, result, now)

    def _take_repaired(self, packet: Packet, data: bytes, now: float) -> None:
        """Take a packet that was sent again, or rebuilt from parity."""
        packet_id = packet.packet_id
        result = self.window.insert(packet_id, data, now=now)
        if result is InsertResult.SUSPECT:
            return
        self._note_missing(packet_id, self._tracker.record_repaired(packet_id), now)
        self._missing.arrived(packet_id, now=now, is_late=False)
        if result is InsertResult.STORED:
            self.delivery.note_repaired(packet)
        self._after_insert(packet, data, result, now)

    def _after_insert(self, packet: Packet, data: bytes, result: InsertResult, now: float) -> None:
        """See what a packet in the window made possible."""
        if result is InsertResult.STORED or result is InsertResult.RESTARTED:
            self.delivery.last_arrival_at = now
            if packet.flags & KEYFRAME_BIT:
                self._see_keyframe(packet)
        self._take_rebuilt(self._protect(packet.packet_id, data), now)
        self._read_window(now)
        self._skip_overdue_gaps(now)

    def _take_parity(self, parity: ParityPacket, now: float) -> None:
        """Take parity: it may rebuild packets, and it tells that the packets it covers were sent before it."""
        self._stats.parity_received += 1
        last_id = parity.last_packet_id
        if abs(serial_distance(last_id, self._tracker.highest_packet_id)) > self.config.window_packets:
            return  # the window follows packets, not parity, to a new place
        self._note_missing(last_id + 1, self._tracker.note_sent(last_id), now)
        self._take_rebuilt(self.fec.add_parity_packet(parity), now)

    def _protect(self, packet_id: int, data: bytes) -> list[SourcePacket]:
        """Give a packet to the FEC decoder; return the others that it made known."""
        if len(data) > self.config.fec_symbol_bytes:
            return []
        return self.fec.add_source_packet(SourcePacket(packet_id, data))[1:]

    def _take_rebuilt(self, rebuilt: list[SourcePacket], now: float) -> None:
        for source in rebuilt:
            try:
                packet = Packet.parse(source.payload)
            except RemoteProtocolError:
                continue
            if packet.stream == self.config.stream and packet.packet_id == source.packet_id:
                self._take_repaired(packet, source.payload, now)

    def _note_missing(self, before_id: int, count: int, now: float) -> None:
        if count:
            grace_s = _PARITY_GRACE_S if self._stats.parity_received else 0.0
            self._missing.note(before_id, count, now=now, grace_s=grace_s)

    def _see_keyframe(self, packet: Packet) -> None:
        """Look for a keyframe with which to go on, whatever is missing before it."""
        first_id = (packet.packet_id - packet.fragment_index) & _U32_MAX
        if self.delivery.is_broken:
            self._go_to(first_id)
        elif self.window.holds(first_id, packet.fragment_count):
            self._whole_keyframe_id = first_id

    # The window.

    def _go_to(self, packet_id: int) -> None:
        """Give up everything before a packet with which a keyframe begins: nothing of it can be shown any more."""
        self.window.skip_to(packet_id & _U32_MAX)
        self._missing.forget_before(packet_id & _U32_MAX)

    def _read_window(self, now: float) -> None:
        while (entry := self.window.pop()) is not None:
            data, arrived_at = entry
            self.delivery.take(Packet.parse(data), arrived_at=arrived_at, now=now)

    def _skip_overdue_gaps(self, now: float) -> None:
        while (ends_at := self._gap_ends_at()) is not None and now >= ends_at:
            next_present = self.window.next_present
            assert next_present is not None  # a gap lies before something
            self._go_to(next_present)
            self._read_window(now)

    def _gap_ends_at(self) -> float | None:
        """Return when the present hole in the window is not worth waiting for any more; None without one.

        That is soon when a whole keyframe waits behind it: then the host has given up what is missing, or this would
        come later than the keyframe can be shown.
        """
        window = self.window
        gap_since = window.gap_since
        if gap_since is None:
            return None
        first_missing = window.first_missing
        assert first_missing is not None  # there is a gap
        if self._whole_keyframe_id is not None:
            if window.holds(self._whole_keyframe_id, 1):
                return gap_since + self._gap_deadline_s
            self._whole_keyframe_id = None  # the window has moved on
        wait_s = self._gap_deadline_s
        if first_missing in self._missing and self._may_ask:
            wait_s = max(wait_s, self._retransmission_deadline_s)
        if self._stats.parity_received and self.fec.can_still_repair(first_missing):
            wait_s = max(wait_s, self._parity_deadline_s)
        return gap_since + wait_s

    @property
    def _may_ask(self) -> bool:
        """Whether an answer of the host can come before the limit."""
        return self.rtt_s is not None and self.rtt_s + _ROUND_MARGIN_S <= self._repair_limit_s

    @property
    def _retransmission_deadline_s(self) -> float:
        """How long after a loss a packet that is sent again is of use: two round trips where the limit allows them."""
        assert self.rtt_s is not None  # callers have looked
        return min(_ROUNDS * self.rtt_s + _ROUND_MARGIN_S, self._repair_limit_s)


_PARITY = bytes([Stream.PARITY])

_PARITY_GRACE_S = 0.004
"""Parity stands behind the last packet of its frame, a few milliseconds after the loss; asking before it came is a
packet sent for nothing."""

_ROUNDS = 2.5
"""The first answer may be lost as well; after the second a keyframe is as quick as a third."""

_ROUND_MARGIN_S = 0.03
"""For what waits in front of the answers."""
