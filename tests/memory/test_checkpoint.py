from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.memory import checkpoint, set_checkpoint_recorder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_recorder_afterwards() -> Iterator[None]:
    yield
    set_checkpoint_recorder(None)


def test_nobody_is_told_when_nobody_listens() -> None:
    names: list[str] = []
    set_checkpoint_recorder(names.append)
    set_checkpoint_recorder(None)
    checkpoint("capture_frame_acquired")
    assert names == []


def test_the_recorder_is_told_every_name_in_order() -> None:
    names: list[str] = []
    set_checkpoint_recorder(names.append)
    checkpoint("capture_frame_acquired")
    checkpoint("encode_output_ready")
    assert names == ["capture_frame_acquired", "encode_output_ready"]


def test_a_recorder_may_take_itself_away() -> None:
    names: list[str] = []

    def record(name: str) -> None:
        names.append(name)
        set_checkpoint_recorder(None)

    set_checkpoint_recorder(record)
    checkpoint("a")
    checkpoint("b")
    assert names == ["a"]


def test_a_recorder_that_raises_is_not_hidden() -> None:
    def record(name: str) -> None:
        raise RuntimeError(name)

    set_checkpoint_recorder(record)
    with pytest.raises(RuntimeError, match="capture_frame_acquired"):
        checkpoint("capture_frame_acquired")
