from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.capture.helpers import open_descriptors
from wavry.backends import Candidate
from wavry.capture import CaptureConfig, list_monitors, open_source
from wavry.errors import BackendUnavailableError, CaptureLostError, ConfigError, NoBackendError

if TYPE_CHECKING:
    from tests.support.xserver import XServer
    from wavry.media import Frame


class SilentSource:
    """Opens well and gives no picture."""

    closed = 0

    def __init__(self, config: CaptureConfig) -> None:
        self.error = CaptureLostError("silent", config.display) if config.display else None

    def next_frame(self, timeout: float) -> Frame | None:
        if self.error:
            raise self.error
        return None

    def close(self) -> None:
        SilentSource.closed += 1


SILENT = Candidate(name="silent", target=f"{__name__}:SilentSource")
MISSING = Candidate(name="missing", target="wavry.capture.not_there:open_it")


def test_x11_comes_first(xserver: XServer) -> None:
    opened = open_source(CaptureConfig(display=xserver.display))
    assert (opened.name, opened.refusals) == ("x11", ())
    opened.backend.close()


def test_named_backend_is_the_only_one_tried(xserver: XServer) -> None:
    opened = open_source(CaptureConfig(display=xserver.display, backend="mss"))
    assert opened.name == opened.backend.name == "mss"
    opened.backend.close()


def test_unknown_backend_is_refused_with_the_list() -> None:
    with pytest.raises(ConfigError, match="--capture gdi: allowed is auto, x11, mss"):
        open_source(CaptureConfig(backend="gdi"))


def test_without_a_display_every_candidate_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    before = open_descriptors()
    with pytest.raises(NoBackendError) as caught:
        open_source(CaptureConfig())
    assert [refusal.name for refusal in caught.value.refusals] == ["x11", "mss"]
    assert "x11: DISPLAY is not set; mss: " in str(caught.value)
    assert open_descriptors() == before


def test_display_that_is_not_there_is_named() -> None:
    with pytest.raises(NoBackendError, match="x11: cannot connect to X display :4711"):
        open_source(CaptureConfig(display=":4711"))


def test_monitors_of_no_display_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(NoBackendError, match="DISPLAY is not set"):
        list_monitors()


def test_source_that_gives_no_picture_is_a_refusal_and_closed() -> None:
    closed = SilentSource.closed
    with pytest.raises(NoBackendError, match=r"missing: .*; silent: gave no picture"):
        open_source(CaptureConfig(), screen_candidates=[MISSING, SILENT])
    with pytest.raises(NoBackendError, match="silent: broken"):
        open_source(CaptureConfig(display="broken"), screen_candidates=[SILENT])
    assert SilentSource.closed == closed + 2


def test_refusals_before_the_one_that_works_are_kept(xserver: XServer) -> None:
    mss = Candidate(name="mss", target="wavry.capture.mss_source:open_mss")
    opened = open_source(CaptureConfig(display=xserver.display), screen_candidates=[SILENT, mss])
    assert opened.name == "mss"
    assert isinstance(opened.refusals[0], BackendUnavailableError)
    opened.backend.close()


def test_importing_the_package_loads_no_backend() -> None:
    code = "import sys, wavry.capture; sys.exit(bool({'xcffib', 'mss', 'av', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
