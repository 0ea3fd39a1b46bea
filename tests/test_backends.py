from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from wavry.backends import Candidate, open_first
from wavry.errors import BackendUnavailableError, ConfigError, NoBackendError

if TYPE_CHECKING:
    from pathlib import Path

HERE, ELSEWHERE = sys.platform, "amiga"
CANDIDATES = (
    Candidate(name="first", target="json:loads"),
    Candidate(name="second", target="json:dumps"),
    Candidate(name="third", target="json:load"),
)


def open_unless(*refusing: str, tried: list[str] | None = None) -> object:
    def open_candidate(candidate: Candidate) -> str:
        if tried is not None:
            tried.append(candidate.name)
        if candidate.name in refusing:
            raise BackendUnavailableError(candidate.name, f"no {candidate.name} here")
        return candidate.name.upper()

    return open_candidate


def test_the_first_that_works_is_opened_and_the_rest_not_tried() -> None:
    tried: list[str] = []
    opened = open_first("thing", CANDIDATES, open_unless("first", tried=tried))  # type: ignore[arg-type, var-annotated]
    assert (opened.backend, opened.name) == ("SECOND", "second")
    assert [str(refusal) for refusal in opened.refusals] == ["first: no first here"]
    assert tried == ["first", "second"]


def test_one_asked_for_by_name_is_the_only_one_tried() -> None:
    tried: list[str] = []
    with pytest.raises(NoBackendError, match=r"no thing runs on this machine \(second: no second here\)"):
        open_first("thing", CANDIDATES, open_unless("second", tried=tried), wanted="second")  # type: ignore[arg-type]
    assert tried == ["second"]


def test_when_all_refuse_the_message_names_each_with_its_reason() -> None:
    with pytest.raises(NoBackendError) as caught:
        open_first("thing", CANDIDATES, open_unless("first", "second", "third"))  # type: ignore[arg-type]
    assert str(caught.value) == (
        "no thing runs on this machine (first: no first here; second: no second here; third: no third here)"
    )


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"--thing fourth: allowed is auto, first, second, third"):
        open_first("thing", CANDIDATES, open_unless(), wanted="fourth", flag="--thing")  # type: ignore[arg-type]


def test_without_candidates_the_message_says_so() -> None:
    with pytest.raises(NoBackendError, match="none is known on this platform"):
        open_first("thing", (), open_unless())  # type: ignore[arg-type]


def test_an_error_of_another_kind_is_not_taken_for_a_refusal() -> None:
    def fail(candidate: Candidate) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        open_first("thing", CANDIDATES, fail)


def test_a_candidate_of_another_platform_refuses_without_an_import() -> None:
    with pytest.raises(BackendUnavailableError, match=f"x: not on {HERE}"):
        Candidate(name="x", target="no_such_module:opener", platforms=(ELSEWHERE,)).load()


def test_a_module_that_is_missing_is_a_refusal() -> None:
    with pytest.raises(BackendUnavailableError, match="x: No module named 'no_such_module'"):
        Candidate(name="x", target="no_such_module:opener", platforms=(HERE,)).load()


def test_a_system_library_that_is_missing_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_a_library.py").write_text("import ctypes\nctypes.CDLL('libno-such-library.so.9')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendUnavailableError, match="libno-such-library"):
        Candidate(name="x", target="needs_a_library:opener").load()


def test_a_module_is_imported_only_when_its_candidate_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lazy_backend.py").write_text("def opener():\n    return 'open'\n")
    monkeypatch.syspath_prepend(tmp_path)
    candidate = Candidate(name="x", target="lazy_backend:opener")
    assert "lazy_backend" not in sys.modules
    assert candidate.load()() == "open"
