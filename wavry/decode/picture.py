"""What goes into the decode stage and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

    from wavry.media import AccessUnit, Codec, Size


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """How the access units of an epoch are coded; the first of them is a keyframe."""

    epoch: int
    codec: Codec
    size: Size


@dataclass(slots=True)
class ReceivedUnit:
    """An access unit with its time of arrival."""

    unit: AccessUnit
    stream: StreamFormat
    """Of the unit's epoch, so that no message about it can get lost on the way to whoever needs it."""

    received_us: int
    """When it was whole: microseconds on this side's monotonic clock."""

    released_us: int
    """When it was handed on, after the hold that uneven arrival calls for."""

    @property
    def size_bytes(self) -> int:
        """Bytes of the access unit."""
        return len(self.unit.data)


@dataclass(slots=True)
class Picture:
    """A decoded picture and where its milliseconds went."""

    frame: av.VideoFrame
    """YUV 4:2:0, BT.709, limited range; its pixels belong to the decoder's pool while it lives. Read only."""

    received: ReceivedUnit
    decoded_us: int
    """When it was decoded, on the clock of `ReceivedUnit.received_us`."""

    @property
    def size_bytes(self) -> int:
        """Bytes of its planes, about."""
        return self.frame.width * self.frame.height * 3 // 2
