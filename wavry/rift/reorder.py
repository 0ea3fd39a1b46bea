"""The reorder window: packets that came too early, until those before them are there or given up.

A circular array. Ids are unwrapped once on entry, so a slot is `position % capacity` across the wrap of the u32 as
well. `head` is the position that is delivered next; everything held lies in `[head, head + capacity)`, and a slot is
cleared the moment it leaves that range. Nothing here waits: who reads the window decides how long a gap may last, from
`gap_since`, and ends it with `skip_to`.

Far jumps follow RFC 3550 appendix A.1. An id that is further than `max(2 * window_size, 3000)` from the head, in
either direction, is a suspect: the window stays where it is and keeps that one packet aside. Only a second id close
to the suspect makes the window start again there. So one forged id changes nothing, and a peer that really went on
elsewhere is followed after two packets.
"""

from __future__ import annotations

from array import array
from enum import Enum, auto
from math import inf

from wavry.errors import ConfigError
from wavry.rift.sequence import SERIAL_MASK, serial_distance, unwrap

PACKET_OVERHEAD_BYTES = 64
"""Charged for each packet besides its bytes: 33 of the bytes object, the rest for what the allocator rounds up."""

_SLOT_BYTES = 16
"""One pointer and one arrival time."""

_OWN_BYTES = 1024
"""The window's own few objects, at most an eighth of a tiny `max_bytes`."""

_MAX_JUMP_PACKETS = 3000
"""RFC 3550's MAX_DROPOUT: a second and a half at 20 Mbit/s. More than that was not lost, it is another sequence."""


class InsertResult(Enum):
    """What became of an inserted packet."""

    STORED = auto()
    """It is in the window. Older packets may have given way; `drops` counts them."""

    DUPLICATE = auto()
    """It is held already; the first one stays."""

    TOO_OLD = auto()
    """It lies before the window: delivered before, or given up."""

    DROPPED = auto()
    """It does not fit into `max_bytes`, alone or as the oldest of all that is held."""

    SUSPECT = auto()
    """Implausibly far away; set aside until another id confirms it."""

    RESTARTED = auto()
    """It confirmed a suspect. All that was held is dropped and the window begins at the earlier of the two."""


