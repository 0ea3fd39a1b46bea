"""For all tests: an example may take as long as the machine needs, which is not what a test of ours is about."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("wavry", deadline=None)
settings.load_profile("wavry")


@pytest.fixture(autouse=True)
def _ordinary_scheduling() -> Iterator[None]:
    """Let no test leave this process before everything else of the machine: what it starts then would be too.

    A browser that runs so can stop a CPU for good.
    """
    before = os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else None
    yield
    if before is not None:
        assert os.sched_getscheduler(0) == before, "something in this process has taken real time"
