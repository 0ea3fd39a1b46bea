"""Which of PortAudio's devices to record, from its list as sounddevice gives it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wavry.capture.sound.config import MIC
from wavry.errors import BackendUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.capture.sound.config import SoundCaptureConfig
    from wavry.capture.sound.source import SoundSource

Device = Mapping[str, Any]

LOOPBACKS = (
    "[loopback]", "monitor of ", ".monitor", "loopback: pcm", "blackhole", "loopback audio", "soundflower",
    "cable output",
)  # fmt: skip
"""Parts of the names of what records what is played, in small letters: WASAPI's loopback (PortAudio marks it),
PulseAudio's monitors, ALSA's snd-aloop, and what people install on macOS and Windows."""

_ALSA_DEVICES = Path("/dev/snd")

_PULSE_PLUGIN = "pulse"
"""ALSA's way to a sound server; it records what PULSE_SOURCE names."""


def open_sounddevice(config: SoundCaptureConfig) -> SoundSource:
    """Record a device through PortAudio.

    Raises:
        BackendUnavailableError: There is no sounddevice or PortAudio, no such device, or it is in use.
    """
    if sys.platform == "linux" and not _ALSA_DEVICES.exists() and "PULSE_SOURCE" not in os.environ:
        raise BackendUnavailableError("sounddevice", f"there is no {_ALSA_DEVICES}")
    try:
        from wavry.capture.sound.portaudio import PortAudioSource
    except (ImportError, OSError) as error:
        raise BackendUnavailableError("sounddevice", str(error)) from error
    return PortAudioSource(config)


def choose_device(
    source: str, wanted: str | None, devices: Sequence[Device], defaults: tuple[int, int], pulse_source: str = ""
) -> int:
    """Return the number of the device to record.

    Args:
        source: `system` or `mic`.
        wanted: A name or a part of it; None for the default.
        devices: All there are.
        defaults: Numbers of the default input and output; -1 for none.
        pulse_source: What PULSE_SOURCE says.

    Raises:
        BackendUnavailableError: There is none. For `system` that includes every device which is not known to be a
            loopback: nobody who asked for what the machine plays wants the microphone instead.
    """
    inputs = [index for index, device in enumerate(devices) if device["max_input_channels"] > 0]
    if source == MIC:
        default = (
            [defaults[0]] if defaults[0] in inputs and not _is_loopback(devices[defaults[0]], pulse_source) else []
        )
        found = default if wanted is None else _named(inputs, devices, wanted)
        if not found:
            raise BackendUnavailableError("sounddevice", f"there is no microphone{_called(wanted)}")
        return found[0]
    loopbacks = [index for index in inputs if _is_loopback(devices[index], pulse_source)]
    output = devices[defaults[1]]["name"] if 0 <= defaults[1] < len(devices) else ""
    found = _named(loopbacks, devices, output if wanted is None else wanted)
    if wanted is None:
        found += loopbacks
    if not found:
        raise BackendUnavailableError("sounddevice", f"there is no loopback device{_called(wanted)}")
    return found[0]


def _is_loopback(device: Device, pulse_source: str) -> bool:
    name = device["name"].lower()
    if name == _PULSE_PLUGIN:
        return pulse_source == "@DEFAULT_MONITOR@" or pulse_source.endswith(".monitor")
    return any(part in name for part in LOOPBACKS)


def _named(indices: Sequence[int], devices: Sequence[Device], name: str) -> list[int]:
    """Return those of the name, those first that have no other letters in it; none for an empty name."""
    exact = [index for index in indices if devices[index]["name"] == name]
    return exact + [index for index in indices if name and name.lower() in devices[index]["name"].lower()]


def _called(wanted: str | None) -> str:
    return "" if wanted is None else f" called {wanted}"
