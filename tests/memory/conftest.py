from __future__ import annotations

import pytest

from tests.support.storage import Clock, CountedStorage


@pytest.fixture
def storages() -> type[CountedStorage]:
    class Fresh(CountedStorage):
        open = 0

    return Fresh


@pytest.fixture
def clock() -> Clock:
    return Clock()
