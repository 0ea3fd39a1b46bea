from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.encode import options
from wavry.encode.config import EncoderConfig
from wavry.encode.cpu import cpu_flags
from wavry.media import Size

if TYPE_CHECKING:
    from pathlib import Path


def test_flags_are_those_of_the_first_processor(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512f\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert cpu_flags(told) == {"fpu", "avx2", "avx512f"}


def test_where_nobody_tells_there_are_none(tmp_path: Path) -> None:
    assert cpu_flags(tmp_path / "none") == frozenset()
    (tmp_path / "arm").write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert cpu_flags(tmp_path / "arm") == frozenset()


@pytest.mark.parametrize(("flags", "limited"), [({"avx2", "avx512f"}, True), ({"avx2"}, False), (set(), False)])
def test_x264_is_kept_from_avx_512_and_told_nothing_elsewhere(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], limited: bool
) -> None:
    monkeypatch.setattr(options, "cpu_flags", lambda: frozenset(flags))
    parameters = options.x264(EncoderConfig(size=Size(1280, 720)))["x264-params"].split(":")
    assert ("asm=AVX2" in parameters) is limited
