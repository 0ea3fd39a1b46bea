from __future__ import annotations

from typing import Any

import pytest
import xcffib
import xcffib.xproto

from tests.capture.helpers import open_descriptors
from tests.support.xserver import XServer
from wavry.xcb import connect


class Growing(dict[Any, Any]):
    """A table that another thread adds to while it is walked, some times."""

    def __init__(self, table: dict[Any, Any], times: int) -> None:
        super().__init__(table)
        self._times = times

    def items(self) -> Any:
        if self._times:
            self._times -= 1
            raise RuntimeError("dictionary changed size during iteration")
        return super().items()


def test_an_extension_that_is_imported_meanwhile_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    with XServer(64, 64) as server:
        before = open_descriptors()
        monkeypatch.setattr(xcffib, "extensions", Growing(xcffib.extensions, 3))
        connection = connect(server.display)
        assert open_descriptors() == before + 1
        assert connection.get_setup().roots
        connection.disconnect()
        monkeypatch.setattr(xcffib, "extensions", Growing(xcffib.extensions, 1000))
        with pytest.raises(xcffib.XcffibException, match="never came to rest"):
            connect(server.display)
        assert open_descriptors() == before


def test_a_server_that_is_not_there_leaves_nothing_behind() -> None:
    before = open_descriptors()
    with pytest.raises(xcffib.XcffibException):
        connect(":987")
    assert open_descriptors() == before
