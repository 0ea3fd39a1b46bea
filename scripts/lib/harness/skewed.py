"""`python -m scripts.lib.harness.skewed PPM ARGUMENTS...`: wavry's client on a machine whose clock goes wrong.

Its clock is so many millionths too fast; the sound card's is right, as on a machine with two crystals.
"""

from __future__ import annotations

import sys
import time


def skew_clocks(ppm: float) -> None:
    """Let this process's monotonic clocks gain so much from now on."""
    seconds, nanoseconds = time.monotonic, time.monotonic_ns
    began_s, began_ns = seconds(), nanoseconds()
    time.monotonic = lambda: seconds() + (seconds() - began_s) * ppm / 1e6
    time.monotonic_ns = lambda: (now := nanoseconds()) + round((now - began_ns) * ppm / 1e6)


if __name__ == "__main__":
    skew_clocks(float(sys.argv.pop(1)))
    from wavry.client.__main__ import main  # it takes the clocks when it is imported

    main()
