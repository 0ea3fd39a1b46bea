"""Examples are traced for memory here, which a slow machine may not do within Hypothesis's 200 ms."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("rift", deadline=None)
settings.load_profile("rift")
