from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from wavry.browser import FILES

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = sorted(FILES.rglob("*.wat"))


def test_what_is_compiled_has_its_source() -> None:
    assert SOURCES
    assert [path.with_suffix(".wasm") for path in SOURCES] == sorted(FILES.rglob("*.wasm"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_what_a_browser_gets_is_its_source_compiled(source: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "compiled.wasm"
    subprocess.run(["wat2wasm", source, "-o", compiled], check=True)
    assert compiled.read_bytes() == source.with_suffix(".wasm").read_bytes()
