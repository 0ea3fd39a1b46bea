#!/usr/bin/env python3
"""Hunts for leaks with memray and valgrind, and sets both up where they are not. `scripts/leaks.py --help` explains.

The parts are in `scripts/lib/leaking`.
"""

import os
import sys
from pathlib import Path

_TOP = Path(__file__).resolve().parents[1]
_LIB = _TOP / "scripts" / "lib"


def main() -> int:
    """Hunt, in this checkout's own environment."""
    if Path(sys.prefix) != _TOP / ".venv":
        set_up = str(_LIB / "leaking" / "set-up")
        os.execv(set_up, [set_up, *sys.argv[1:]])
    sys.path.insert(0, str(_LIB))
    from leaking.run import main as hunt

    return hunt()


if __name__ == "__main__":
    sys.exit(main())
