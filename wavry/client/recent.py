"""How the stream has been for the last seconds: differences of the figures of a run. For the overlay.

Nothing is computed while nobody looks, and the stream itself is not touched: each look copies the counts, and figures
come from the difference to the copy of 3 s ago.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wavry.observe.histogram import Histogram, percentiles_between

if TYPE_CHECKING:
    from wavry.client.statistics import Statistics, Totals
    from wavry.memory import MemoryBudget
    from wavry.memory.budget import BudgetEntry

LOOK_INTERVAL_S = 0.5
_LOOKS = 7
"""Copies that are kept: figures are of the last 3 s."""

_LATENCIES = 7
_COUNTS_BYTES = len(Histogram().counts()) * 8

STAGES = ("capture", "encode", "network", "playout", "decode", "show")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One look; what is not known is None."""

    size: str | None = None
    codec: str | None = None
    fps: float | None = None
    bitrate_bps: float | None = None
    loss: float | None = None
    """Lost packets over expected ones, 0 to 1."""

    repaired: float | None = None
    """Of the lost ones, those that were rebuilt or sent again, 0 to 1; None while none was lost."""

    latencies_ms: dict[str, tuple[float, float]] = field(default_factory=dict)
    """p50 and p95 by stage, and of `capture_to_shown`."""

    rtt_ms: float | None = None
    sound_offset_ms: float | None = None
    """So much later than the picture is the sound."""

    reorder: tuple[int, int] | None = None
    """Bytes in use and cap of the reorder window."""

    pictures: tuple[int, int] | None = None
    """And of the decoder's pictures."""


class RecentFigures:
    """Looks at the statistics of a run. For one thread; a holder of the budget.

    Args:
        statistics: Of the run.
        budget: Says what buffers hold.
    """

    policy = "the oldest copy of the counts is replaced"
    drops = 0
    cap_bytes = _LOOKS * _LATENCIES * _COUNTS_BYTES

    def __init__(self, statistics: Statistics, budget: MemoryBudget) -> None:
        self._statistics = statistics
        self._budget = budget
        self._looks: deque[tuple[float, Totals]] = deque(maxlen=_LOOKS)
        self.high_water_bytes = 0

    @property
    def used_bytes(self) -> int:
        """The copies."""
        return len(self._looks) * _LATENCIES * _COUNTS_BYTES

    def forget(self) -> None:
        """Begin anew with the next look."""
        self._looks.clear()

    def look(self, *, now: float) -> Figures:
        """Return the figures of the last seconds; call it every `LOOK_INTERVAL_S`."""
        newer = self._statistics.totals()
        self._looks.append((now, newer))
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)
        then, older = self._looks[0]
        passed_s = now - then
        lost = max(0, newer.packets_lost - older.packets_lost)
        repaired = max(0, newer.packets_repaired - older.packets_repaired)
        expected = max(0, newer.packets_received - older.packets_received) + lost
        stream, sound = self._statistics.stream, self._statistics.sound
        holders = {entry.name: entry for entry in self._budget.entries()}
        return Figures(
            size=str(stream.size) if stream is not None else None,
            codec=stream.codec.value if stream is not None else None,
            fps=(newer.pictures_decoded - older.pictures_decoded) / passed_s if passed_s else None,
            bitrate_bps=(newer.bytes_received - older.bytes_received) * 8 / passed_s if passed_s else None,
            loss=lost / expected if expected else None,
            repaired=min(1.0, repaired / lost) if lost else None,
            latencies_ms=_latencies(older, newer),
            rtt_ms=self._statistics.network.rtt_ms,
            sound_offset_ms=sound.lipsync.offset_ms if sound is not None else None,
            reorder=_use(holders.get("rift.reorder")),
            pictures=_use(holders.get("decode.pictures")),
        )


def _latencies(older: Totals, newer: Totals) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for name, counts in newer.latencies.items():
        percentiles = percentiles_between(older.latencies[name], counts, (50, 95))
        if percentiles is not None:
            found[name] = percentiles[0], percentiles[1]
    return found


def _use(entry: BudgetEntry | None) -> tuple[int, int] | None:
    return None if entry is None else (entry.used_bytes, entry.cap_bytes)
