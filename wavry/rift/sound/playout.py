"""When each block of sound is played: as early as the last seconds' jitter allows, and evenly.

Each packet has a moment at which it is due: its capture, plus the quickest way here of the last seconds, plus the hold.
The hold is what nearly all packets of the last seconds needed beyond the quickest, plus what the sound card's own pulls
are apart from an even beat. It grows at once and shrinks slowly, no quicker than playing can follow.

    pull ─► the next packet is here      PLAY, unless it is far too late: then the oldest are dropped
         ├► it is missing, later ones came   CONCEAL: its time has passed
         ├► nothing came                 CONCEAL for a while, time stands still: the network pauses
         └► silence was announced, or lasts  SILENCE until the next packet is due

How much the pulls are behind or ahead of what is due says how the clocks of the two sound cards run: `speed` takes out
drift and small errors of the hold, by a thousandth at most, so that a tone keeps its pitch. What is more than 10 ms is
taken out a block at a time, four times a second at most: two blocks are played as one, or one more is made up.
"""

from __future__ import annotations

from array import array
from collections import deque
from enum import Enum
from typing import NamedTuple

from wavry.rift.sound.config import SoundPlayoutConfig
from wavry.rift.sound.packet import MAX_OPUS_BYTES, SoundPacket

_LOOK_BACK_US = 3_000_000
"""What counts as the last seconds."""

_LOOK_EVERY = 20
"""The hold is reckoned anew after so many packets."""

_QUANTILE = 0.995
"""Of the packets of three seconds three may be later than the hold: one that is not heard now and then is concealed."""

_FIRST_HOLD_S = 0.015
"""Before anything is known."""

_HOLD_FALLS_PER_S = 0.004
"""How quickly the hold shrinks at least: what is calm for three seconds is not yet calm."""

_HOLD_DECAYS_S = 4.0
"""And more where it is far too long, as after the start of two programs: of what is too much a fourth each second."""

_GAIN_PER_S = 0.2
"""Of what playing is behind or ahead, a fifth is made up each second."""

_LEARNING_PER_S2 = 0.01
"""How quickly drift is learned, which needs no error to be made up for then. With the gain it swings no way."""

_MAX_DRIFT = 0.0008
"""Sound cards are within 200 ppm or so."""

_SETTLED_S = 0.0002
"""A hold that changes by more at a look is on its way somewhere; what that does to the error is no drift."""

_UNCORRECTED_S = 0.002
"""So much behind or ahead is left: pulls and packets keep no better time than that."""

MAX_SPEED_CHANGE = 0.0009
"""Most that sound is played quicker or slower: 1.6 cents, less than 1 Hz at 1 kHz."""

_SPLICE_FROM_S = 0.010
_SPLICE_EVERY_S = 0.25

_ERROR_WEIGHT = 0.02
"""Of each pull in what playing is behind or ahead: smoothed over a quarter of a second."""

_PAUSE_US = 60_000
"""For so long missing sound is covered up; what concealment makes up is noise by then."""

_BEAT_PULLS = 20
"""Pulls among which their beat is looked for. A sound card that takes 20 ms at once pulls four blocks of 5 ms."""

_NEW_CLOCK_S = 2.0
"""A packet that was on its way for so much longer or shorter than the others is of another clock."""

MAX_EXTRA_HOLD_S = 0.040
"""Most that sound is held for the picture's sake."""

PACKET_OVERHEAD_BYTES = 320
"""Charged for each packet held, besides its bytes: the object, its number, its time and its place in the dictionary."""

_TIME_BYTES = 10
"""Charged for each transit that is looked back on: 8 in an array, which grows by an eighth at once."""

_OWN_BYTES = 2_048
"""Its other objects, most of them the last delays."""


class PullKind(Enum):
    """What a block of sound is made from."""

    PLAY = "play"
    """Decode `packet`."""

    CONCEAL = "conceal"
    """A block is missing: let the decoder make one up, from the `packet` after it where that is here."""

    SILENCE = "silence"
    """There is nothing to hear."""


class Pull(NamedTuple):
    """What to play for one block."""

    kind: PullKind
    packet: SoundPacket | None = None
    merged: SoundPacket | None = None
    """Of `PLAY`: the packet before it, which is to be decoded first; the block goes over from one to the other."""


