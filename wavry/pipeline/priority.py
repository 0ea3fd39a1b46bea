"""Which threads run first.

One that must not be late asks for it: sound is heard to stop for 5 ms, a picture is not seen to. A library does not
take it unasked.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SOUND_NICENESS = -11
"""What PulseAudio asks for itself."""


def ask_for_priority(niceness: int = SOUND_NICENESS) -> bool:
    """Ask that the calling thread be run before others; say whether the system agreed.

    On Linux a thread has a niceness of its own, and a user may lower it where `RLIMIT_NICE` allows that. Elsewhere
    nothing is done: there it would count for the whole process.
    """
    if sys.platform != "linux":
        return False
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
    except OSError:
        return False  # the user may not
    return True


@contextmanager
def no_real_time() -> Iterator[None]:
    """Take back the real-time scheduling that a library gives threads of this process while the block runs.

    SVT-AV1 does that as root, with the highest priority there is, to its own threads and to the one that opens it: they
    would run before everything else of the machine, and so would each program that is started from here. 0.2 ms.
    """
    if sys.platform != "linux":
        yield
        return
    before = _real_time_threads()
    try:
        yield
    finally:
        for thread in _real_time_threads() - before:
            try:
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
            except ProcessLookupError:
                pass  # it has ended


def _real_time_threads() -> set[int]:
    return {thread for thread in map(int, os.listdir("/proc/self/task")) if _is_real_time(thread)}


def _is_real_time(thread: int) -> bool:
    try:
        return os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR)
    except ProcessLookupError:
        return False
