"""How many packets should have come, how many did, and how unevenly frames arrive (RFC 3550, 6.4.1 and A.8)."""

from __future__ import annotations

from wavry.rift.sequence import SERIAL_MASK, unwrap

_HISTORY_PACKETS = 2048
"""How far back a late packet is told from a duplicate; the default reorder window. 256 bytes at most."""


class LossTracker:
    """Counts one packet id space. 0.1 µs per packet in order.

    Args:
        first_packet_id: The first id that will be sent; None counts from the first packet seen.
    """

    __slots__ = (
        "_base",
        "_expected_before",
        "_first",
        "_highest",
        "_missing",
        "_repaired",
        "duplicate",
        "received",
        "repaired",
    )

    def __init__(self, first_packet_id: int | None = None) -> None:
        self._first = first_packet_id
        self._base = first_packet_id or 0
        self._highest = self._base - 1
        self._missing = 0  # bit n: id `base + n` has not come by itself; older than the history says nothing
        self._repaired = 0  # bit n: id `base + n` has not come by itself, but is here
        self._expected_before = 0
        self.received = 0
        """Packets that came by themselves, each counted once."""
        self.repaired = 0
        """Packets that did not, and are here all the same: rebuilt from parity, or sent again."""
        self.duplicate = 0
        """Packets that came again, or later than the history reaches back."""

    def record(self, packet_id: int) -> int:
        """Count a packet that arrived by itself, in whatever order.

        Returns:
            How many packets right before it are now known to be missing.
        """
        if self._first is None:
            self._begin_at(packet_id)
        following = self._highest + 1
        if not (following ^ packet_id) & SERIAL_MASK:
            self._highest = following
            self.received += 1
            return 0
        place = unwrap(packet_id, near=self._highest)
        ahead = place - self._highest
        if ahead > 0:
            self._move_on(ahead)
        bit = self._bit(place)
        if self._missing & bit:
            self._missing ^= bit
            self.received += 1
            if self._repaired & bit:
                self._repaired ^= bit
                self.repaired -= 1
        else:
            self.duplicate += 1
        return max(ahead - 1, 0)

    def record_repaired(self, packet_id: int) -> int:
        """Count a packet that is here although it has not come by itself; returns what `record` returns."""
        if self._first is None:
            self._begin_at(packet_id)
        place = unwrap(packet_id, near=self._highest)
        ahead = place - self._highest
        if ahead > 0:
            self._move_on(ahead)
        bit = self._bit(place)
        if self._missing & ~self._repaired & bit:
            self._repaired |= bit
            self.repaired += 1
        else:
            self.duplicate += 1
        return max(ahead - 1, 0)

    def note_sent(self, packet_id: int) -> int:
        """Take note that a packet was sent that has not come, as parity over it tells; returns what is now missing."""
        if self._first is None:
            return 0
        ahead = unwrap(packet_id, near=self._highest) - self._highest
        if ahead <= 0:
            return 0
        self._move_on(ahead)
        return ahead

    def restart(self) -> None:
        """Begin again at the next packet: the peer went on at an unrelated id, and the jump is no loss."""
        self._expected_before = self.expected
        self._first = None
        self._missing = self._repaired = 0

    @property
    def highest_packet_id(self) -> int:
        """The newest id seen, as on the wire; 0 before the first packet."""
        return self._highest & SERIAL_MASK if self.received else 0

    @property
    def expected(self) -> int:
        """How many packets the peer has sent, as far as ids tell."""
        return self._expected_before + (0 if self._first is None else self._highest - self._first + 1)

    @property
    def lost(self) -> int:
        """Packets expected that have not come by themselves (yet); one that comes late is taken off again."""
        return max(self.expected - self.received, 0)

    def _begin_at(self, packet_id: int) -> None:
        self._first = self._base = packet_id
        self._highest = packet_id - 1

    def _move_on(self, ahead: int) -> None:
        """Move the highest id on by `ahead`; all ids it passes, and the new one, count as missing."""
        self._highest += ahead
        outdated = self._highest - _HISTORY_PACKETS + 1 - self._base
        if outdated > 0:
            self._base += outdated
            self._missing >>= outdated
            self._repaired >>= outdated
        count = min(ahead, _HISTORY_PACKETS)
        self._missing |= ((1 << count) - 1) << self._highest - count + 1 - self._base

    def _bit(self, place: int) -> int:
        """Return the bit of an id, which is not above the highest; 0 before the history."""
        oldest = max(self._base, self._highest - _HISTORY_PACKETS + 1)
        return 1 << place - self._base if place >= oldest else 0


class JitterMeter:
    """Mean deviation of the spacing of arrivals from the spacing of captures, smoothed over 16 frames.

    By frame, not by packet: packets of one frame share a capture time and are spread by the pacer on purpose.
    """

    __slots__ = ("_capture_us", "_first_arrival_at", "_is_started", "jitter_us")

    def __init__(self) -> None:
        self._is_started = False
        self._capture_us = 0
        self._first_arrival_at = 0.0
        self.jitter_us = 0.0
        """Microseconds; 0.0 until two frames have come."""

    def record(self, capture_us: int, *, first_arrival_at: float) -> None:
        """Count a frame: its capture on the host's clock in µs, its first packet's arrival on ours in seconds."""
        if self._is_started:
            spacing_us = (first_arrival_at - self._first_arrival_at) * 1e6
            deviation_us = abs(spacing_us - (capture_us - self._capture_us))
            self.jitter_us += (deviation_us - self.jitter_us) / 16
        self._is_started = True
        self._capture_us, self._first_arrival_at = capture_us, first_arrival_at
