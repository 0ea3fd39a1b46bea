"""A coded picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Codec(Enum):
    """Video codecs; the value is what `--codec` and the wire say."""

    H264 = "h264"
    HEVC = "hevc"
    AV1 = "av1"


@dataclass(slots=True)
class UnitTimings:
    """Where the host's milliseconds of one picture went, in microseconds after `AccessUnit.capture_us`."""

    captured_us: int = 0
    """The frame was whole in its buffer."""

    encode_started_us: int = 0
    """An encoder took it; the difference to `captured_us` is waiting."""

    encoded_us: int = 0
    """The access unit was ready to be sent."""


@dataclass(slots=True)
class AccessUnit:
    """All bytes of one coded picture (H.264 and HEVC: Annex B; AV1: one temporal unit)."""

    data: bytes
    """Owned, immutable; may be shared by several viewers."""

    is_keyframe: bool
    """Decodable alone: an IDR with its parameter sets."""

    frame_id: int
    """Counts coded pictures of one epoch, modulo 2**32; no gap unless a unit was given up."""

    epoch: int
    """Which stream configuration it belongs to, modulo 256. The first unit of an epoch is a keyframe."""

    capture_us: int
    """When the picture was on the screen: microseconds on the host's monotonic clock."""

    timings: UnitTimings
