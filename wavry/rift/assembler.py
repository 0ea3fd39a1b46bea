"""From packets in order back to access units."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from wavry.media import AccessUnit, UnitTimings
from wavry.rift.packet import KEYFRAME_BIT, UNIT_HEADER, UNIT_HEADER_BYTES, Packet

FRAGMENT_OVERHEAD_BYTES = 64
"""Charged for each fragment besides its bytes: the bytes object, what the allocator rounds up, and its list slot."""

MAX_ASSEMBLY_BYTES = 2_000_000
"""Cap of one unit in the making: `MAX_UNIT_BYTES` in fragments of `MIN_DATAGRAM_BYTES` come to 1.7 MB. It also ends
a unit that a peer cuts into 65535 crumbs."""


class LossReason(Enum):
    """Why an access unit did not come to be. The value is for logs."""

    INCOMPLETE = "fragments of it did not arrive in time"
    MISSING = "no fragment of it was seen"
    MALFORMED = "its fragments contradict each other"


class LostUnit(NamedTuple):
    """A unit that the assembler gave up."""

    epoch: int
    frame_id: int
    is_keyframe: bool
    reason: LossReason


class AssembledUnit(NamedTuple):
    """A unit with all its fragments."""

    unit: AccessUnit
    first_arrival_at: float
    """When the first of its packets arrived, in the order of arrival."""


class FrameAssembler:
    """Joins the fragments of one access unit at a time.

    Packets must be given in the order of their ids, gaps left out. A unit is complete with its last fragment; nothing
    waits for the next unit. A fragment that does not continue what came before ends the unit in the making, which then
    stands in `losses`, and whatever follows of a lost unit is ignored. No packet, however wrong, raises.

    Ownership: fragments are kept by reference and joined with one copy; the finished unit is the caller's.
    """

    policy = "a unit that does not fit is given up"
    cap_bytes = MAX_ASSEMBLY_BYTES

    def __init__(self) -> None:
        self.losses: list[LostUnit] = []
        """Units given up since the caller last cleared it; at most two for each packet."""
        self.drops = 0
        self._high_water_bytes = 0
        self._fragments: list[bytes | memoryview] = []
        self._used_bytes = 0
        self._next_index = 0
        self._count = 0
        self._frame_id = -1
        self._epoch = -1
        self._keyframe_bit = 0
        self._capture_us = 0
        self._first_arrival_at = 0.0
        self._given_up: tuple[int, int] | None = None
        """Epoch and frame id of the unit whose further fragments are ignored."""

    @property
    def is_busy(self) -> bool:
        """Whether a unit is begun and not finished."""
        return self._next_index > 0

    @property
    def is_keyframe_begun(self) -> bool:
        """Whether the unit in the making is a keyframe."""
        return self._next_index > 0 and self._keyframe_bit != 0

    @property
    def used_bytes(self) -> int:
        """Fragments held, with their overhead."""
        return self._used_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_water_bytes

    def add(self, packet: Packet, *, arrived_at: float) -> AssembledUnit | None:
        """Take the next packet.

        Args:
            packet: Its payload is kept until the unit is finished or given up.
            arrived_at: Monotonic seconds; later packets may have arrived earlier.

        Returns:
            The unit that this packet completed. Look into `losses` as well.
        """
        index = packet.fragment_index
        if (
            index == 0
            or index != self._next_index
            or packet.frame_id != self._frame_id
            or packet.fragment_count != self._count
            or packet.epoch != self._epoch
            or packet.capture_us != self._capture_us
            or packet.flags & KEYFRAME_BIT != self._keyframe_bit
        ) and not self._begin(packet):
            return None

        payload = packet.payload
        self._used_bytes += len(payload) + FRAGMENT_OVERHEAD_BYTES
        if self._used_bytes > MAX_ASSEMBLY_BYTES:
            self.drops += 1
            self.give_up(LossReason.MALFORMED)
            return None
        self._fragments.append(payload)
        if index == 0 or arrived_at < self._first_arrival_at:
            self._first_arrival_at = arrived_at
        self._next_index = index + 1
        return self._finish() if self._next_index == self._count else None

    def give_up(self, reason: LossReason) -> None:
        """End the unit in the making, if there is one; it goes to `losses`."""
        if self._fragments:
            self._lose(self._epoch, self._frame_id, self._keyframe_bit, reason)
        self._clear()

    def _begin(self, packet: Packet) -> bool:
        """Start a unit if `packet` is the first of one; else note what is lost with it."""
        same = packet.frame_id == self._frame_id and packet.epoch == self._epoch
        contradicts = same and packet.fragment_index <= self._next_index
        self.give_up(LossReason.MALFORMED if contradicts else LossReason.INCOMPLETE)
        if (packet.epoch, packet.frame_id) == self._given_up:
            return False
        if packet.fragment_index > 0:
            self._lose(packet.epoch, packet.frame_id, packet.flags, LossReason.INCOMPLETE)
            return False
        if len(packet.payload) < UNIT_HEADER_BYTES:
            self._lose(packet.epoch, packet.frame_id, packet.flags, LossReason.MALFORMED)
            return False
        self._given_up = None
        self._frame_id, self._epoch, self._keyframe_bit = packet.frame_id, packet.epoch, packet.flags & KEYFRAME_BIT
        self._count, self._capture_us = packet.fragment_count, packet.capture_us
        return True

    def _finish(self) -> AssembledUnit:
        first = self._fragments[0]
        captured_us, encode_started_us, encoded_us = UNIT_HEADER.unpack_from(first)
        self._fragments[0] = first[UNIT_HEADER_BYTES:]
        unit = AccessUnit(
            data=b"".join(self._fragments),
            is_keyframe=self._keyframe_bit != 0,
            frame_id=self._frame_id,
            epoch=self._epoch,
            capture_us=self._capture_us,
            timings=UnitTimings(captured_us, encode_started_us, encoded_us),
        )
        self._clear()
        return AssembledUnit(unit, self._first_arrival_at)

    def _lose(self, epoch: int, frame_id: int, flags: int, reason: LossReason) -> None:
        self._given_up = (epoch, frame_id)
        self.losses.append(LostUnit(epoch, frame_id, flags & KEYFRAME_BIT != 0, reason))

    def _clear(self) -> None:
        self._high_water_bytes = max(self._high_water_bytes, self._used_bytes)
        self._fragments.clear()
        self._used_bytes = 0
        self._next_index = 0
        self._frame_id = -1