class ReorderBuffer:
    """A window of the next `window_size` packets, at most `max_bytes` in all. Not thread-safe.

    Args:
        window_size: Most ids from the next one due to the newest held. The array is made smaller where it would
            alone take more than a quarter of `max_bytes`.
        max_bytes: Most memory: packets, `PACKET_OVERHEAD_BYTES` for each, and its own objects.
        start: The first id due. None lets the first packet decide (who joins a running stream); until something was
            delivered an earlier one still moves the start back.

    Policy when full, in packets or bytes: the oldest give way and the window moves past them.
    """

    policy = "the oldest packets give way"

    __slots__ = (
        "_arrivals",
        "_base_bytes",
        "_capacity",
        "_gap_since",
        "_head",
        "_high_water_bytes",
        "_is_start_open",
        "_max_jump",
        "_newest",
        "_slots",
        "_suspect",
        "cap_bytes",
        "drops",
        "duplicates",
        "occupancy",
        "size_bytes",
        "too_old",
    )

    def __init__(self, window_size: int, max_bytes: int = 2_000_000, *, start: int | None = None) -> None:
        if window_size < 1:
            raise ConfigError("window_size", window_size, "at least 1")
        if max_bytes < 1:
            raise ConfigError("max_bytes", max_bytes, "at least 1")
        self._capacity = capacity = min(window_size, max(1, max_bytes // (4 * _SLOT_BYTES)))
        self._base_bytes = capacity * _SLOT_BYTES + min(_OWN_BYTES, max_bytes // 8)
        self._max_jump = max(2 * window_size, _MAX_JUMP_PACKETS)
        self._slots: list[bytes | None] = [None] * capacity
        self._arrivals = array("d", [inf]) * capacity
        self._head: int | None = None if start is None else start & SERIAL_MASK
        self._is_start_open = start is None
        self._newest = 0
        self._suspect: tuple[int, bytes, float] | None = None
        self._gap_since: float | None = None
        self.cap_bytes = max_bytes
        self.size_bytes = 0
        """Bytes of the packets held, without any overhead."""
        self.occupancy = 0
        """Packets held."""
        self.drops = 0
        """Packets that were held or offered and gave way."""
        self.duplicates = 0
        """Packets that were held already when they came."""
        self.too_old = 0
        """Packets that came after the window had moved past them."""
        self._high_water_bytes = self.used_bytes

    def pass_through(self, packet_id: int) -> bool:
        """Let the next packet due by, if nothing is held; the caller has it in hand.

        The common case, and all the window costs in it: 0.1 µs. Returns False, and does nothing, for any other
        packet; that one is for `insert`.
        """
        head = self._head
        if head is None:
            head = packet_id & SERIAL_MASK
        elif self.occupancy or (head ^ packet_id) & SERIAL_MASK:
            return False
        self._head = head + 1
        self._is_start_open = False
        return True

    def insert(self, packet_id: int, data: bytes | bytearray | memoryview, *, now: float = 0.0) -> InsertResult:
        """Take a packet in.

        Args:
            packet_id: Its id, a u32.
            data: Kept by reference if it is bytes, copied otherwise.
            now: Monotonic seconds, for `gap_since` and `pop`.

        Returns:
            What became of it; it never raises. O(1), but for a slide O(number of ids slid over, at most the window).
        """
        if self._head is None:
            self._head = packet_id & SERIAL_MASK
        position = unwrap(packet_id, near=self._head)
        ahead = position - self._head
        if abs(ahead) >= self._max_jump:
            return self._judge(packet_id, bytes(data), now)
        if ahead < 0 and not self._move_start_back(position):
            self.too_old += 1
            return InsertResult.TOO_OLD
        if ahead >= self._capacity:
            self._slide(position - self._capacity + 1)
        return self._store(position, bytes(data), now)

    def pop(self) -> tuple[bytes, float] | None:
        """Take out the next packet due with its time of arrival; None at a gap or when nothing is held."""
        if not self.occupancy:
            return None
        assert self._head is not None  # something was inserted
        index = self._head % self._capacity
        data = self._slots[index]
        if data is None:
            return None
        arrived_at = self._arrivals[index]
        self._clear(index, data)
        self._head += 1
        self._is_start_open = False
        return data, arrived_at

    def flush_ordered(self) -> list[bytes]:
        """Take out all packets up to the first gap, in the order of their ids."""
        ready = []
        while (entry := self.pop()) is not None:
            ready.append(entry[0])
        return ready

    def skip_to(self, packet_id: int) -> None:
        """Give up what is missing before `packet_id`, and drop what is held before it; this id is due next.

        An id behind the window changes nothing. A suspect near the id is taken in.
        """
        if self._head is None:
            self._head = packet_id & SERIAL_MASK
        self._slide(unwrap(packet_id, near=self._head))
        if self._suspect is not None and 0 <= serial_distance(self._suspect[0], packet_id) < self._capacity:
            self._take_suspect()

    @property
    def first_missing(self) -> int | None:
        """The id the window waits for; None while nothing behind it is held, or when it is here."""
        return self._head & SERIAL_MASK if self._head is not None and self.has_gap else None

    @property
    def next_present(self) -> int | None:
        """The id of the oldest packet held; None when empty. O(length of the gap)."""
        if not self.occupancy:
            return None
        assert self._head is not None  # something was inserted
        return self._oldest(self._head) & SERIAL_MASK

    def holds(self, first_id: int, count: int) -> bool:
        """Whether all of `count` packets from `first_id` on are held.

        O(count), but looks at the last ones first, which are not there yet while packets come in order.
        """
        if self._head is None or count > self.occupancy:
            return False
        ahead = unwrap(first_id, near=self._head) - self._head
        if ahead < 0 or ahead + count > self._capacity:
            return False
        first = self._head + ahead
        places = range(first + count - 1, first - 1, -1)
        return all(self._slots[place % self._capacity] is not None for place in places)

    @property
    def has_gap(self) -> bool:
        """Whether packets are held that wait for an earlier one."""
        return self.occupancy > 0 and self._head is not None and self._slots[self._head % self._capacity] is None

    @property
    def gap_since(self) -> float | None:
        """When the first packet behind the present gap arrived; None without a gap."""
        if not self.has_gap:
            return None
        if self._gap_since is None:
            self._gap_since = min(self._arrivals)  # empty slots hold infinity
        return self._gap_since

    @property
    def fullness(self) -> float:
        """How full it is, 0 to 1: of its packets or of its bytes, whichever is nearer the bound."""
        free_bytes = self.cap_bytes - self._base_bytes
        held_bytes = self.used_bytes - self._base_bytes
        return min(1.0, max(self.occupancy / self._capacity, held_bytes / free_bytes))

    @property
    def used_bytes(self) -> int:
        """All the window holds now: packets, their overhead, a suspect, and its own objects."""
        suspect = 0 if self._suspect is None else len(self._suspect[1]) + PACKET_OVERHEAD_BYTES
        packets = self.size_bytes + self.occupancy * PACKET_OVERHEAD_BYTES
        return packets + suspect + self._base_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_water_bytes

    def _move_start_back(self, position: int) -> bool:
        if not self._is_start_open or self._newest - position >= self._capacity:
            return False
        self._head = position
        self._gap_since = None
        return True

    def _store(self, position: int, data: bytes, now: float) -> InsertResult:
        index = position % self._capacity
        if self._slots[index] is not None:
            self.duplicates += 1
            return InsertResult.DUPLICATE
        if not self._make_room(position, len(data) + PACKET_OVERHEAD_BYTES):
            self.drops += 1
            return InsertResult.DROPPED
        self._newest = max(position, self._newest) if self.occupancy else position
        self._slots[index] = data
        self._arrivals[index] = now
        self.occupancy += 1
        if self.occupancy == 1:
            self._gap_since = now  # spares the usual swap of two packets a search
        self.size_bytes += len(data)
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        return InsertResult.STORED

    def _make_room(self, position: int, needed_bytes: int) -> bool:
        """Drop the oldest until `needed_bytes` fit; False when the newcomer is the oldest itself, or can never fit."""
        if needed_bytes + self._base_bytes > self.cap_bytes:
            return False
        while self.used_bytes + needed_bytes > self.cap_bytes:
            if not self.occupancy:
                self._suspect = None
                continue
            assert self._head is not None  # something was inserted
            oldest = self._oldest(self._head)
            if position < oldest:
                self._slide(position + 1)
                return False
            self._slide(oldest + 1)
        return True

    def _oldest(self, position: int) -> int:
        """Return the first position that is held, from `position` on; there must be one."""
        while self._slots[position % self._capacity] is None:
            position += 1
        return position

    def _slide(self, new_head: int) -> None:
        """Move the head forward, dropping what it passes. A place behind the head changes nothing."""
        head = self._head
        assert head is not None  # callers have set it
        if new_head <= head:
            return
        for position in range(head, min(new_head, head + self._capacity)):
            if not self.occupancy:
                break
            index = position % self._capacity
            data = self._slots[index]
            if data is not None:
                self._clear(index, data)
                self.drops += 1
        self._head = new_head
        self._is_start_open = False
        self._gap_since = None

    def _clear(self, index: int, data: bytes) -> None:
        self._slots[index] = None
        self._arrivals[index] = inf
        self.occupancy -= 1
        self.size_bytes -= len(data)
        self._gap_since = None

    def _judge(self, packet_id: int, data: bytes, now: float) -> InsertResult:
        """Set a far-away packet aside, or follow it when the suspect before it was close."""
        suspect = self._suspect
        if suspect is not None:
            distance = serial_distance(packet_id, suspect[0])
            if distance == 0:
                self.duplicates += 1
                return InsertResult.DUPLICATE
            if abs(distance) < self._capacity:
                self._restart(packet_id if distance < 0 else suspect[0])
                self._take_suspect()
                assert self._head is not None  # set by the restart
                self._store(unwrap(packet_id, near=self._head), data, now)
                return InsertResult.RESTARTED
            self._suspect = None
            self.drops += 1
        if self.used_bytes + len(data) + PACKET_OVERHEAD_BYTES <= self.cap_bytes:
            self._suspect = (packet_id, data, now)
            self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        return InsertResult.SUSPECT

    def _restart(self, packet_id: int) -> None:
        assert self._head is not None  # a suspect is judged by its distance to the head
        self._slide(self._head + self._capacity)
        self._head = packet_id & SERIAL_MASK
        self._newest = self._head

    def _take_suspect(self) -> None:
        """Put the packet that was set aside into the window, where it now belongs."""
        assert self._suspect is not None  # callers have looked
        assert self._head is not None  # a suspect is judged by its distance to the head
        packet_id, data, arrived_at = self._suspect
        self._suspect = None
        self._store(unwrap(packet_id, near=self._head), data, arrived_at)
