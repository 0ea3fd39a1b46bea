"""Which sources there are, in order of preference, and how to open one.

A new screen capture is one file with an opener, and one line here. "Works" means that a frame was really grabbed: a
connection that opens but gives no picture is a refusal like any other.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from wavry.backends import AUTO, Candidate, Opened, open_first
from wavry.capture.config import SCREEN, TESTCARD
from wavry.errors import BackendUnavailableError, CaptureLostError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.capture.area import Monitor
    from wavry.capture.config import CaptureConfig
    from wavry.capture.source import FrameSource

SCREEN_CANDIDATES = (
    Candidate(name="x11", target="wavry.capture.x11:open_x11", platforms=("linux",)),
    Candidate(name="mss", target="wavry.capture.mss_source:open_mss"),
)
TESTCARD_CANDIDATES = (Candidate(name="testcard", target="wavry.capture.testcard:open_testcard"),)
FILE_CANDIDATES = (Candidate(name="file", target="wavry.capture.file:open_file"),)
MONITOR_CANDIDATES = (
    Candidate(name="x11", target="wavry.capture.x11:list_x11_monitors", platforms=("linux",)),
    Candidate(name="mss", target="wavry.capture.mss_source:list_mss_monitors"),
)

FIRST_FRAME_TIMEOUT_S = 2.0
"""A screen that gives no picture for this long counts as not working; a grab takes 1 to 40 ms."""


def open_source(
    config: CaptureConfig, *, screen_candidates: Sequence[Candidate] = SCREEN_CANDIDATES
) -> Opened[FrameSource]:
    """Open what `config` names.

    Args:
        config: What to capture.
        screen_candidates: Screen captures in order of preference; tests bring their own.

    Returns:
        The source, owned by the caller, and who refused before it. Its first frame is a whole one.

    Raises:
        ConfigError: A monitor, region, backend or file that does not exist.
        NoBackendError: There is no screen that can be captured; its refusals say why.
    """
    if config.source == SCREEN:
        opener = partial(_open_screen, config=config)
        return open_first("screen capture", screen_candidates, opener, wanted=config.backend, flag="--capture")
    candidates = TESTCARD_CANDIDATES if config.source == TESTCARD else FILE_CANDIDATES
    return open_first(f"{candidates[0].name} source", candidates, partial(_open, config=config))


def list_monitors(display: str | None = None, *, backend: str = AUTO) -> tuple[Monitor, ...]:
    """Return the monitors of the screen, by the numbers that `--monitor` takes.

    Raises:
        NoBackendError: There is no screen that can be captured.
    """

    def ask(candidate: Candidate) -> tuple[Monitor, ...]:
        return cast("tuple[Monitor, ...]", candidate.load()(display))

    return open_first("list of monitors", MONITOR_CANDIDATES, ask, wanted=backend, flag="--capture").backend


def _open(candidate: Candidate, config: CaptureConfig) -> FrameSource:
    return cast("FrameSource", candidate.load()(config))


def _open_screen(candidate: Candidate, config: CaptureConfig) -> FrameSource:
    """Open a screen capture and have it prove itself with one frame."""
    source = _open(candidate, config)
    try:
        frame = source.next_frame(FIRST_FRAME_TIMEOUT_S)
        if frame is None:
            raise BackendUnavailableError(candidate.name, f"gave no picture within {FIRST_FRAME_TIMEOUT_S} s")
    except CaptureLostError as error:
        source.close()
        raise BackendUnavailableError(candidate.name, error.reason) from error
    except BaseException:
        source.close()
        raise
    frame.release()
    source.request_full_frame()
    return source
