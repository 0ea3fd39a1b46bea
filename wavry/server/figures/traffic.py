"""What was sent to viewers and what became of it: counts that never go back, and how fast they grow.

Viewers' reports are believed only as far as they can be true: no more is lost than was sent, no more is repaired than
was lost, and what was once counted stays counted, though a report may say less than the one before.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wavry.media import AccessUnit
    from wavry.rift import Feedback, Sender
    from wavry.server.figures.stages import StageLatencies

RATES_S = 3.0
"""Frames and bits per second are of so long."""

LOSSES_S = 10.0
"""And losses of so long."""

_SAMPLES = 12
"""Samples that are kept, one a second."""

_FULL_PERMILLE = 900
"""From here on a reorder window counts as at its bound: packets of any size don't fill it to the last byte."""


class Counts(NamedTuple):
    """Totals of one session, or of all."""

    frames_sent: int = 0
    """Access units that were queued for a viewer."""

    frames_dropped: int = 0
    """Of those, and of those that found no room, the ones that were given up."""

    packets_sent: int = 0
    """Picture and parity, each once."""

    bytes_sent: int = 0
    """Their bytes."""

    packets_received: int = 0
    """That came by themselves, as viewers say."""

    packets_lost: int = 0
    packets_repaired: int = 0
    reorder_full: int = 0
    """How often a viewer's reorder window reached its bound."""

    stalls: int = 0
    """How often a viewer's network was found to take nothing; looked at with each sample."""

    def plus(self, other: Counts) -> Counts:
        """Return the sums."""
        return Counts(*map(int.__add__, self, other))


class Rates(NamedTuple):
    """How fast counts grew of late; None is not known yet."""

    frames_per_s: float | None = None
    bitrate_bps: float | None = None
    loss: float | None = None
    """Lost packets over expected ones, before any repair, 0 to 1."""

    loss_after_repair: float | None = None


UNKNOWN = Rates()


class RecentCounts:
    """The counts of the last seconds. One thread."""

    size_bytes = 6000
    """Of twelve samples: their tuples and numbers."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Counts]] = deque(maxlen=_SAMPLES)

    def sample(self, counts: Counts, *, now: float) -> None:
        """Remember how the counts stand, once a second."""
        self._samples.append((now, counts))

    def rates(self, counts: Counts, *, now: float) -> Rates:
        """Return the growth since the samples of the last seconds."""
        then, before = self._since(now - RATES_S)
        passed_s = now - then
        if passed_s < 0.5:
            return UNKNOWN
        _, older = self._since(now - LOSSES_S)
        lost = counts.packets_lost - older.packets_lost
        repaired = min(lost, counts.packets_repaired - older.packets_repaired)
        expected = lost + counts.packets_received - older.packets_received
        return Rates(
            frames_per_s=(counts.frames_sent - before.frames_sent) / passed_s,
            bitrate_bps=(counts.bytes_sent - before.bytes_sent) * 8 / passed_s,
            loss=lost / expected if expected > 0 else None,
            loss_after_repair=(lost - repaired) / expected if expected > 0 else None,
        )

    def _since(self, then: float) -> tuple[float, Counts]:
        """Return the oldest sample that is not older; else the newest, or that of now where there is none."""
        for at, counts in self._samples:
            if at >= then - 0.25:  # samples come a little late
                return at, counts
        return self._samples[-1] if self._samples else (float("inf"), Counts())


class Link:
    """What one viewer was sent, and says. On the loop.

    Args:
        number: Counts the sessions of a host, from 1.
        joined_at: Monotonic seconds.
        sender: Of the session.
        traffic: Of all.
    """

    def __init__(self, number: int, joined_at: float, sender: Sender, traffic: Traffic) -> None:
        self.number = number
        self.joined_at = joined_at
        self.frames_sent = 0
        self._sender = sender
        self._traffic = traffic
        self._recent = RecentCounts()
        self._recent.sample(Counts(), now=joined_at)
        self._received = 0
        self._lost = 0
        self._repaired = 0
        self._reorder_full = 0
        self._is_full = False
        self._stalls = 0
        self._is_stalled = False
        self._fullest_permille = 0
        """Since the last sample."""
        self._before_permille = 0
        """In the second before it."""
        self._tells_fullness = False
        self.fec_pending_groups: int | None = None
        """Parity that waits for others, as the viewer says; None where it does not."""

    def note_feedback(self, feedback: Feedback, *, now: float) -> None:
        """Take a report, 2 µs; 5 where latencies are kept."""
        sent = self._sender.packets_sent
        self._received = max(self._received, min(feedback.packets_received, sent))
        self._lost = max(self._lost, min(feedback.packets_lost, sent))
        self._repaired = max(self._repaired, min(feedback.packets_repaired, self._lost))
        self.fec_pending_groups = feedback.fec_pending_groups
        if feedback.reorder_permille is not None:
            self._tells_fullness = True
            self._fullest_permille = max(self._fullest_permille, feedback.reorder_permille)
            is_full = feedback.reorder_permille >= _FULL_PERMILLE
            self._reorder_full += is_full and not self._is_full
            self._is_full = is_full
        if self._traffic.stages is not None:
            self._traffic.stages.note_feedback(feedback, now=now)

    @property
    def reorder_occupancy(self) -> float | None:
        """How full the viewer's reorder window was at most in the last seconds, 0 to 1; None where it does not say."""
        return max(self._fullest_permille, self._before_permille) / 1000 if self._tells_fullness else None

    def counts(self) -> Counts:
        """Return the totals of this session."""
        sender = self._sender
        return Counts(
            frames_sent=self.frames_sent,
            frames_dropped=sender.drops,
            packets_sent=sender.packets_sent,
            bytes_sent=sender.bytes_sent,
            packets_received=self._received,
            packets_lost=self._lost,
            packets_repaired=self._repaired,
            reorder_full=self._reorder_full,
            stalls=self._stalls,
        )

    def sample(self, *, now: float) -> None:
        """Remember how the counts stand, once a second."""
        self._stalls += self._sender.is_stalled and not self._is_stalled
        self._is_stalled = self._sender.is_stalled
        self._recent.sample(self.counts(), now=now)
        self._before_permille, self._fullest_permille = self._fullest_permille, 0

    def rates(self, *, now: float) -> Rates:
        """Return how fast the counts grow."""
        return self._recent.rates(self.counts(), now=now)


