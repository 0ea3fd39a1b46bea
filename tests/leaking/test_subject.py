"""The pipeline in a process of its own: a real host and a real client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaking.growth import NotMeasuredError
from leaking.pipeline import DONE, PAUSED
from leaking.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_the_pipeline_does_its_steps_and_waits_at_a_pause(tmp_path: Path) -> None:
    said: list[str] = []
    with Subject([], ["frames=3", "pause", "sessions=1"], tmp_path) as subject:
        for words in subject.reports():
            said.append(" ".join(words[:3]))
            if words[0] == PAUSED:
                subject.go_on()
    assert said == [f"{DONE} frames 3", PAUSED, f"{DONE} pause 0", f"{DONE} sessions 1"]


def test_a_pipeline_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with Subject([], ["dance=3"], tmp_path) as subject, pytest.raises(NotMeasuredError, match="frames=N"):
        list(subject.reports())
