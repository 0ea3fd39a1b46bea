"""For all tests: an example may take as long as the machine needs, which is not what a test of ours is about."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("wavry", deadline=None)
settings.load_profile("wavry")
