"""The one clock: monotonic, so that it never jumps, and the same for every thread of a process."""

from __future__ import annotations

import time

monotonic = time.monotonic
"""Seconds, as `now` and every `*_at`."""


def monotonic_us() -> int:
    """Return microseconds on the same clock as `monotonic`: the media timebase of a host."""
    return time.monotonic_ns() // 1000
