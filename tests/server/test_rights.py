from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from wavry.errors import ConfigError
from wavry.rift import Denied, Right, RightsGranted
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.arguments import read_arguments
from wavry.server.rights import ClientRights

if TYPE_CHECKING:
    from wavry.rift import Message


def test_a_right_that_is_missing_is_spoken_of_once_until_rights_change(caplog: pytest.LogCaptureFixture) -> None:
    said: list[Message] = []
    rights = ClientRights(frozenset({Right.VIEW}), said.append)
    rights.name = "a guest"
    with caplog.at_level(logging.WARNING):
        assert not any(rights.allows(Right.KEYS) for _ in range(3))
        assert rights.allows(Right.VIEW)
    assert said == [Denied(right="keys")]
    assert [record.getMessage() for record in caplog.records] == [
        "a guest has no right to keys; what it sends of that is ignored"
    ]
    rights.granted = frozenset({Right.VIEW, Right.POINTER})
    assert rights.allows(Right.POINTER)
    assert not rights.allows(Right.KEYS)
    assert said[1:] == [RightsGranted(rights=("pointer", "view")), Denied(right="keys")]


def test_the_command_line_grants_all_rights_unless_told() -> None:
    assert read_arguments([])[0].rights == ALL_RIGHTS
    assert read_arguments(["--rights", "view, pointer"])[0].rights == {Right.VIEW, Right.POINTER}


@pytest.mark.parametrize("text", ["", "keys", "view,everything"])
def test_rights_that_do_not_exist_or_leave_nothing_to_see_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--rights .*: allowed is .*view and any of audio, pointer"):
        read_arguments(["--rights", text])