class Traffic:
    """The counts of all sessions, those included that have ended. On the loop.

    A holder of the budget.

    Args:
        max_sessions: Most there are at once; keeping to it is up to the owner.
    """

    policy = "the oldest sample is forgotten"
    drops = 0

    def __init__(self, max_sessions: int = 16) -> None:
        self.cap_bytes = (max_sessions + 2) * RecentCounts.size_bytes  # two for all together
        self.stages: StageLatencies | None = None
        """Where latencies are kept; None while nobody wants them."""
        self.unit_bytes = 0
        """Of all access units that were handed on, each once."""
        self._ended = Counts()
        self._links: dict[int, Link] = {}
        self._sessions = 0
        self._most_links = 0

    def note_unit(self, unit: AccessUnit, *, now: float) -> None:
        """Count a unit that goes to the viewers."""
        self.unit_bytes += len(unit.data)
        if self.stages is not None:
            self.stages.note_unit(unit, now=now)

    def join(self, sender: Sender, *, now: float) -> Link:
        """Count a session from now on."""
        self._sessions += 1
        link = self._links[self._sessions] = Link(self._sessions, now, sender, self)
        self._most_links = max(self._most_links, len(self._links))
        return link

    def leave(self, link: Link) -> None:
        """Keep what a session came to, once; nothing else of it."""
        if self._links.pop(link.number, None) is not None:
            self._ended = self._ended.plus(link.counts())

    @property
    def sessions(self) -> int:
        """How many there have been."""
        return self._sessions

    @property
    def links(self) -> tuple[Link, ...]:
        """Those that are counted now."""
        return tuple(self._links.values())

    @property
    def used_bytes(self) -> int:
        """What the samples of all sessions come to, as the cap counts."""
        return (len(self._links) + 2) * RecentCounts.size_bytes

    @property
    def high_water_bytes(self) -> int:
        """What those of as many came to as have been here at once, at most."""
        return (self._most_links + 2) * RecentCounts.size_bytes

    def counts(self) -> Counts:
        """Return the totals of all."""
        total = self._ended
        for link in self._links.values():
            total = total.plus(link.counts())
        return total
