#!/usr/bin/env python3
"""Streams for a long time and says whether memory grows. `scripts/soak.py --help` explains.

The parts are in `scripts/lib/soaking`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from soaking.run import main

sys.exit(main())
