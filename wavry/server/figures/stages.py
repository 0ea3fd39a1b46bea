"""Where the time of pictures goes, over all viewers together: for ever, and of late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.observe.histogram import LARGEST_MS, Histogram
from wavry.observe.recent import RecentDurations

if TYPE_CHECKING:
    from wavry.media import AccessUnit
    from wavry.rift import Feedback

STAGES = ("capture", "encode", "network", "playout", "decode", "capture_to_decoded")
"""The first two are the host's own, for each unit; the others are what viewers say of a picture with each report."""

WINDOW_S = 10.0
"""What is of late."""


class StageLatencies:
    """Histograms since the host began, and the durations of the last seconds. On the loop.

    A holder of the budget, of one size: 19 kB a stage.
    """

    policy = "the oldest durations are overwritten"
    drops = 0

    def __init__(self) -> None:
        self.histograms = {stage: Histogram() for stage in STAGES}
        """Milliseconds."""
        self._recent = {stage: RecentDurations() for stage in STAGES}
        buckets = self.histograms[STAGES[0]].counts()
        self.cap_bytes = len(STAGES) * (buckets.itemsize * len(buckets) + RecentDurations.size_bytes)

    def note_unit(self, unit: AccessUnit, *, now: float) -> None:
        """Count what a unit took here, 2 µs."""
        timings = unit.timings
        self._add("capture", timings.captured_us, now)
        self._add("encode", timings.encoded_us - timings.captured_us, now)

    def note_feedback(self, feedback: Feedback, *, now: float) -> None:
        """Count what a viewer says of its newest picture; whatever it says counts as at most 100 s."""
        self._add("network", feedback.network_us, now)
        self._add("playout", feedback.playout_us, now)
        self._add("decode", feedback.decode_us, now)
        self._add("capture_to_decoded", feedback.capture_to_decoded_us, now)

    def _add(self, stage: str, microseconds: int | None, now: float) -> None:
        if microseconds is not None:
            milliseconds = min(microseconds / 1000, LARGEST_MS)
            self.histograms[stage].add(milliseconds)
            self._recent[stage].add(milliseconds, now=now)

    def recent(self, stage: str, *, now: float) -> dict[str, float] | None:
        """Return p50 and p95 of the last seconds, milliseconds; None where nothing is known. 0.1 ms."""
        found = self._recent[stage].percentiles((50, 95), since=now - WINDOW_S)
        return None if found is None else {"p50": round(found[0], 2), "p95": round(found[1], 2)}

    @property
    def used_bytes(self) -> int:
        """What it holds, from the start."""
        return self.cap_bytes

    @property
    def high_water_bytes(self) -> int:
        """What it holds."""
        return self.cap_bytes
