"""Files of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.web.static import StaticFolder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    page = tmp_path / "page"
    (page / "inner").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "inner" / "code.js").write_text("export {};")
    (page / "secret.pem").write_text("key")
    (page / "__init__.py").write_text("")
    (tmp_path / "outside.js").write_text("no")
    (page / "link.js").symlink_to(tmp_path / "outside.js")
    return page


def test_files_have_their_types_and_a_folder_has_its_index(folder: Path) -> None:
    made = StaticFolder(folder)
    for path, kind in (("/", "text/html"), ("/index.html", "text/html"), ("/inner/code.js", "text/javascript")):
        found = made.open(path)
        assert found is not None
        with found.file:
            assert found.content_type == kind
            assert len(found.file.read()) == found.size_bytes


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.js", "/inner/../../outside.js", "//index.html", "/inner/", "/secret.pem", "/__init__.py",
        "/link.js", "index.html", "", "/%2e%2e/outside.js", "/inner/code.js/", "/inner\\code.js", "/index.html\0",
    ],
)  # fmt: skip
def test_nothing_else_is_there(folder: Path, path: str) -> None:
    assert StaticFolder(folder).open(path) is None


def test_a_changed_file_has_another_tag_and_one_that_has_gone_is_not_there(folder: Path) -> None:
    made = StaticFolder(folder)
    tags = []
    for text in ("one", "another"):
        (folder / "index.html").write_text(text)
        found = made.open("/")
        assert found is not None
        found.file.close()
        tags.append(found.etag)
    assert len(set(tags)) == 2
    (folder / "index.html").unlink()
    assert made.open("/") is None