_SILENCE = Pull(PullKind.SILENCE)
_MADE_UP = Pull(PullKind.CONCEAL)


class SoundPlayout:
    """Puts packets in order and says what each block is made from. One owner at a time: callers hold a lock.

    Policy when full: the oldest packets are dropped.
    """

    policy = "the oldest packets are dropped"

    def __init__(self, config: SoundPlayoutConfig | None = None) -> None:
        self.config = config = config or SoundPlayoutConfig()
        self._frame_s = config.frame_us / 1e6
        self._late_limit_s = config.late_limit_ms / 1000
        self._pause_limit = max(1, _PAUSE_US // config.frame_us)
        looked_back_on = max(_LOOK_EVERY, _LOOK_BACK_US // config.frame_us)
        self._packets: dict[int, tuple[SoundPacket, float]] = {}
        """Those that wait, and when they came; all ids are `_next_id` or later."""
        self._held_bytes = 0
        self._looked_back_on = looked_back_on
        self._high_water_bytes = 0
        self._next_id: int | None = None
        """What is played next; None before the first packet."""
        self._expected_us = 0
        """When it was captured, if sound goes on without a break."""
        self._is_playing = False
        self._is_silent = False
        """Silence was announced."""
        self._made_up = 0
        """Blocks made up in a row while nothing was here."""
        self._transits = array("d")
        """How long the last packets took, seconds; a ring, once it is full."""
        self._oldest_transit = 0
        self._delays: deque[float] = deque(maxlen=_BEAT_PULLS)
        """From capture to pull, of the last blocks, while they follow each other."""
        self._until_look = _LOOK_EVERY
        self._looked_at: float | None = None
        self._base_s = 0.0
        self._error_s = 0.0
        """How late blocks are played, smoothed."""
        self._spliced_at = 0.0
        self._drift = 0.0
        """What of the speed is there to stay."""
        self._is_settled = False
        """Whether the hold stays as it is."""
        self._extra_hold_s = 0.0
        self.hold_s = min(max(_FIRST_HOLD_S, config.min_hold_ms / 1000), config.max_hold_ms / 1000)
        """What a packet of the quickest kind waits at present."""
        self.waited_s: float | None = None
        """How long packets waited until they were played, smoothed."""
        self.played = 0
        """Blocks played."""
        self.spliced = 0
        """Blocks merged into the one after them, or put in, to change the delay."""
        self.concealed = 0
        """Blocks that were missing when they were due."""
        self.late = 0
        """Packets that came after their block was concealed."""
        self.drops = 0
        """Packets dropped, because they were far too late or too many."""

    def add(self, packet: SoundPacket, *, now: float) -> None:
        """Take a packet, in any order; its id must be unwrapped.

        Args:
            packet: Kept until it is played.
            now: Monotonic seconds at which it was known.
        """
        packet_id = packet.packet_id
        self._note_transit(now - packet.capture_us / 1e6, now)
        next_id = self._next_id
        if next_id is not None and abs(packet_id - next_id) > self._farthest:
            self._restart()
            next_id = None
        if packet_id in self._packets:
            return
        if next_id is not None and packet_id < next_id:
            self.late += 1
            return
        self._packets[packet_id] = (packet, now)
        self._held_bytes += len(packet.opus) + PACKET_OVERHEAD_BYTES
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        while len(self._packets) > self.config.limit_packets:
            self._drop(min(self._packets))

    def pull(self, *, now: float) -> Pull:
        """Say what the next block is made from; called once for each block that is played.

        Args:
            now: Monotonic seconds at which it is pulled.
        """
        if not self._is_playing and not self._start(now):
            return _SILENCE
        assert self._next_id is not None  # it plays
        entry = self._packets.get(self._next_id)
        if entry is None:
            return self._pull_missing(now)
        if entry[0].capture_us - self._expected_us > 2 * self.config.frame_us and not self._is_due(entry[0], now):
            self._is_playing = False  # the sound had a break that nothing announced, and the time for it
            return _SILENCE
        if now - self._due_at(entry[0]) > self._late_limit_s:
            self._catch_up(now)
            entry = self._packets.get(self._next_id)
            if entry is None:
                return self._pull_missing(now)
        if abs(self._error_s) > _SPLICE_FROM_S and now - self._spliced_at >= _SPLICE_EVERY_S:
            return self._splice(*entry, now)
        return self._play(*entry, now)

    @property
    def speed(self) -> float:
        """How much quicker than captured the next block must be played, 1.0 for as it is."""
        change = self._drift + self._to_correct_s * _GAIN_PER_S
        return 1.0 + min(max(change, -MAX_SPEED_CHANGE), MAX_SPEED_CHANGE)

    @property
    def extra_hold_s(self) -> float:
        """Hold sound for so much longer, for a picture that is late. 0 to `MAX_EXTRA_HOLD_S`; more is cut off."""
        return self._extra_hold_s

    @extra_hold_s.setter
    def extra_hold_s(self, seconds: float) -> None:
        self._extra_hold_s = min(max(seconds, 0.0), MAX_EXTRA_HOLD_S)

    @property
    def cap_bytes(self) -> int:
        """Most it can hold."""
        return (self.config.limit_packets + 1) * (MAX_OPUS_BYTES + PACKET_OVERHEAD_BYTES) + self._times_bytes(
            self._looked_back_on
        )

    @property
    def used_bytes(self) -> int:
        """What it holds now: packets, and the times that it looks back on."""
        return self._held_bytes + self._times_bytes(len(self._transits))

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return max(self._high_water_bytes, self.used_bytes)

    # Playing.

    def _start(self, now: float) -> bool:
        """Begin with the oldest packet if it is due; say whether it is."""
        if not self._packets:
            return False
        first = min(self._packets)
        packet, _ = self._packets[first]
        if not self._is_due(packet, now):
            return False
        self._next_id, self._expected_us = first, packet.capture_us
        self._is_playing, self._is_silent, self._made_up = True, False, 0
        self._error_s = 0.0
        self._delays.clear()
        return True

    def _is_due(self, packet: SoundPacket, now: float) -> bool:
        return self._due_at(packet) <= now + self._frame_s / 2

    def _due_at(self, packet: SoundPacket) -> float:
        return packet.capture_us / 1e6 + self._base_s + self.hold_s + self._extra_hold_s

    def _pull_missing(self, now: float) -> Pull:
        """Say what to play while the next packet is not here."""
        if self._is_silent:
            self._is_playing = False
            return _SILENCE
        if not self._packets:
            self._made_up += 1
            self._delays.clear()
            if self._made_up > self._pause_limit:
                self._is_playing = False
                return _SILENCE
            self.concealed += 1
            return _MADE_UP
        self._skip_made_up()
        assert self._next_id is not None  # it plays
        if self._next_id in self._packets:
            return self.pull(now=now)
        if min(self._packets) - self._next_id > self._pause_limit:
            self._is_playing = False  # what comes after the hole begins anew, when it is due
            return _SILENCE
        self._go_on()
        self.concealed += 1
        following = self._packets.get(self._next_id)
        return Pull(PullKind.CONCEAL, following[0] if following is not None else None)

    def _skip_made_up(self) -> None:
        """Pass over the missing packets for which blocks were made up before anything told that they are lost."""
        assert self._next_id is not None  # it plays
        missing = min(self._packets) - self._next_id
        for _ in range(min(missing, self._made_up)):
            self._go_on()
        self._made_up = 0

    def _play(self, packet: SoundPacket, came_at: float, now: float) -> Pull:
        self._take(packet.packet_id)
        self._expected_us = packet.capture_us
        self._go_on()
        self._is_silent, self._made_up = packet.is_silent, 0
        self._note_pull(packet, now)
        waited_s = now - came_at
        self.waited_s = waited_s if self.waited_s is None else self.waited_s + (waited_s - self.waited_s) / 50
        self.played += 1
        return Pull(PullKind.PLAY, packet)

    def _splice(self, packet: SoundPacket, came_at: float, now: float) -> Pull:
        """Change the delay by a block: play two as one if it is too long, put one in if it is too short."""
        following = self._packets.get(packet.packet_id + 1)
        if packet.is_silent or (self._error_s > 0 and following is None):
            return self._play(packet, came_at, now)
        self._spliced_at = now
        self._delays.clear()
        self.spliced += 1
        if self._error_s < 0:
            self._error_s += self._frame_s
            return _MADE_UP
        self._error_s -= self._frame_s
        assert following is not None  # looked at above
        self._take(packet.packet_id)
        self._go_on()
        return self._play(*following, now)._replace(merged=packet)

    def _go_on(self) -> None:
        assert self._next_id is not None  # it plays
        self._next_id += 1
        self._expected_us += self.config.frame_us

    def _catch_up(self, now: float) -> None:
        """Drop the oldest packets until the next one is about due."""
        assert self._next_id is not None  # it plays
        for packet_id in sorted(self._packets):
            packet, _ = self._packets[packet_id]
            if now - self._due_at(packet) <= self._frame_s / 2:
                break
            self._next_id, self._expected_us = packet_id + 1, packet.capture_us + self.config.frame_us
            self._drop(packet_id)
        self._error_s = 0.0
        self._delays.clear()

    def _take(self, packet_id: int) -> None:
        packet, _ = self._packets.pop(packet_id)
        self._held_bytes -= len(packet.opus) + PACKET_OVERHEAD_BYTES

    def _drop(self, packet_id: int) -> None:
        self._take(packet_id)
        self.drops += 1
        if self._next_id is not None and packet_id >= self._next_id:
            missing = packet_id + 1 - self._next_id
            self._next_id += missing
            self._expected_us += missing * self.config.frame_us

    def _restart(self) -> None:
        """Forget everything but times: the host went on at another place."""
        for packet_id in list(self._packets):
            self._take(packet_id)
        self._next_id = None
        self._is_playing = self._is_silent = False

    @staticmethod
    def _times_bytes(count: int) -> int:
        return count * _TIME_BYTES + _OWN_BYTES

    @property
    def _farthest(self) -> int:
        return 4 * self.config.limit_packets

    # Learning.

    def _note_transit(self, transit_s: float, now: float) -> None:
        """Learn from how long a packet was on its way."""
        transits = self._transits
        if transits and abs(transit_s - self._base_s) > _NEW_CLOCK_S:
            del transits[:]
            self._oldest_transit = 0
        if not transits:
            self._base_s, self._looked_at = transit_s, now
        if len(transits) < self._looked_back_on:
            transits.append(transit_s)
        else:
            transits[self._oldest_transit] = transit_s
            self._oldest_transit = (self._oldest_transit + 1) % self._looked_back_on
        self._base_s = min(self._base_s, transit_s)
        self._until_look -= 1
        if self._until_look <= 0:
            self._until_look = _LOOK_EVERY
            self._look(now)

    def _look(self, now: float) -> None:
        """Reckon base and hold anew."""
        ordered = sorted(self._transits)
        self._base_s = ordered[0]
        jitter_s = ordered[int(len(ordered) * _QUANTILE)] - ordered[0]
        needed_s = self.config.min_hold_ms / 1000 + jitter_s + self._ahead_of_beat_s()
        assert self._looked_at is not None  # a packet came
        falls_per_s = _HOLD_FALLS_PER_S + max(0.0, self.hold_s - needed_s) / _HOLD_DECAYS_S
        lowest_s = self.hold_s - falls_per_s * max(0.0, now - self._looked_at)
        self._looked_at = now
        hold_s = min(max(needed_s, lowest_s), self.config.max_hold_ms / 1000)
        self._is_settled = abs(hold_s - self.hold_s) < _SETTLED_S
        self.hold_s = hold_s

    def _ahead_of_beat_s(self) -> float:
        """Return how much the earliest of the last pulls was ahead of an even beat."""
        delays = self._delays
        return sum(delays) / len(delays) - min(delays) if len(delays) == _BEAT_PULLS else 0.0

    @property
    def _to_correct_s(self) -> float:
        """How late blocks are played, where that is more than pulls and packets are uneven."""
        return self._error_s - min(max(self._error_s, -_UNCORRECTED_S), _UNCORRECTED_S)

    def _note_pull(self, packet: SoundPacket, now: float) -> None:
        """Learn from when a packet was pulled."""
        self._delays.append(now - packet.capture_us / 1e6)
        self._error_s += (now - self._due_at(packet) - self._error_s) * _ERROR_WEIGHT
        if self._is_settled:
            drift = self._drift + self._to_correct_s * _LEARNING_PER_S2 * self._frame_s
            self._drift = min(max(drift, -_MAX_DRIFT), _MAX_DRIFT)
