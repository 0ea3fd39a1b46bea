"""What `--stats-json` says of sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wavry.client.sound.lipsync import LipSync
from wavry.observe.histogram import Histogram
from wavry.rift.sound import SoundStats

if TYPE_CHECKING:
    from wavry.client.clock_sync import ClockSync
    from wavry.client.sound.player import SoundPlayer

_SUMMED = ("packets_received", "packets_lost", "packets_repaired")
_TIMED_EVERY = 20
"""Blocks between two that are timed; ten a second say enough."""


@dataclass(slots=True)
class SoundFigures:
    """Counts of a run, over all its connections.

    Written on the loop, `on_heard` and `follow` on the output's thread.
    """

    clock: ClockSync
    lipsync: LipSync = field(default_factory=LipSync)
    output: str | None = None
    """The back end that plays; None before there is one."""

    _stats_now: SoundStats = field(default_factory=SoundStats)
    _stats_before: SoundStats = field(default_factory=SoundStats)
    _player: SoundPlayer | None = None
    _concealed_before: int = 0
    _dropped_before: int = 0
    _waited_before_s: float | None = None
    _latency: Histogram = field(default_factory=Histogram)
    _until_timed: int = 0

    def take(self, stats: SoundStats) -> None:
        """Note how the present connection stands."""
        self._stats_now = stats

    def follow(self, player: SoundPlayer | None) -> None:
        """Count what this player does from now on, beside what those before it did."""
        if self._player is not None:
            self._concealed_before += self._player.concealed
            self._dropped_before += self._player.playout.drops + self._player.playout.late
            self._waited_before_s = self._player.playout.waited_s
        self._player = player
        if player is not None:
            self.lipsync.restart()

    def finish(self) -> None:
        """Add the present connection to those that have ended."""
        for name in _SUMMED:
            setattr(self._stats_before, name, getattr(self._stats_before, name) + getattr(self._stats_now, name))
        self._stats_now = SoundStats()

    def on_heard(self, capture_us: int, heard_us: int) -> None:
        """Take note of a block that is played."""
        self.lipsync.note_sound(capture_us, heard_us)
        self._until_timed -= 1
        if self._until_timed <= 0 and self.clock.offset_us is not None:
            self._until_timed = _TIMED_EVERY
            self._latency.add((heard_us + self.clock.offset_us - capture_us) / 1000)

    @property
    def is_known(self) -> bool:
        """Whether sound came at all."""
        return self._total("packets_received") > 0

    def report(self) -> dict[str, object] | None:
        """Return `audio` of `--stats-json`; None where no sound came."""
        if not self.is_known:
            return None
        player, offset_ms = self._player, self.lipsync.offset_ms
        waited_s = self._waited_before_s if player is None else player.playout.waited_s
        return {
            "packets_received": self._total("packets_received"),
            "packets_lost": self._total("packets_lost"),
            "packets_repaired": self._total("packets_repaired"),
            "concealed": self._concealed_before + (0 if player is None else player.concealed),
            "dropped": self._dropped_before + (0 if player is None else player.playout.drops + player.playout.late),
            "buffer_ms": None if waited_s is None else round(waited_s * 1000, 1),
            "offset_ms": None if offset_ms is None else round(offset_ms, 1),
            "capture_to_heard": self._latency.summary() if self._latency.count else None,
            "output": self.output,
        }

    def _total(self, name: str) -> int:
        total: int = getattr(self._stats_before, name) + getattr(self._stats_now, name)
        return total
