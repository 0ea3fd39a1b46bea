"""How large packets may be on a path: found by trying, and taken back when large ones vanish (RFC 8899).

Every path takes QUIC's smallest packets. After the handshake padded packets of larger sizes are sent, the largest
first; the first size that is acknowledged is used from then on. A path that no longer takes it drops all large packets
and no small ones: that is noticed, the smallest size is used again, and the search begins anew after a while.

Sans-IO: whoever owns it sends what `next_probe` says at `due_at`, and tells of every packet above the smallest size.
"""

from __future__ import annotations

from math import inf

from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE

BASE_BYTES = SMALLEST_MAX_DATAGRAM_SIZE
"""1200: what a path must take to carry QUIC at all (RFC 9000, section 14)."""

PROBED_SIZES = (1452, 1400, 1350)
"""What Ethernet carries over IPv6 (over IPv4 20 more), what most tunnels and PPPoE leave of it, what WireGuard does."""

_TRIES = 3
"""Of one size: any packet may be lost (RFC 8899, section 5.1.2, MAX_PROBES)."""

_RAISE_AFTER_S = 600.0
"""A path that did not take the largest size may have changed by then (RFC 8899, section 5.1.1, PMTU_RAISE_TIMER)."""

_FIRST_RETURN_S = 1.0
"""Time between falling back and the next search; it doubles each time. Short, because an outage of all packets looks
the same."""

LOST_IN_A_ROW = 8
"""So many large packets lost, and none arrived after them, are a path that takes none. The end of a frame may be lost
in a burst of 2 to 4. A probe timeout counts as one: eight of them take 0.7 s at least, longer than a pause of Wi-Fi or
of a busy peer, in which nothing is lost."""


class PathMtu:
    """The search for one path. One owner.

    Args:
        largest_bytes: Largest packet to try, UDP payload. `BASE_BYTES` tries none.
    """

    def __init__(self, largest_bytes: int) -> None:
        self._largest_bytes = largest_bytes
        self.packet_bytes = BASE_BYTES
        """Largest packet to send."""
        self.due_at = inf
        """When the next probe is due, monotonic seconds."""
        self.newest_arrived = -1
        """Number of the newest packet above `BASE_BYTES` that was acknowledged; for the owner to keep up to date."""
        self._candidates: list[int] = []
        """Sizes of this search that have not failed, the next one first."""
        self._tries = 0
        self._probe_bytes = 0
        """Size of the probe that is under way, or 0."""
        self._lost = 0
        """Large packets lost since the newest one that arrived."""
        self._lost_after = -1
        self._return_s = _FIRST_RETURN_S

    def start(self, *, now: float) -> None:
        """Look for a larger size than the present one."""
        sizes = {*PROBED_SIZES, self._largest_bytes}
        self._candidates = sorted((s for s in sizes if self.packet_bytes < s <= self._largest_bytes), reverse=True)
        self._tries = 0
        self.due_at = now if self._candidates else inf

    def next_probe(self, *, now: float) -> int | None:
        """Return the size of the probe to send now, if one is due; `probe_done` must follow."""
        if now < self.due_at:
            return None
        if not self._candidates:
            self.start(now=now)
        self.due_at = inf
        self._tries += 1
        self._probe_bytes = self._candidates[0]
        return self._probe_bytes

    def probe_done(self, size_bytes: int, *, arrived: bool, now: float) -> None:
        """Learn what became of a probe."""
        if size_bytes != self._probe_bytes:
            return  # of a search that was given up
        self._probe_bytes = 0
        if arrived:
            self.packet_bytes = size_bytes
            self._candidates = []
        elif self._tries == _TRIES:
            self._candidates.pop(0)
            self._tries = 0
        if self._candidates:
            self.due_at = now
        elif self.packet_bytes < self._largest_bytes:
            self.due_at = now + (_RAISE_AFTER_S if self.packet_bytes > BASE_BYTES else self._wait_s())

    def is_large(self, size_bytes: int) -> bool:
        """Whether a packet is one that a smaller path would drop, and no probe."""
        return BASE_BYTES < size_bytes <= self.packet_bytes

    def note_lost(self, packet_number: int) -> None:
        """Count a large packet that was lost, unless a later one arrived."""
        self._forget_lost()
        if packet_number > self.newest_arrived:
            self._lost += 1

    def note_timeout(self) -> None:
        """Count a probe timeout of QUIC while large packets are under way."""
        self._forget_lost()
        self._lost += 1

    def _forget_lost(self) -> None:
        if self._lost_after != self.newest_arrived:
            self._lost_after, self._lost = self.newest_arrived, 0

    def fall_back(self, *, now: float) -> bool:
        """Return to the smallest size if no large packet gets through any more; say whether that is so."""
        if self._lost < LOST_IN_A_ROW or self._lost_after != self.newest_arrived:
            return False
        self.packet_bytes = BASE_BYTES
        self._candidates, self._probe_bytes, self._lost = [], 0, 0
        self.due_at = now + self._wait_s()
        return True

    def _wait_s(self) -> float:
        wait_s, self._return_s = self._return_s, min(2 * self._return_s, _RAISE_AFTER_S)
        return wait_s
