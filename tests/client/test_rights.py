from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.client.rights import HostRights
from wavry.rift import Denied, Right, RightsGranted

if TYPE_CHECKING:
    import pytest


def test_before_the_host_has_spoken_nothing_is_tried() -> None:
    rights = HostRights()
    assert rights.granted is None
    assert not rights.may_try(Right.KEYS)


def test_what_is_not_granted_is_tried_until_the_host_refuses_it() -> None:
    rights = HostRights()
    rights.message_received(RightsGranted(rights=("view", "pointer", "levitation")), now=0.0)
    assert rights.granted == frozenset({Right.VIEW, Right.POINTER})
    assert rights.may_try(Right.KEYS)
    rights.message_received(Denied(right="keys"), now=0.0)
    assert rights.denied == {Right.KEYS}
    assert not rights.may_try(Right.KEYS)
    assert rights.may_try(Right.POINTER)
    rights.message_received(RightsGranted(rights=("view", "keys")), now=0.0)
    assert not rights.denied
    assert rights.may_try(Right.KEYS)


def test_a_refusal_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    rights = HostRights()
    rights.message_received(RightsGranted(rights=("view",)), now=0.0)
    with caplog.at_level(logging.INFO):
        for right in ("keys", "keys", "pointer", "le\x1bvitation"):
            rights.message_received(Denied(right=right), now=0.0)
    keys, pointer, unknown = (record.getMessage() for record in caplog.records)
    assert keys == "the host does not let this client type"
    assert pointer == "the host does not let this client point"
    assert unknown.startswith("the host refuses this client le")
    assert "\x1b" not in unknown


def test_listeners_hear_of_every_change_and_of_the_end() -> None:
    rights = HostRights()
    heard: list[frozenset[Right] | None] = []
    rights.listen(lambda: heard.append(rights.granted))
    rights.message_received(RightsGranted(rights=("view",)), now=0.0)
    rights.ended()
    assert heard == [frozenset({Right.VIEW}), None]
