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
def ordinary_scheduling() -> Iterator[None]:
    """Leave no test, and none of its programs, before everything else of the machine.

    A library may ask for real time in this process; browsers that inherit it, as root, can stop a CPU for good.
    """
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
