"""One look a second: a row of the history, and what it shows that nobody else says in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.memory.metrics import resident_bytes

if TYPE_CHECKING:
    from wavry.server.figures.figures import Figures
    from wavry.server.viewer import ViewerSession

logger = logging.getLogger(__name__)

COLUMNS = (
    "rss_mb",
    "pss_mb",
    "fps",
    "bitrate_bps",
    "target_bitrate_bps",
    "sent_bps",
    "loss",
    "loss_after_repair",
    "reorder_occupancy",
    "fec_pending_groups",
    "send_buffer_bytes",
    "latency_p50_ms",
    "latency_p95_ms",
    "sessions",
)
"""What the history has; latencies are from capture to decoded."""

_MB = 1_000_000
_SHARED_EVERY = 5
"""PSS takes 1 ms, so each fifth sample has a new one."""

_WATCHED = ("capture.pool", "encode.picture", "rift.send_queues", "server.door")
"""Holders whose policy acts only when something is wrong."""

_QUIET_S = 10.0
"""A holder that is full again and again is spoken of once in so long."""

_TARGET_QUIET_S = 5.0
"""So is a target that moves."""

_STEP = 0.25
"""A target that has changed by so much since it was last spoken of is news."""


class Sampler:
    """Fills a host's history and speaks up. On the loop.

    Args:
        figures: Opened.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._samples = 0
        self._pss_mb: float | None = None
        self._drops: dict[str, int] = {}
        self._spoken_at: dict[str, float] = {}
        self._stalled: set[ViewerSession] = set()
        self._full: dict[int, int] = {}
        """How often the reorder window of each session was full, when it was last looked at."""
        self._told_target_bps: int | None = None
        self._told_target_at = 0.0

    def sample(self, *, now: float) -> None:
        """Look."""
        self._figures.sample(now=now)
        self._figures.history.push(now, self._row(now))
        self._watch_holders(now)
        self._watch_viewers()
        self._watch_target(now)

    def _row(self, now: float) -> list[float | None]:
        figures = self._figures
        if self._samples % _SHARED_EVERY == 0:
            shared = self._figures.shared_use()
            self._pss_mb = None if shared is None else shared.pss_bytes / _MB
        self._samples += 1
        made, sent = figures.made_rates(now=now), figures.rates(now=now)
        stages = figures.stages
        latency = None if stages is None else stages.recent("capture_to_decoded", now=now)
        is_watched = bool(figures.viewers())
        row = {
            "rss_mb": resident_bytes() / _MB,
            "pss_mb": self._pss_mb,
            "fps": made.frames_per_s,
            "bitrate_bps": made.bitrate_bps,
            "target_bitrate_bps": figures.broadcast.target[0] if is_watched else None,
            "sent_bps": sent.bitrate_bps,
            "loss": sent.loss,
            "loss_after_repair": sent.loss_after_repair,
            "reorder_occupancy": figures.reorder_occupancy,
            "fec_pending_groups": figures.fec_pending_groups,
            "send_buffer_bytes": figures.broadcast.send_buffer_bytes,
            "latency_p50_ms": None if latency is None else latency["p50"],
            "latency_p95_ms": None if latency is None else latency["p95"],
            "sessions": len(figures.viewers()),
        }
        return [row[name] for name in COLUMNS]

    def _watch_holders(self, now: float) -> None:
        for entry in self._figures.budget.entries():
            if entry.name not in _WATCHED:
                continue
            before = self._drops.setdefault(entry.name, entry.drops)
            if entry.drops < before:
                self._drops[entry.name] = entry.drops  # another pool is behind it
            elif entry.drops > before and now - self._spoken_at.get(entry.name, -_QUIET_S) >= _QUIET_S:
                self._drops[entry.name], self._spoken_at[entry.name] = entry.drops, now
                logger.warning("%s was full, %d times: %s", entry.name, entry.drops - before, entry.policy)

    def _watch_viewers(self) -> None:
        viewers = self._figures.viewers()
        stalled = {viewer for viewer in viewers if viewer.sender.is_stalled}
        for viewer in stalled - self._stalled:
            logger.warning("%s has stalled: its network takes nothing", viewer.name)
        for viewer in (self._stalled - stalled) & set(viewers):
            logger.info("%s goes on", viewer.name)
        self._stalled = stalled
        full: dict[int, int] = {}
        for viewer in viewers:
            if viewer.link is not None:
                number, count = viewer.link.number, viewer.link.counts().reorder_full
                full[number] = count
                if count > self._full.get(number, 0):
                    logger.warning("%s: its reorder window has reached its bound", viewer.name)
        self._full = full

    def _watch_target(self, now: float) -> None:
        target_bps, target_fps = self._figures.broadcast.target
        told_bps = self._told_target_bps
        if not self._figures.viewers():
            self._told_target_bps = None
        elif told_bps is None or (
            abs(target_bps - told_bps) > _STEP * told_bps and now - self._told_target_at >= _TARGET_QUIET_S
        ):
            self._told_target_bps, self._told_target_at = target_bps, now
            if told_bps is not None:
                logger.info("the links carry %.1f Mbit/s, at %d frames per second", target_bps / 1e6, target_fps)
