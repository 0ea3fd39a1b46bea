"""What both programs ask of Python and the operating system."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

from wavry.memory.allocator import keep_heap_top, map_large_blocks, refuse_huge_pages, share_one_arena

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SWITCH_INTERVAL_S = 0.0005
"""How long a thread may run Python code while another waits: half a millisecond instead of five, so that the
thread with a frame in its hands never waits for the one that counts packets."""


async def run_until_stopped(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a program's main coroutine; SIGINT and SIGTERM set the event that it is given."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    refuse_huge_pages()
    map_large_blocks()
    keep_heap_top()
    share_one_arena()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        except RuntimeError:
            break  # not the main thread; whoever has it stops this loop
    await run(stop)
