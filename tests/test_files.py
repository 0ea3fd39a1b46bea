from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.errors import ConfigError
from wavry.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_holds_what_was_written_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_bytes(b"the one before, which is longer")
    write_whole(path, b"new", flag="--stats-json")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_one_before_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stats.json"
    path.write_bytes(b"before")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(ConfigError, match=r"--stats-json .*No space left on device"):
        write_whole(path, b"new", flag="--stats-json")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_in_the_way_is_refused_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.mkdir()
    with pytest.raises(ConfigError, match="--stats-json"):
        write_whole(path, b"new", flag="--stats-json")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["missing/stats.json", "n" * 255])
def test_a_name_that_can_not_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--stats-json"):
        write_whole(tmp_path / name, b"new", flag="--stats-json")
    assert list(tmp_path.iterdir()) == []
