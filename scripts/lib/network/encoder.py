"""Stands in for an encoder: units of plausible sizes whose every byte is known again on the other side."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from wavry.media import AccessUnit, UnitTimings

_SIZES = 1021
"""How many sizes there are before they repeat; prime, so that they don't repeat with the contents."""

_CONTENTS = 4093
"""How many different contents there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShape:
    """What is streamed."""

    fps: float = 60.0
    bitrate_bps: float = 20e6
    """Of frames that are no keyframes; those are larger."""

    variation: float = 0.3
    """Frames differ from the mean by at most this share, all sizes equally likely."""

    keyframe_factor: float = 3.0
    """A keyframe in multiples of a mean frame; with a short rate control buffer it is no larger."""


class PretendEncoder:
    """Makes the units of a stream, and knows what each must look like without keeping any.

    Args:
        shape: Sizes and rate.
        seed: Of sizes and contents.
    """

    def __init__(self, shape: StreamShape, *, seed: int | str) -> None:
        dice = Random(f"{seed} encoder")
        mean_bytes = shape.bitrate_bps / shape.fps / 8
        self._sizes = [
            max(16, round(mean_bytes * dice.uniform(1 - shape.variation, 1 + shape.variation))) for _ in range(_SIZES)
        ]
        self._keyframe_bytes = max(16, round(mean_bytes * shape.keyframe_factor))
        self._content = dice.randbytes(_CONTENTS + max(self._keyframe_bytes, *self._sizes))
        self._next_frame_id = 0

    def encode(self, *, keyframe: bool, now: float) -> AccessUnit:
        """Return the next unit, as of a picture captured now."""
        frame_id = self._next_frame_id
        self._next_frame_id += 1
        return AccessUnit(
            data=self._data_of(frame_id, keyframe=keyframe),
            is_keyframe=keyframe,
            frame_id=frame_id,
            epoch=0,
            capture_us=round(now * 1e6),
            timings=UnitTimings(),
        )

    @property
    def frames(self) -> int:
        """How many were made."""
        return self._next_frame_id

    def made(self, unit: AccessUnit) -> bool:
        """Whether a unit is, byte for byte, one of ours."""
        return (
            unit.epoch == 0
            and unit.frame_id < self._next_frame_id
            and unit.data == self._data_of(unit.frame_id, keyframe=unit.is_keyframe)
        )

    def _data_of(self, frame_id: int, *, keyframe: bool) -> bytes:
        size_bytes = self._keyframe_bytes if keyframe else self._sizes[frame_id % _SIZES]
        begin = frame_id % _CONTENTS
        return self._content[begin : begin + size_bytes]
