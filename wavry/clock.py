"""The one clock: monotonic, so that it never jumps, and the same for every thread of a process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

monotonic = time.monotonic
"""Seconds, as `now` and every `*_at`."""


def monotonic_us() -> int:
    """Return microseconds on the same clock as `monotonic`: the media timebase of a host."""
    return time.monotonic_ns() // 1000


def timer_at(
    loop: asyncio.AbstractEventLoop,
    timer: asyncio.TimerHandle | None,
    due: float | None,
    callback: Callable[[], None],
) -> asyncio.TimerHandle | None:
    """Return a timer that calls back at `due`, which is the present one if that is when it fires; None for never."""
    if timer is not None:
        if due == timer.when():
            return timer
        timer.cancel()
    return None if due is None else loop.call_at(due, callback)
