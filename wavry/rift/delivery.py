"""From packets in order to access units that can be decoded, with an account of those that can't.

The assembler joins packets, the chain of references says what may be shown. What is lost becomes an event and breaks
the chain; from then on a keyframe is asked for, again and again while it does not come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.memory import checkpoint
from wavry.rift.assembler import AssembledUnit, FrameAssembler, LossReason, LostUnit
from wavry.rift.chain import ReferenceChain
from wavry.rift.events import AccessUnitReceived, FrameLost, KeyframeNeeded, ReceiverEvent
from wavry.rift.loss import JitterMeter
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wavry.rift.config import ReceiverConfig
    from wavry.rift.packet import Packet

_MAX_REPAIRED_FRAMES = 256
"""Frames with repaired packets that are waiting to be whole; more than ever lie in a window."""


@dataclass(slots=True)
class FrameCounts:
    """Totals of frames since the beginning."""

    received: int = 0
    """Delivered."""

    recovered: int = 0
    """Of those, the ones in which a packet was repaired."""

    lost: int = 0
    """Never whole, or never seen."""

    undecodable: int = 0
    """Whole, but not delivered because what they refer to was lost."""


class FrameDelivery:
    """Delivers frames in order. One owner, which drains `events` after each call."""

    def __init__(self, config: ReceiverConfig) -> None:
        self.assembler = FrameAssembler()
        """The unit in the making; belongs into the budget."""
        self.counts = FrameCounts()
        self.last_arrival_at = 0.0
        """When the newest packet came; set by the owner."""
        self._jitter = JitterMeter()
        self._chain = ReferenceChain()
        self._repaired_frames: set[int] = set()
        self._events: list[ReceiverEvent] = []
        self._unit_deadline_s = config.unit_deadline_ms / 1000
        self._request_interval_s = config.keyframe_request_interval_ms / 1000
        self._requested_at: float | None = None
        """When the keyframe that is still missing was last asked for."""

    def take(self, packet: Packet, *, arrived_at: float, now: float) -> None:
        """Take the next packet in order, holes left out.

        Args:
            packet: Its payload is kept until its unit is whole.
            arrived_at: Monotonic seconds; later packets may have arrived earlier.
            now: Monotonic seconds.
        """
        assembled = self.assembler.add(packet, arrived_at=arrived_at)
        if self.assembler.losses:
            self._report_losses(now)
        if assembled is not None:
            self._deliver(assembled, now)

    def note_repaired(self, packet: Packet) -> None:
        """Take note that a packet of this frame was repaired."""
        if len(self._repaired_frames) < _MAX_REPAIRED_FRAMES:
            self._repaired_frames.add(packet.frame_id)

    def handle_timer(self, *, now: float) -> None:
        """Give up a unit whose end never came, ask again for a keyframe."""
        if self.assembler.is_busy and now >= self.last_arrival_at + self._unit_deadline_s:
            self.assembler.give_up(LossReason.INCOMPLETE)
            self._report_losses(now)
        if self._requested_at is not None:
            self._request_keyframe(now)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due, monotonic seconds."""
        due: list[float] = []
        if self.assembler.is_busy:
            due.append(self.last_arrival_at + self._unit_deadline_s)
        if self._requested_at is not None and not self.assembler.is_keyframe_begun:
            due.append(self._requested_at + self._request_interval_s)
        return min(due, default=None)

    def events(self) -> list[ReceiverEvent]:
        """Return what happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    @property
    def awaits_keyframe(self) -> bool:
        """Whether nothing but a keyframe would be delivered. True before the first."""
        return not self._chain.is_intact

    @property
    def is_broken(self) -> bool:
        """Whether nothing but a keyframe would be delivered because something was lost."""
        return not self._chain.is_intact and self._chain.epoch is not None

    @property
    def epoch(self) -> int:
        """Of the newest frame known of; 0 before the first."""
        return self._chain.epoch or 0

    @property
    def jitter_us(self) -> float:
        """RFC 3550's interarrival jitter, by frame, microseconds."""
        return self._jitter.jitter_us

    def _deliver(self, assembled: AssembledUnit, now: float) -> None:
        """Hand a whole unit on, if it can be decoded."""
        unit = assembled.unit
        checkpoint("access_unit_assembled")
        self._jitter.record(unit.capture_us, first_arrival_at=assembled.first_arrival_at)
        self._report_missing(unit.epoch, unit.frame_id)
        is_repaired = bool(self._repaired_frames) and self._forget_repaired(unit.frame_id)
        if self._chain.admit(unit):
            self._requested_at = None
            self.counts.received += 1
            self.counts.recovered += is_repaired
            self._events.append(AccessUnitReceived(unit, assembled.first_arrival_at, now))
        else:
            self.counts.undecodable += 1
            self._request_keyframe(now)

    def _forget_repaired(self, frame_id: int) -> bool:
        """Take a frame and all before it out of the repaired ones; say whether it was among them."""
        was_repaired = frame_id in self._repaired_frames
        half = SERIAL_MASK >> 1
        self._repaired_frames = {each for each in self._repaired_frames if 0 < (each - frame_id) & SERIAL_MASK < half}
        return was_repaired

    def _report_losses(self, now: float) -> None:
        """Turn what the assembler gave up into events and break the chain there."""
        for loss in self._take_losses():
            self._report_missing(loss.epoch, loss.frame_id)
            self._chain.lose(loss.epoch, loss.frame_id)
            self._report(FrameLost(loss.frame_id, loss.reason))
        self._request_keyframe(now)

    def _take_losses(self) -> Iterable[LostUnit]:
        losses, self.assembler.losses = self.assembler.losses, []
        return losses

    def _report_missing(self, epoch: int, frame_id: int) -> None:
        """Report the frames between the newest known one and this, of which no packet was seen."""
        missing = self._chain.missing_before(epoch, frame_id)
        if missing:
            first = (self._chain.newest_frame_id + 1) & SERIAL_MASK
            self._report(FrameLost(first, LossReason.MISSING, missing))

    def _report(self, lost: FrameLost) -> None:
        self.counts.lost += lost.count
        self._events.append(lost)

    def _request_keyframe(self, now: float) -> None:
        """Ask for a keyframe unless one was asked for a short while ago, or one is just coming in."""
        if self._chain.epoch is None or self.assembler.is_keyframe_begun:
            return
        if self._requested_at is None or now >= self._requested_at + self._request_interval_s:
            self._requested_at = now
            self._events.append(KeyframeNeeded(self._chain.epoch, self._chain.newest_frame_id))
