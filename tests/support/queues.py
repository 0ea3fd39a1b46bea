"""Queues of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.pipeline import BoundedQueue, Overflow

if TYPE_CHECKING:
    from collections.abc import Callable


def make_queue(
    overflow: Overflow,
    *,
    max_items: int = 2,
    max_bytes: int = 100,
    discard: Callable[[int], None] | None = None,
    supersede: Callable[[int, int], None] | None = None,
) -> BoundedQueue[int]:
    """A queue of numbers, each as many bytes large as it says."""
    return BoundedQueue(
        "test",
        max_items=max_items,
        max_bytes=max_bytes,
        overflow=overflow,
        size_of=lambda item: item,
        discard=discard,
        supersede=supersede,
    )
