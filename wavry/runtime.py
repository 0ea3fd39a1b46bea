"""What both programs ask of Python and the operating system."""

from __future__ import annotations

import asyncio
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING

from wavry.memory.allocator import keep_heap_top, map_large_blocks, refuse_huge_pages, share_one_arena

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SWITCH_INTERVAL_S = 0.0005
"""How long a thread may run Python code while another waits: half a millisecond instead of five, so that the
thread with a frame in its hands never waits for the one that counts packets."""


class StopSignals:
    """SIGINT and SIGTERM as something to read, for a loop beside a main thread that blocks outside Python.

    There Python runs no handler; but its C handler writes the signal's number to a file at once. Make it on the main
    thread, before the loop's thread.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave_it_to_the_loop)

    def set_on(self, stop: asyncio.Event) -> None:
        """Have the running loop set an event at the first of them."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._reader, stop.set)
        except NotImplementedError:  # Windows, where the window closes with its console
            pass

    def wait(self) -> None:
        """Block until one comes, or `wake`; for a thread whose loop has ended."""
        select.select([self._reader], [], [])

    def wake(self) -> None:
        """Make `wait` return."""
        self._writer.send(b"\0")


def _leave_it_to_the_loop(number: int, frame: object) -> None:
    """Do nothing: whoever reads the file does it."""


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
