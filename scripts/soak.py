#!/usr/bin/env python3
"""Streams for a long time and says whether memory grows. `scripts/soak.py --help` explains.

The parts are in `scripts/lib/soaking`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # tests.support has a screen

from soaking.run import main

if __name__ == "__main__":  # the virtual soak starts a process that imports this again
    sys.exit(main())
