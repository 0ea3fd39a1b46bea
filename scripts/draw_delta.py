#!/usr/bin/env python3
"""Writes `docs/delta.md` from the tables of the rate controller; a test compares them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rating.delta_page import page

if __name__ == "__main__":
    (Path(__file__).resolve().parents[1] / "docs" / "delta.md").write_text(page(), encoding="utf-8")
