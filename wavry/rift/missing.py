"""Packets that should have come: since when each is missed, and when it is worth asking for."""

from __future__ import annotations

from math import inf

from wavry.rift.sequence import SERIAL_MASK, serial_distance

MAX_MISSING = 128
"""Most packets that are asked for at a time. A hole larger than that is an outage: a keyframe costs less."""

_ENTRY_BYTES = 240
"""An id, what is known of it, and their place in a dict that has grown."""

_REORDER_DECAY = 0.98
"""What is left of the reordering last seen with each packet that comes late: half of it after 35."""

_MAX_REORDER_WAIT_S = 0.03


class _Missing:
    """One packet that has not come."""

    __slots__ = ("ask_at", "asks", "since")

    def __init__(self, since: float, ask_at: float) -> None:
        self.since = since
        self.ask_at = ask_at
        self.asks = 0


class MissingPackets:
    """Decides which packets to ask for, and when. One owner.

    A packet is asked for as soon as it is certain that it was not merely overtaken, and again after each round trip, as
    long as the answer can come before the packet's deadline. How long overtaken packets take is learned from those
    that came.
    """

    policy = "a hole too large is not asked for"
    cap_bytes = MAX_MISSING * _ENTRY_BYTES

    def __init__(self) -> None:
        self.high_water_bytes = 0
        self.drops = 0
        """Packets that were not asked for because there were too many."""
        self._packets: dict[int, _Missing] = {}
        self._next_due_at = inf
        self._reorder_wait_s = 0.0

    def __len__(self) -> int:
        """How many are missed."""
        return len(self._packets)

    @property
    def used_bytes(self) -> int:
        """What those that are missed take."""
        return len(self._packets) * _ENTRY_BYTES

    def __contains__(self, packet_id: int) -> bool:
        """Whether a packet is missed and worth asking for."""
        return packet_id in self._packets

    def note(self, before_id: int, count: int, *, now: float, grace_s: float) -> None:
        """Take note of a hole.

        Args:
            before_id: The packet that showed it.
            count: How many packets before it are missing. More than `MAX_MISSING` are not asked for at all.
            now: Monotonic seconds.
            grace_s: How long parity may take to fill it.
        """
        if count + len(self._packets) > MAX_MISSING:
            self.drops += count + len(self._packets)
            self.clear()
            return
        ask_at = now + max(self._reorder_wait_s, grace_s)
        for packet_id in range(before_id - count, before_id):
            self._packets[packet_id & SERIAL_MASK] = _Missing(now, ask_at)
        self._next_due_at = min(self._next_due_at, ask_at)
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)

    def arrived(self, packet_id: int, *, now: float, is_late: bool) -> None:
        """Cross a packet off.

        Args:
            packet_id: Any that came, missed or not.
            now: Monotonic seconds.
            is_late: Whether it came by itself, only later than those behind it.
        """
        missing = self._packets.pop(packet_id, None)
        if not self._packets:
            self._next_due_at = inf
        if missing is not None and is_late:
            wait_s = min(now - missing.since, _MAX_REORDER_WAIT_S)
            self._reorder_wait_s = max(self._reorder_wait_s * _REORDER_DECAY, wait_s)

    def forget_before(self, packet_id: int) -> None:
        """Give up all that lie before an id."""
        self._packets = {
            each: missing for each, missing in self._packets.items() if serial_distance(each, packet_id) >= 0
        }
        if not self._packets:
            self._next_due_at = inf

    def clear(self) -> None:
        """Give up all."""
        self._packets.clear()
        self._next_due_at = inf

    def take_due(self, *, now: float, rtt_s: float, deadline_s: float) -> list[int]:
        """Return the ids to ask for now, in order.

        Args:
            now: Monotonic seconds.
            rtt_s: How long an answer takes.
            deadline_s: How long after it was missed a packet is still of use.
        """
        if now < self._next_due_at:
            return []
        due: list[int] = []
        self._next_due_at = inf
        for packet_id, missing in self._packets.items():
            if now + rtt_s > missing.since + deadline_s:
                continue  # the answer would be too late
            if missing.ask_at <= now:
                due.append(packet_id)
                missing.asks += 1
                missing.ask_at = now + _RETRY_RTTS * rtt_s + _RETRY_MARGIN_S
            self._next_due_at = min(self._next_due_at, missing.ask_at)
        return due

    @property
    def next_due_at(self) -> float | None:
        """When `take_due` may have something; None when nothing is missed."""
        return None if self._next_due_at == inf else self._next_due_at


_RETRY_RTTS = 1.25
"""An answer takes a round trip and what its jitter adds."""

_RETRY_MARGIN_S = 0.008
"""Half a frame at 60 fps: the host answers when it next looks at its socket, behind what is leaving."""
