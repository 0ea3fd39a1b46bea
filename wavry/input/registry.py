"""Which ways there are to a host's hands, in order of preference, and how to open one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from wavry.backends import AUTO, Candidate, Opened, open_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.input.injector import Injector, OnRumble, PadInjector

OFF = "off"
"""Nobody's hands reach this machine."""

CANDIDATES = (
    Candidate(name="x11", target="wavry.input.x11:open_x11", platforms=("linux",)),
    Candidate(name="uinput", target="wavry.input.uinput:open_uinput", platforms=("linux",)),
    Candidate(name="pynput", target="wavry.input.pynput:open_pynput", platforms=("win32", "darwin")),
)
PAD_CANDIDATES = (Candidate(name="uinput", target="wavry.input.uinput_pads:open_pads", platforms=("linux",)),)


def input_names() -> tuple[str, ...]:
    """Return what `--input` takes."""
    return (AUTO, *(candidate.name for candidate in CANDIDATES), OFF)


def open_injector(
    *, wanted: str = AUTO, display: str | None = None, candidates: Sequence[Candidate] = CANDIDATES
) -> Opened[Injector]:
    """Open the first way to keys and pointer that works.

    Args:
        wanted: `auto`, or the name of the only one to try.
        display: The X display, where that counts; None for the DISPLAY variable.
        candidates: In order of preference; tests bring their own.

    Raises:
        NoBackendError: None does; its refusals say why.
    """

    def attempt(candidate: Candidate) -> Injector:
        return cast("Injector", candidate.load()(display))

    return open_first("way to press keys", candidates, attempt, wanted=wanted, flag="--input")


def open_pad_injector(on_rumble: OnRumble, *, candidates: Sequence[Candidate] = PAD_CANDIDATES) -> Opened[PadInjector]:
    """Open the first way to virtual game pads that works.

    Raises:
        NoBackendError: None does.
    """
    return open_first("virtual game pad", candidates, partial(_open_pads, on_rumble=on_rumble))


def _open_pads(candidate: Candidate, on_rumble: OnRumble) -> PadInjector:
    return cast("PadInjector", candidate.load()(on_rumble))
