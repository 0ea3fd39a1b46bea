"""Priority for a thread that must not be late: sound is heard to stop for 5 ms, a picture is not seen to."""

from __future__ import annotations

import os
import sys
import threading

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
