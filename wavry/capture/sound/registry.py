"""Which ways there are to sound, in order of preference, and how to open one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from wavry.backends import Candidate, Opened, open_first
from wavry.capture.sound.config import TONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.capture.sound.config import SoundCaptureConfig
    from wavry.capture.sound.source import SoundSource

DEVICE_CANDIDATES = (
    Candidate(name="pulse", target="wavry.capture.sound.pulse:open_pulse", platforms=("linux",)),
    Candidate(name="sounddevice", target="wavry.capture.sound.devices:open_sounddevice"),
)
TONE_CANDIDATES = (Candidate(name="tone", target="wavry.capture.sound.tone:open_tone"),)


def open_sound(
    config: SoundCaptureConfig, *, device_candidates: Sequence[Candidate] = DEVICE_CANDIDATES
) -> Opened[SoundSource]:
    """Open what `config` names; `off` is nothing that can be opened.

    Args:
        config: What to capture.
        device_candidates: Ways to devices in order of preference; tests bring their own.

    Returns:
        The source, owned by the caller, and who refused before it.

    Raises:
        NoBackendError: There is no such device, or no way to it; its refusals say why.
    """
    candidates = TONE_CANDIDATES if config.source == TONE else device_candidates
    return open_first("sound capture", candidates, partial(_open, config=config))


def _open(candidate: Candidate, config: SoundCaptureConfig) -> SoundSource:
    return cast("SoundSource", candidate.load()(config))
