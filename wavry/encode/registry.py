"""The encoders, in order of preference for each codec: hardware first, then software."""

from __future__ import annotations

import glob
import sys
from typing import TYPE_CHECKING

from wavry.backends import AUTO, Candidate, Opened, open_first
from wavry.errors import BackendUnavailableError
from wavry.media import Codec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wavry.encode.config import EncoderConfig
    from wavry.encode.encoder import VideoEncoder

_FAMILIES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("nvenc", ("linux", "win32"), "{codec}_nvenc"),
    ("vaapi", ("linux",), "{codec}_vaapi"),
    ("qsv", ("linux", "win32"), "{codec}_qsv"),
    ("amf", ("linux", "win32"), "{codec}_amf"),
    ("videotoolbox", ("darwin",), "{codec}_videotoolbox"),
    ("mediafoundation", ("win32",), "{codec}_mf"),
    ("v4l2", ("linux",), "{codec}_v4l2m2m"),
)
"""Name, platforms, FFmpeg's encoder name."""

_MISSING = frozenset({"av1_videotoolbox", "av1_mf", "av1_v4l2m2m"})
"""Combinations that FFmpeg does not have."""

_SOFTWARE = {Codec.H264: "libx264", Codec.HEVC: "libx265", Codec.AV1: "libsvtav1"}

_DEVICES = {
    "nvenc": ("/dev/nvidia*", "/dev/dxg"),
    "vaapi": ("/dev/dri/renderD*",),
    "qsv": ("/dev/dri/renderD*", "/dev/dxg"),
    "amf": ("/dev/dri/renderD*", "/dev/dxg"),
    "v4l2": ("/dev/video*",),
}
"""What each needs one of, on Linux. Looking first spares a machine without any 1.8 MB of libraries."""

_TARGET = "wavry.encode.encoder:VideoEncoder"


def encoder_names(codec: Codec) -> dict[str, str]:
    """Return what the user calls each encoder of a codec, and FFmpeg's name for it, in order of preference."""
    hardware = {name: pattern.format(codec=codec.value) for name, _, pattern in _FAMILIES}
    known = {name: encoder for name, encoder in hardware.items() if encoder not in _MISSING}
    return known | {_SOFTWARE[codec]: _SOFTWARE[codec]}


def candidates(codec: Codec) -> tuple[Candidate, ...]:
    """Return the encoders of a codec in order of preference."""
    names = encoder_names(codec)
    hardware = tuple(
        Candidate(name=name, target=_TARGET, platforms=platforms, is_hardware=True)
        for name, platforms, _ in _FAMILIES
        if name in names
    )
    return (*hardware, Candidate(name=_SOFTWARE[codec], target=_TARGET))


def open_encoder(
    config: EncoderConfig, *, wanted: str = AUTO, without: Mapping[str, str] | None = None
) -> Opened[VideoEncoder]:
    """Open the first encoder that takes a frame.

    Args:
        config: What it must do.
        wanted: A name of `encoder_names`, or `auto`.
        without: Names that have failed in this session, with their reasons; they are not tried again.

    Raises:
        ConfigError: `wanted` is no name of this codec's encoders.
        NoBackendError: None works.
    """
    names = encoder_names(config.codec)

    def open_candidate(candidate: Candidate) -> VideoEncoder:
        if without and candidate.name in without:
            raise BackendUnavailableError(candidate.name, without[candidate.name])
        _check_device(candidate.name)
        encoder = candidate.load()(candidate.name, names[candidate.name], config)
        return encoder  # type: ignore[return-value] # the target of all candidates is VideoEncoder

    kind = f"{config.codec.value} encoder"
    return open_first(kind, candidates(config.codec), open_candidate, wanted=wanted, flag="--encoder")


def _check_device(name: str) -> None:
    patterns = _DEVICES.get(name, ()) if sys.platform.startswith("linux") else ()
    if patterns and not any(glob.glob(pattern) for pattern in patterns):
        raise BackendUnavailableError(name, f"there is no {' and no '.join(patterns)}")
