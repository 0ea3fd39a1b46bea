from __future__ import annotations

import os
import sys
import threading

import pytest

from wavry.pipeline.priority import ask_for_priority


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness of their own")
def test_only_the_thread_that_asks_gets_another_niceness() -> None:
    found: list[tuple[bool, int]] = []

    def ask() -> None:
        agreed = ask_for_priority(niceness=7)
        found.append((agreed, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [(True, 7)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_a_refusal_is_an_answer_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    assert not ask_for_priority()
