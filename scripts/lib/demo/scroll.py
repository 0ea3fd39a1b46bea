"""What runs in the demo's terminal: wavry's own sources scroll by for some seconds, then stand still.

Usage: scroll.py SECONDS
"""

from __future__ import annotations

import signal
import sys
import time
from itertools import cycle
from pathlib import Path

_LINES_PER_SECOND = 40
_SOURCES = Path(__file__).resolve().parents[3] / "wavry"
_COLOURS = cycle((36, 33, 35, 32, 34))


def main() -> None:
    """Print line after line, then wait to be ended."""
    stop_at = time.monotonic() + float(sys.argv[1])
    for path in cycle(sorted(_SOURCES.rglob("*.py"))):
        print(f"\033[1;{next(_COLOURS)}m--- {path.relative_to(_SOURCES.parent)}\033[0m", flush=True)
        for line in path.read_text(encoding="utf-8").splitlines():
            if time.monotonic() >= stop_at:
                signal.pause()
            print(line[:108], flush=True)
            time.sleep(1 / _LINES_PER_SECOND)


if __name__ == "__main__":
    main()
